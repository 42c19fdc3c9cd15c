"""Pictures with a class's name instead of captions: archives of jpg and txt."""

import csv
import re
import tarfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from indexer.captioned_pictures import CaptionedPicture
from search.errors import BadSource

AT_MOST = 12
"""The most pictures of one class: a batch should not be full of one face."""

GLOSSARY = Path(__file__).parent / "glossary.csv"


def glossary() -> list[tuple[str, str]]:
    """Return the English and Chinese names of some 700 visible things, written for this project."""
    with GLOSSARY.open(encoding="utf-8", newline="") as lines:
        return [(row["english"], row["chinese"]) for row in csv.DictReader(lines)]


def read_labelled(
    archive: Path, folder: Path, words: Sequence[tuple[str, str]]
) -> list[CaptionedPicture]:
    """Unpack NAME.jpg and NAME.txt ("a photo of a cup") of a tar into `folder`, and caption them.

    A Chinese caption is added where `words` knows the class's name.

    Raises:
        BadSource: the archive can't be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chinese: dict[str, str] = dict(words)
    labels: dict[str, str] = {}
    try:
        with tarfile.open(archive) as members:
            for member in members:
                file = members.extractfile(member)
                name = PurePosixPath(member.name).name  # never a path out of an archive
                if file is None:
                    continue
                if name.endswith(".txt"):
                    labels[name.removesuffix(".txt")] = file.read().decode("utf-8").strip()
                elif name.endswith(".jpg") and not (folder / name).exists():
                    (folder / name).write_bytes(file.read())
    except (OSError, tarfile.TarError, UnicodeDecodeError) as error:
        raise BadSource(
            "archive-unreadable",
            "can't read pictures from {archive!r}: {error}",
            archive=str(archive),
            error=error,
        ) from error
    counts: Counter[str] = Counter()
    pictures = []
    for name, label in sorted(labels.items()):
        counts[label] += 1
        if counts[label] <= AT_MOST and (folder / f"{name}.jpg").exists():
            pictures.append(CaptionedPicture(folder / f"{name}.jpg", _captions(label, chinese)))
    return pictures


def _captions(label: str, chinese: dict[str, str]) -> dict[str, tuple[str, ...]]:
    thing = re.sub(r"^a photo of an? ", "", label)
    captions: dict[str, tuple[str, ...]] = {"en": (label, thing)}
    if thing in chinese:
        captions["zh"] = (f"一张{chinese[thing]}的照片", chinese[thing])
    return captions
