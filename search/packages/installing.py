"""Commands that install missing packages, in the way this installation of Limn needs."""

import importlib.util
import os
import re
import shutil
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from search.errors import BadSetting

# The command that Limn's distribution puts on the path, by which the distribution is found.
COMMAND, MAIN = "limn", "search.cli:main"


BUILDS = {
    "faiss": ("faiss-cpu", "faiss-gpu", "faiss-gpu-cuvs", "faiss-gpu-cu12", "faiss-gpu-cu11"),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"),
}
"""Distributions that install the same module, each over the files of the others."""


@cache
def check_one_build(module: str) -> None:
    """Refuse a module of which two builds are installed: their files are mixed.

    Raises:
        BadSetting: two are; the message has the command that leaves one.
    """
    names = _installed_names()
    builds = [name for name in BUILDS[module] if name in names]
    if len(builds) < 2:
        return
    wanted = next((name for name in builds if "gpu" in name), builds[0])
    raise BadSetting(
        "two-builds",
        "{builds} are both installed, and each overwrites the other's files; keep one: "
        "{uninstall} && {install}",
        builds=" and ".join(builds),
        uninstall=uninstall(*builds),
        install=install(wanted),
    )


def install_extra(extra: str) -> str:
    """Return the command that adds an extra to this installation."""
    checkout, package = Path(__file__).parents[2], distribution()
    build = "LIMN_GPU=1 " if _is_for_a_gpu(package) else ""  # else pip adds the CPU's builds
    if package is None or (checkout / "pyproject.toml").is_file():  # it is installed in place
        return build + install("-e", f"{checkout}[{extra}]")
    return build + install(f"{package.name}[{extra}]")


def install(*what: str) -> str:
    """Return the command that installs packages into Limn's environment, by its installer."""
    packages = (word if word.startswith("-") else _quote(word) for word in what)
    return " ".join([_typed(*_installer("install")), *packages])


def uninstall(*packages: str) -> str:
    """Return the command that removes packages from Limn's environment, by its installer."""
    program, *arguments = _installer("uninstall")
    confirmed = () if program == "uv" else ("-y",)  # uv asks no question
    return _typed(program, *arguments, *confirmed, *packages)


def install_into(folder: str, package: str) -> list[str]:
    """Return the arguments that install a package alone, without dependencies, into a folder."""
    return [*_installer("install"), "--quiet", "--no-deps", "--target", folder, package]


def version() -> str:
    """Return the version of this installation."""
    package = distribution()
    return "not installed" if package is None else package.version


@cache
def distribution() -> Distribution | None:
    """Return the distribution that provides the command, or None where it was never installed.

    Its name is in pyproject.toml alone: another project on PyPI is named `limn`.
    """
    ours = [
        package
        for package in distributions()
        if MAIN in (point.value for point in package.entry_points.select(name=COMMAND))
    ]
    # A build leaves its egg-info in the checkout, which is no installation and has no RECORD.
    installed = (package for package in ours if package.read_text("RECORD"))
    return next(installed, next(iter(ours), None))


def _installed_names() -> set[str]:
    """Return the names of all installed distributions, by their folders: importlib takes 9 ms."""
    folders = set[str]()
    for path in dict.fromkeys(sys.path):
        with suppress(OSError):  # an entry need not be a folder
            folders.update(os.listdir(path))  # noqa: PTH208  # names alone
    names = (name.partition("-")[0] for name in folders if name.endswith(".dist-info"))
    return {name.replace("_", "-") for name in names}


def _is_for_a_gpu(limn: Distribution | None) -> bool:
    requirements = (limn.requires or ()) if limn is not None else ()
    return any(text.startswith("onnxruntime-gpu") for text in requirements)


def _installer(action: str) -> tuple[str, ...]:
    """Return the arguments of the installer that made this environment, up to the packages."""
    environment = Path(sys.prefix)
    if (environment / "pipx_metadata.json").is_file():
        return "pipx", "runpip", environment.name, action
    if importlib.util.find_spec("pip") is None:  # uv's environments and its tools have none
        return "uv", "pip", action, "--python", sys.executable
    return sys.executable, "-m", "pip", action


def _typed(program: str, *arguments: str) -> str:
    """Return a command as a person types it: `python` where the shell finds this interpreter."""
    named = shutil.which("python")
    if named and os.path.abspath(named) == os.path.abspath(program):
        program = "python"
    return " ".join(map(_plain, (program, *arguments)))


def _plain(text: str) -> str:
    return text if text.isascii() and not set(text) & set(" \"'$`\\()&;") else _quote(text)


def _quote(text: str) -> str:
    """Quote a text for the shells of all systems: brackets are patterns in some."""
    return '"' + re.sub(r'["$`]', r"\\\g<0>", text) + '"'
