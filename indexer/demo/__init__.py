"""The demo: photographs that ship in two Python packages, with captions of our own."""

import csv
import filecmp
import importlib.util
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from search.errors import BadSource, StorageFailed
from search.files.atomic_file import atomic_path, write_atomic
from search.packages.installing import install, install_into

DEMO_QUERIES = ("a cat with green eyes", "a rocket before its launch", "湖边的宝塔")
"""Three searches that these pictures have an answer to; the third is "a pagoda by the lake"."""


@dataclass(frozen=True, slots=True)
class PicturePackage:
    """A package on PyPI with photographs: its name, their folder in it, and their names."""

    name: str
    folder: Path
    pictures: tuple[str, ...]


# Photographs alone: no test patterns, drawings or microscopy. Nothing else of these packages is
# used, and installed with their dependencies they would take 300 MB.
PACKAGES = (
    PicturePackage(
        "scikit-image",
        Path("skimage", "data"),
        (
            "astronaut.png",
            "brick.png",
            "camera.png",
            "chelsea.png",
            "coffee.png",
            "coins.png",
            "grass.png",
            "gravel.png",
            "hubble_deep_field.jpg",
            "moon.png",
            "motorcycle_left.png",
            "page.png",
            "rocket.jpg",
            "text.png",
        ),
    ),
    PicturePackage(
        "scikit-learn", Path("sklearn", "datasets", "images"), ("china.jpg", "flower.jpg")
    ),
)

CAPTIONS = Path(__file__).with_name("captions.csv")


def collect_demo(folder: Path) -> Path:
    """Copy the demo's pictures and their captions.csv into `folder`, and return it.

    A package that is not installed is downloaded, without its dependencies, and removed again.
    Existing files are not touched, so that a repeated call needs no download and no indexing.

    Raises:
        BadSource: a package can't be downloaded.
        StorageFailed: `folder` can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for package in PACKAGES:
            _collect(package, folder)
        _write_captions(folder)
    except OSError as error:
        raise StorageFailed(
            "demo-unwritable",
            "the demo can't be written to {folder!r}: {error}",
            folder=str(folder),
            error=error,
        ) from error
    return folder


def _collect(package: PicturePackage, folder: Path) -> None:
    site = _site_with(package)
    if site is not None:
        _copy_pictures(package, site, folder)
    elif not all((folder / name).is_file() for name in package.pictures):
        with _download(package) as site:
            _copy_pictures(package, site, folder)


def _site_with(package: PicturePackage) -> Path | None:
    """Return the folder where a package is installed, without importing it: it takes seconds."""
    specification = importlib.util.find_spec(package.folder.parts[0])
    if specification is None or not specification.submodule_search_locations:
        return None
    return Path(next(iter(specification.submodule_search_locations))).parent


@contextmanager
def _download(package: PicturePackage) -> Iterator[Path]:
    """Install a package alone into a temporary folder, and yield the folder."""
    with tempfile.TemporaryDirectory(prefix="limn-demo-") as site:
        if (reason := _install(install_into(site, package.name))) is not None:
            raise BadSource(
                "demo-download-failed",
                "the demo's pictures are in the package {package}, which can't be downloaded "
                "({reason}); install it where there is a network: {install}",
                package=package.name,
                reason=reason,
                install=install(package.name),
            )
        yield Path(site)


def _install(command: list[str]) -> str | None:
    """Run an installer, and return why it failed, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"{command[0]} is not on the PATH"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return (lines[-1] if lines else f"exit code {done.returncode}") if done.returncode else None


def _copy_pictures(package: PicturePackage, site: Path, folder: Path) -> None:
    for name in package.pictures:
        source = site / package.folder / name
        if source.is_file():  # another version of the package may lack it
            _copy(source, folder / name)


def _copy(source: Path, target: Path) -> None:
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return
    with atomic_path(target) as draft:
        shutil.copyfile(source, draft)


def _write_captions(folder: Path) -> None:
    """Write the captions of the pictures in the folder, unless they are there already."""
    with CAPTIONS.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(row for row in rows if (folder / row[0]).is_file())
    target, data = folder / CAPTIONS.name, text.getvalue().encode()
    if not (target.is_file() and target.read_bytes() == data):
        write_atomic(target, data)
