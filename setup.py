"""The dependencies of this build of Limn: for a CPU, or with LIMN_GPU=1 for an NVIDIA GPU.

An extra can only add packages. faiss-gpu and onnxruntime-gpu install the same files as their CPU
builds, so they must replace them.
"""

import os
from pathlib import Path

from setuptools import setup


def read(name: str) -> list[str]:
    """Return the requirements of a file, without comments."""
    lines = Path(__file__).with_name("requirements").joinpath(name).read_text("utf-8").splitlines()
    return [text for line in lines if (text := line.partition("#")[0].strip())]


gpu = os.environ.get("LIMN_GPU", "0") not in ("", "0")
setup(install_requires=read("base.txt") + read("gpu.txt" if gpu else "cpu.txt"))
