"""Pictures with a class's name instead of captions: archives of jpg and txt, and CSV files."""

import csv
import re
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from indexer.captioned_pictures import CaptionedPicture, columns_of, read_pairs
from search.errors import BadSource

TEMPLATES = {
    "en": ("a photo of a {}", "a photo of {}", "{}"),
    "zh": ("一张{}的照片", "{}的照片", "{}"),
}
"""Sentences about a thing by its name."""

LANGUAGES = tuple(TEMPLATES)
"""The languages of a built-in pair, in the order of everything by language."""

AT_MOST = 12
"""The most pictures of one class: a batch should not be full of one face."""

GLOSSARY = Path(__file__).parent / "glossary.csv"


COMMON_NAMES = 699
"""The first rows of the glossary: the most common things, for names of regions and questions."""


def glossary() -> list[tuple[str, str]]:
    """Return the English and Chinese names of 3,400 visible things, written for this project."""
    with GLOSSARY.open(encoding="utf-8", newline="") as lines:
        return [(row["english"], row["chinese"]) for row in csv.DictReader(lines)]


def read_labelled(
    archive: Path, folder: Path, words: Sequence[tuple[str, str]]
) -> list[CaptionedPicture]:
    """Unpack NAME.jpg and NAME.txt ("a photo of a cup") of a tar into `folder`, with their names.

    A Chinese name is added where `words` knows the class's.

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
            thing = re.sub(r"^a photo of an? ", "", label)
            names: dict[str, tuple[str, ...]] = {"en": (thing,)}
            if thing in chinese:
                names["zh"] = (chinese[thing],)
            pictures.append(CaptionedPicture(folder / f"{name}.jpg", names))
    return pictures


def read_named(captions: Path, images: Path | None = None) -> list[CaptionedPicture]:
    """Read a CSV of names and titles; with a column split only its rows of train.

    Raises:
        BadSource: as `read_pairs` says.
    """
    where = {"split": "train"} if "split" in columns_of(captions) else None
    pictures = read_pairs(captions, images, where)
    return [each for each in pictures if each.captions.keys() & TEMPLATES.keys()]


def with_sentences(picture: CaptionedPicture) -> CaptionedPicture:
    """Return a picture whose captions are sentences about its names, in English and Chinese."""
    sentences = {
        language: tuple(
            each.format(name) for each in templates for name in picture.captions[language]
        )
        for language, templates in TEMPLATES.items()
        if language in picture.captions
    }
    return replace(picture, captions=sentences)
