"""Captions files in a folder of pictures: captions.csv, captions.tsv, metadata.csv."""

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from indexer.sources import NOTHING, SidecarData
from indexer.sources.columns import CAPTION_NAMES, ColumnOptions, Columns
from search.errors import BadSource, system_reason
from search.pictures.metadata.encodings import decode
from search.records import Caption
from search.text.amounts import amount
from search.text.characters import compose

TABLE_NAMES = ("captions.csv", "captions.tsv", "metadata.csv")

BOTH = ["image", "caption"]

# The most examples of one complaint in a note.
EXAMPLES = 3


class CaptionTable:
    """One captions file: its captions by the picture's name as the file writes it.

    Columns `image` (or `file_name`) and `caption` (or `text`), in any order and case; `language`
    and `kind` belong to the caption, further columns to the picture. A picture may have any number
    of rows; equal rows count once.
    """

    def __init__(self, path: Path) -> None:
        """Read the table.

        Raises:
            BadSource: it can't be read or lacks a column; the message lists the columns found.
        """
        self.path = path
        self.notes: list[str] = []
        self._captions: dict[str, dict[Caption, None]] = defaultdict(dict)
        self._fields: dict[str, dict[str, str | float]] = {}
        self._lines: dict[str, int] = {}
        self._blank: list[str] = []
        self._twice: list[str] = []
        self._read()

    def assign(self, pictures: Sequence[Path]) -> Iterator[tuple[Path, SidecarData]]:
        """Pair the table's captions with the pictures at and below its folder.

        A name is a path from the table's folder, an absolute path, or the end of a path that only
        one picture has, as an example a bare file name. Other names are noted with their line.
        """
        # Some systems write é as one character, some as two: both are compared in composed form.
        # Where a folder holds both as two files, each is named as it is written.
        relative = [(path.relative_to(self.path.parent), path) for path in pictures]
        by_path = {_compose(short): path for short, path in relative}
        by_path |= {short.as_posix(): path for short, path in relative}
        by_name: dict[str, list[Path]] = defaultdict(list)
        for path in pictures:
            by_name[compose(path.name)].append(path)
        unknown: list[str] = []
        for name, captions in self._captions.items():
            raw = PurePosixPath(name.replace("\\", "/"))
            normal = PurePosixPath(compose(str(raw)))
            exact = by_path.get(str(raw)) or by_path.get(str(normal))
            matches = [exact] if exact else _ending_in(normal, by_name.get(normal.name, ()))
            if len(matches) == 1:
                yield matches[0], SidecarData(tuple(captions), self._fields.get(name, {}))
            else:
                why = "several pictures have this name" if matches else "no such picture"
                unknown.append(f"{name[:200]!r} (line {self._lines[name]}: {why})")
        self._note(unknown, "name that fits no one picture", "names that fit no one picture")

    def _read(self) -> None:
        text = read_text(self.path)
        # A caption may be any length; the default limit of 128 KiB would end the run.
        csv.field_size_limit(sys.maxsize)
        first_line = text.split("\n", 1)[0]
        # A comma, a tab, or the semicolon that spreadsheets write where the comma is decimal.
        delimiter = max(",\t;", key=first_line.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            names = [column.strip() for column in next(rows, [])]
            columns = self._columns(names, first_line)
            line = began = rows.line_num + 1
            for row in rows:
                began, line = line, rows.line_num + 1
                self._add(columns, dict(zip(names, row, strict=False)), rows.line_num)
        except csv.Error as error:
            raise BadSource(
                "table-line-invalid",
                "{path}, line {line}: {error}",
                path=self.path,
                line=rows.line_num,
                error=error,
            ) from error
        if text.count('"') % 2 and line - began > 1:
            raise BadSource(
                "captions-quote-open",
                "{path}, line {line}: a quote opens here and is never closed, so the rest "
                "of the file would be one caption; close it, or double it where it is meant",
                path=self.path,
                line=began,
            )
        without = "without an image or a caption, passed over"
        self._note(self._blank, f"row {without}", f"rows {without}")
        again = "a caption, counted once"
        self._note(self._twice, f"row that repeats {again}", f"rows that repeat {again}")

    def _columns(self, names: list[str], first_line: str) -> Columns:
        try:
            columns = ColumnOptions().choose(names, str(self.path))
        except BadSource:
            missing = ["image"] if set(CAPTION_NAMES) & set(map(str.casefold, names)) else BOTH
        else:
            if columns.captions or columns.others:
                return columns
            missing = ["caption"]
        raise BadSource(
            "captions-column-missing",
            "{path} has no column {missing}; its "
            "first line must name the columns image and caption, "
            "and reads {first_line!r}",
            path=self.path,
            missing=" and no column ".join(map(repr, missing)),
            first_line=first_line[:200],
        )

    def _add(self, columns: Columns, cells: dict[str, str], line: int) -> None:
        sidecar = columns.read_row(cells)
        name = clean(cells.get(columns.picture, ""))
        if not name or sidecar == NOTHING:
            if any(map(clean, cells.values())):
                self._blank.append(f"line {line}")
            return
        self._lines.setdefault(name, line)
        captions = self._captions[name]
        if any(caption in captions for caption in sidecar.captions):
            self._twice.append(f"line {line}")
        captions.update(dict.fromkeys(sidecar.captions))
        self._fields.setdefault(name, {}).update(sidecar.fields)

    def _note(self, names: Sequence[str], one: str, many: str) -> None:
        if names:
            more = ", ..." if len(names) > EXAMPLES else ""
            examples = ", ".join(names[:EXAMPLES])
            such = ", such as" if len(names) > 1 else ":"
            self.notes.append(
                f"{self.path}: {amount(len(names), one, many)}{such} {examples}{more}"
            )


def _ending_in(suffix: PurePosixPath, paths: Sequence[Path]) -> list[Path]:
    parts = suffix.parts
    return [path for path in paths if PurePosixPath(_compose(path)).parts[-len(parts) :] == parts]


def _compose(path: Path) -> str:
    return compose(path.as_posix())


def read_text(path: Path, most_bytes: int | None = None) -> str:
    """Return the text of a file.

    Raises:
        BadSource: it is no regular file, can't be read, or is larger than `most_bytes`.
    """
    try:
        if not path.is_file():  # reading a named pipe would wait for ever
            raise BadSource(
                "captions-not-a-file", "can't read {path}: it is not a regular file", path=path
            )
        size_bytes = path.stat().st_size
        if most_bytes is not None and size_bytes > most_bytes:
            raise BadSource(
                "caption-file-too-large",
                "{path} has {size_bytes:,} bytes, too many for a caption; passed over",
                path=path,
                size_bytes=size_bytes,
            )
        data = path.read_bytes()
    except OSError as error:
        raise BadSource(
            "captions-permission",
            "can't read {path}: {reason}; check its permissions",
            path=path,
            reason=system_reason(error),
        ) from error
    return decode(data)


def clean(text: str) -> str:
    """Return a caption without blanks around it and without NULs, which PostgreSQL rejects."""
    return text.replace("\0", " ").strip()
