"""The demo: photographs that ship in two Python packages, with captions of our own."""

import csv
import filecmp
import importlib.util
import io
import shutil
from pathlib import Path

from search.errors import BadSource, StorageFailed
from search.files.atomic_file import atomic_path, write_atomic
from search.packages.installing import install_extra

DEMO_QUERIES = ("a cat with green eyes", "a rocket before its launch", "湖边的宝塔")
"""Three searches that these pictures have an answer to; the third is "a pagoda by the lake"."""

# The folder of each package's pictures. Only the photographs that captions.csv names are used, no
# test patterns, drawings or microscopy.
FOLDERS = (("skimage", Path("data")), ("sklearn", Path("datasets", "images")))

CAPTIONS = Path(__file__).with_name("captions.csv")


def collect_demo(folder: Path) -> Path:
    """Copy the demo's pictures and their captions.csv into `folder`, and return it.

    Existing files are not touched, so that a repeated call needs no indexing.

    Raises:
        BadSource: the packages that hold the pictures are not installed.
        StorageFailed: `folder` can't be written.
    """
    sources = [_package_folder(package) / inner for package, inner in FOLDERS]
    with CAPTIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    header, captions = rows[0], rows[1:]
    paths = {
        name: path
        for name in dict.fromkeys(row[0] for row in captions)
        if (path := _find(name, sources))
    }
    if not paths:
        raise BadSource(
            "demo-pictures-missing",
            "no demo picture is in {sources} or {sources_2}; {install}",
            sources=sources[0],
            sources_2=sources[1],
            install=_remedy(),
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in paths.items():
            _copy(path, folder / name)
        _write_captions([header, *(row for row in captions if row[0] in paths)], folder)
    except OSError as error:
        raise StorageFailed(
            "demo-unwritable",
            "the demo can't be written to {folder!r}: {error}",
            folder=str(folder),
            error=error,
        ) from error
    return folder


def _remedy() -> str:
    return f"install what the demo needs: {install_extra('demo')}"


def _package_folder(package: str) -> Path:
    """Return a package's folder without importing the package, which would take seconds."""
    specification = importlib.util.find_spec(package)
    if specification is None or not specification.submodule_search_locations:
        raise BadSource(
            "demo-package-missing",
            "the demo's pictures come with {package}, which is missing; {install}",
            package=package,
            install=_remedy(),
        )
    return Path(next(iter(specification.submodule_search_locations)))


def _find(name: str, folders: list[Path]) -> Path | None:
    """Return the picture's path, or None where this version of the packages lacks it."""
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _copy(source: Path, target: Path) -> None:
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return
    with atomic_path(target) as draft:
        shutil.copyfile(source, draft)


def _write_captions(rows: list[list[str]], folder: Path) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    target, data = folder / CAPTIONS.name, text.getvalue().encode()
    if not (target.is_file() and target.read_bytes() == data):
        write_atomic(target, data)
