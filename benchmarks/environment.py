"""Installs the project and each of its extras into fresh environments; prints times and sizes.

    python -m benchmarks.environment [--project FOLDER] [--extra clip ...] [--gpu]

Each is installed twice by uv: the first time fills the package cache, the second is timed.
"""

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import click

UV = str(Path(sys.executable).with_name("uv"))
NOT_FOR_USERS = ("test", "bench")


def install(project: Path, extra: str, folder: Path, gpu: bool) -> float:
    """Install the project with an extra into a new environment; return the seconds it took."""
    environment = {**os.environ, "LIMN_GPU": "1" if gpu else "0"}
    wanted = f"{project}[{extra}]" if extra else str(project)
    began_s = time.monotonic()
    for command in (
        (UV, "venv", "--quiet", "--python", sys.executable, str(folder)),
        (UV, "pip", "install", "--quiet", "--python", str(folder), wanted),
    ):
        subprocess.run(command, env=environment, check=True)
    return time.monotonic() - began_s


def size_bytes(folder: Path) -> int:
    """Return the size of the files below a folder; links are not followed."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


@click.command()
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="A checkout.")
@click.option("--extra", "extras", multiple=True, help="Only this one; may be repeated.")
@click.option("--gpu", is_flag=True, help="The build for an NVIDIA GPU.")
def main(project: Path, extras: tuple[str, ...], gpu: bool) -> None:
    """Print a line for the plain project, and for each extra that users install."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)["project"]["optional-dependencies"]
    chosen = extras or ("", *(name for name in known if name not in NOT_FOR_USERS))
    for extra in chosen:
        with tempfile.TemporaryDirectory() as scratch:
            install(project.absolute(), extra, Path(scratch) / "first", gpu)
            took_s = install(project.absolute(), extra, Path(scratch) / "second", gpu)
            size = size_bytes(Path(scratch) / "second")
        click.echo(f"{extra or 'plain'}: {size / 1e6:,.0f} MB, {took_s:.1f} s")


if __name__ == "__main__":
    main()
