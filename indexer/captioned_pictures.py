"""Captioned pictures to train on and to measure with."""

import csv
import gzip
import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import BadSource
from search.text.amounts import amount
from search.text.path_names import on_disk


@dataclass(frozen=True, slots=True)
class CaptionedPicture:
    """A picture file and what people say it shows, by language ("en", "zh").

    `translations` holds (English, Chinese) captions that say the same; `captions` holds only what
    people wrote.
    """

    path: Path
    captions: dict[str, tuple[str, ...]]
    translations: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is said of the picture, in every language, translations included, each once."""
        captions = [text for texts in self.captions.values() for text in texts]
        return tuple(dict.fromkeys([*captions, *(text for _, text in self.translations)]))


def read_pairs(
    captions: Path, images: Path | None = None, where: Mapping[str, str] | None = None
) -> list[CaptionedPicture]:
    """Read a captions CSV: columns image, caption and, optionally, language and kind.

    Picture names are relative to `images`, by default the folder `images` next to the CSV or else
    the CSV's own folder. Rows of kind "translated" follow the order of the English captions.
    `where` chooses rows by the values of columns.

    Raises:
        BadSource: no such file, a column or a picture is missing, or fewer than 2 pictures.
    """
    folder = images or (captions.parent / "images")
    if images is None and not folder.is_dir():
        folder = captions.parent
    rows = _rows(captions)
    if not rows or not {"image", "caption"} <= rows[0].keys():
        raise BadSource(
            "captions-columns-wrong",
            "{captions!r} must be a CSV with the columns image and caption "
            "(and, if known, language and kind); found {columns}",
            captions=str(captions),
            columns=sorted(filter(None, rows[0])) if rows else "no rows",
        )
    where = where or {}
    if not where.keys() <= rows[0].keys():
        raise BadSource(
            "captions-column-unknown",
            "{captions!r} has no column {column!r} to choose rows by; it has {columns}",
            captions=str(captions),
            column=min(where.keys() - rows[0].keys()),
            columns=", ".join(filter(None, rows[0])),
        )
    by_picture: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if any(row[column] != value for column, value in where.items()):
            continue
        if row["image"] and row["caption"] and row["caption"].strip():
            by_picture.setdefault(row["image"], []).append(row)
    if len(by_picture) < 2:
        raise BadSource(
            "captions-too-few",
            "{captions!r} has captions of {pictures}; 2 or more are needed",
            captions=str(captions),
            pictures=amount(len(by_picture), "picture"),
        )
    pairs = [from_rows(on_disk(folder / name), rows) for name, rows in by_picture.items()]
    missing = [pair.path.name for pair in pairs if not pair.path.is_file()]
    if missing:
        raise BadSource(
            "captioned-pictures-missing",
            "{missing_count} of {pictures} captioned pictures are not in {folder!r}, "
            "the first {first!r}; name their folder with --images",
            missing_count=len(missing),
            pictures=len(pairs),
            folder=str(folder),
            first=missing[0],
        )
    return pairs


def columns_of(captions: Path) -> tuple[str, ...]:
    """Return the columns of a captions CSV; raise BadSource where it can't be read."""
    return tuple(next(iter(_rows(captions)), {}))


def _rows(captions: Path) -> list[dict[str, str]]:
    opener = gzip.open if captions.suffix == ".gz" else open
    try:
        with opener(captions, "rt", encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines, restkey=""))  # a row may have more than the header
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BadSource(
            "captions-unreadable",
            "can't read captions from {captions!r}: {error}",
            captions=str(captions),
            error=error,
        ) from error


def read_texts(captions: Path, language: str) -> list[str]:
    """Return each distinct caption of a language in a captions CSV, gzipped or not, in order.

    The pictures need not be there.

    Raises:
        BadSource: no such file, or no caption of the language.
    """
    texts = dict.fromkeys(
        text
        for row in _rows(captions)
        if (text := (row.get("caption") or "").strip())
        and (row.get("language") or "en") == language
    )
    if not texts:
        raise BadSource(
            "captions-of-language-missing",
            "{captions!r} has no captions with {language!r} in the column language",
            captions=str(captions),
            language=language,
        )
    return list(texts)


def from_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> CaptionedPicture:
    """Return a picture with the captions of `rows`, whose columns are those of a captions file."""
    captions: dict[str, tuple[str, ...]] = {}
    chinese: list[str] = []
    for row in rows:
        if row.get("kind") == "translated":
            chinese.append(row["caption"].strip())
        else:
            language = row.get("language") or "en"
            captions[language] = (*captions.get(language, ()), row["caption"].strip())
    return CaptionedPicture(
        path, captions, tuple(zip(captions.get("en", ()), chinese, strict=False))
    )


def split(
    pairs: Sequence[CaptionedPicture], held_out: int
) -> tuple[list[CaptionedPicture], list[CaptionedPicture]]:
    """Split the pictures into (training, held-out) parts, the same parts on every machine.

    The hash of a picture's name decides its part, so adding pictures moves few others.
    """

    def digest(pair: CaptionedPicture) -> bytes:
        return hashlib.sha256(pair.path.name.encode()).digest()

    order = sorted(pairs, key=digest)
    holdout = {pair.path for pair in order[:held_out]}
    return [p for p in pairs if p.path not in holdout], [p for p in pairs if p.path in holdout]


def fingerprint(pairs: Sequence[CaptionedPicture]) -> str:
    """Identify names, file sizes and captions in 12 hexadecimal digits; order does not matter."""
    digest = hashlib.sha256()
    for pair in sorted(pairs, key=lambda pair: pair.path.name):
        facts = (
            pair.path.name,
            pair.path.stat().st_size,
            sorted(pair.captions.items()),
            pair.translations,
        )
        digest.update(repr(facts).encode())
    return digest.hexdigest()[:12]
