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
    checkout, found = Path(__file__).parents[2], distribution()
    if found is None or (checkout / "pyproject.toml").is_file():  # it is installed in place
        return install("-e", f"{checkout}[{extra}]")
    return install(f"{found.name}[{extra}]")


def install(*what: str) -> str:
    """Return the command that installs packages into Limn's environment, by its installer."""
    quoted = " ".join(each if each.startswith("-") else _quoted(each) for each in what)
    return f"{_installer()} {quoted}"


def version() -> str:
    """Return the version of this installation."""
    found = distribution()
    return "not installed" if found is None else found.version


@cache
def distribution() -> Distribution | None:
    """Return the distribution that provides the command, or None where it was never installed.

    Its name is in pyproject.toml alone: another project on PyPI is named `limn`.
    """
    ours = [
        each
        for each in distributions()
        if MAIN in (point.value for point in each.entry_points.select(name=COMMAND))
    ]
    # A build leaves its egg-info in the checkout, which is no installation and has no RECORD.
    return next((each for each in ours if each.read_text("RECORD")), next(iter(ours), None))


def _installer() -> str:
    environment = Path(sys.prefix)
    if (environment / "pipx_metadata.json").is_file():
        return f"pipx runpip {environment.name} install"
    if importlib.util.find_spec("pip") is None:  # uv's environments and its tools have none
        return f"uv pip install --python {_quoted(sys.executable)}"
    python = shutil.which("python")
    named = python is not None and os.path.abspath(python) == os.path.abspath(sys.executable)
    return f"{'python' if named else _program(sys.executable)} -m pip install"


def _program(path: str) -> str:
    return path if path.isascii() and not set(path) & set(" \"'$`\\()&;") else _quoted(path)


def _quoted(text: str) -> str:
    """Quote a text for the shells of all systems: brackets are patterns in some."""
    return '"' + "".join(f"\\{each}" if each in '"$`' else each for each in text) + '"'
