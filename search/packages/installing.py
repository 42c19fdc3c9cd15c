"""Commands that install missing packages, in the way this installation of Limn needs."""

import importlib.util
import os
import shutil
import sys
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

# The command that Limn's distribution puts on the path, by which the distribution is found.
COMMAND, MAIN = "limn", "search.cli:main"


def install_extra(extra: str) -> str:
    """Return the command that adds an extra to this installation."""
    checkout, package = Path(__file__).parents[2], distribution()
    if package is None or (checkout / "pyproject.toml").is_file():  # it is installed in place
        return install("-e", f"{checkout}[{extra}]")
    return install(f"{package.name}[{extra}]")


def install(*what: str) -> str:
    """Return the command that installs packages into Limn's environment, by its installer."""
    words = " ".join(word if word.startswith("-") else _quote(word) for word in what)
    return f"{_installer()} {words}"


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
    return next(
        (package for package in ours if package.read_text("RECORD")), next(iter(ours), None)
    )


def _installer() -> str:
    environment = Path(sys.prefix)
    if (environment / "pipx_metadata.json").is_file():
        return f"pipx runpip {environment.name} install"
    if importlib.util.find_spec("pip") is None:  # uv's environments and its tools have none
        return f"uv pip install --python {_quote(sys.executable)}"
    python = shutil.which("python")
    is_python = python is not None and os.path.abspath(python) == os.path.abspath(sys.executable)
    return f"{'python' if is_python else _program(sys.executable)} -m pip install"


def _program(path: str) -> str:
    return path if path.isascii() and not set(path) & set(" \"'$`\\()&;") else _quote(path)


def _quote(text: str) -> str:
    """Quote a text for the shells of all systems: brackets are patterns in some."""
    return (
        '"'
        + "".join(f"\\{character}" if character in '"$`' else character for character in text)
        + '"'
    )
