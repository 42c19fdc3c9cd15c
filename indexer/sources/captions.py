"""Captions that stand beside pictures: captions.csv and captions.tsv, and a text file a picture."""

import csv
import io
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from search.errors import BadSource
from search.records import Caption

TABLE_NAMES = ("captions.csv", "captions.tsv")

# A text file beside a picture that is larger is no caption: a log, a book.
LARGEST_TEXT_BYTES = 16 << 20

# How many examples of one complaint a note names.
EXAMPLES = 3


class CaptionTable:
    """One captions file: its captions by the picture's name as the file writes it.

    Columns `image` and `caption`, in any order and case; `language` and `kind` are kept where they
    stand. A picture may have any number of rows; one that says the same twice counts once.
    """

    def __init__(self, path: Path) -> None:
        """Read the table.

        Raises:
            BadSource: it can't be read or lacks a column; the message lists the columns found.
        """
        self.path = path
        self.notes: list[str] = []
        self._captions: dict[str, dict[Caption, None]] = defaultdict(dict)
        self._lines: dict[str, int] = {}
        self._blank: list[str] = []
        self._twice: list[str] = []
        self._read()

    def assign(self, pictures: Sequence[Path]) -> Iterator[tuple[Path, tuple[Caption, ...]]]:
        """Pair the table's captions with the pictures at and below its folder.

        A name is a path from the table's folder, a whole path, or the end of a path, such as a
        bare file name, that only one picture has. Others are noted with their line.
        """
        # Some systems write é as one character, some as two: they meet in the composed form.
        by_path = {_composed(path.relative_to(self.path.parent)): path for path in pictures}
        by_name: dict[str, list[Path]] = defaultdict(list)
        for path in pictures:
            by_name[unicodedata.normalize("NFC", path.name)].append(path)
        unknown: list[str] = []
        for name, captions in self._captions.items():
            wanted = PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")))
            exact = by_path.get(str(wanted))
            found = [exact] if exact else _ending_in(wanted, by_name.get(wanted.name, ()))
            if len(found) == 1:
                yield found[0], tuple(captions)
            else:
                why = "several pictures have this name" if found else "no such picture"
                unknown.append(f"{name[:200]!r} (line {self._lines[name]}: {why})")
        self._note(unknown, "names that fit no one picture, such as")

    def _read(self) -> None:
        text = read_text(self.path)
        # A caption may be any length; the default limit of 128 KiB would end the run.
        csv.field_size_limit(sys.maxsize)
        first_line = text.split("\n", 1)[0]
        # A comma, a tab, or the semicolon that spreadsheets write where the comma is decimal.
        delimiter = max(",\t;", key=first_line.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            columns = [column.strip().casefold() for column in next(rows, [])]
            missing = [name for name in ("image", "caption") if name not in columns]
            if missing:
                raise BadSource(
                    f"{self.path} has no column {' and no column '.join(map(repr, missing))}; its "
                    "first line must name the columns image and caption, "
                    f"and reads {first_line[:200]!r}"
                )
            line = began = rows.line_num + 1
            for row in rows:
                began, line = line, rows.line_num + 1
                self._add(dict(zip(columns, row, strict=False)), rows.line_num)
        except csv.Error as error:
            raise BadSource(f"{self.path}, line {rows.line_num}: {error}") from error
        if text.count('"') % 2 and line - began > 1:
            raise BadSource(
                f"{self.path}, line {began}: a quote opens here and is never closed, so the rest "
                "of the file would be one caption; close it, or double it where it is meant"
            )
        self._note(self._blank, "rows without an image or a caption, passed over, such as")
        self._note(self._twice, "rows that repeat a caption, counted once, such as")

    def _add(self, cells: dict[str, str], line: int) -> None:
        cells = {column: clean(cell) for column, cell in cells.items()}
        name, text = cells.get("image", ""), cells.get("caption", "")
        if not name or not text:
            if any(cells.values()):
                self._blank.append(f"line {line}")
            return
        language = cells.get("language", "")[:35] or None
        caption = Caption(text, language, cells.get("kind", "")[:50] or "caption")
        self._lines.setdefault(name, line)
        if caption in self._captions[name]:
            self._twice.append(f"line {line}")
        self._captions[name][caption] = None

    def _note(self, found: Sequence[str], what: str) -> None:
        if found:
            more = ", ..." if len(found) > EXAMPLES else ""
            shown = ", ".join(found[:EXAMPLES])
            self.notes.append(f"{self.path}: {len(found):,} {what} {shown}{more}")


def _ending_in(wanted: PurePosixPath, paths: Sequence[Path]) -> list[Path]:
    parts = wanted.parts
    return [path for path in paths if PurePosixPath(_composed(path)).parts[-len(parts) :] == parts]


def _composed(path: Path) -> str:
    return unicodedata.normalize("NFC", path.as_posix())


def sidecar_caption(path: Path) -> Caption | None:
    """The caption in a text file beside a picture; None for a blank one.

    Raises:
        BadSource: the file can't be read.
    """
    text = clean(read_text(path, LARGEST_TEXT_BYTES))
    return Caption(text) if text else None


def read_text(path: Path, most_bytes: int | None = None) -> str:
    """A text file in the encodings that people's files have: UTF-8, UTF-16, GB 18030, Latin-1.

    Raises:
        BadSource: it is no regular file, can't be read, or is larger than `most_bytes`.
    """
    try:
        if not path.is_file():  # reading a named pipe would wait for ever
            raise BadSource(f"can't read {path}: it is not a regular file")
        size_bytes = path.stat().st_size
        if most_bytes is not None and size_bytes > most_bytes:
            raise BadSource(f"{path} has {size_bytes:,} bytes, too many for a caption; passed over")
        data = path.read_bytes()
    except OSError as error:
        raise BadSource(f"can't read {path}: {error.strerror}; check its permissions") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
        # Latin-1 letters often decode as rare ideographs; text that is Chinese uses common ones.
        foreign = [each for each in text if ord(each) > 127]
        common = sum(
            "\u4e00" <= each <= "\u9fa5" or each in "，。！？、：；“”（）" for each in foreign
        )
        if common > 0.9 * len(foreign) and max(map(len, text.split()), default=0) > 1:
            return text
    except UnicodeDecodeError:
        pass
    return data.decode("latin-1")


def clean(text: str) -> str:
    """A caption without blanks around it and without NULs, which PostgreSQL can't hold."""
    return text.replace("\0", " ").strip()
