"""Memory freed by training stays with its process: the kernel maps no page twice."""

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource, sys
import numpy as np
from search.malloc import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def step():
    for _ in range(4):
        np.ones(64 << 20, np.uint8)  # over what glibc would keep by itself
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is told")
def test_a_block_taken_again_is_not_mapped_again() -> None:
    faults = {
        how: int(subprocess.check_output([sys.executable, "-c", STEPS, how]))
        for how in ("kept", "")
    }
    assert faults["kept"] < 100 < faults[""]
