"""A list of pictures as a source: CSV, TSV, JSON lines, COCO, or Parquet that names files."""

import csv
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, TextIO

from indexer.sources import IsUnchanged, Item, Note, ScanResult, SidecarData, leads_out, not_read
from indexer.sources.columns import GUESSED, ColumnOptions, Columns
from indexer.sources.options import SourceOptions
from indexer.sources.storable import parse_json
from search.catalog.records import Failure
from search.errors import BadSource, Message, system_reason
from search.files.boundary import is_inside
from search.pictures.containers import container_of
from search.records import Caption
from search.text.amounts import amount
from search.text.characters import compose, storable
from search.text.path_names import on_disk

Rows = Iterator[tuple[str, SidecarData]]
"""A picture's name and the data of one row; a picture may have many rows, anywhere."""


@dataclass(frozen=True, slots=True)
class ListSource:
    """The pictures that a table names, by paths.

    Paths start from `pictures_in`, or from the table's folder or the folder `images` in it, as
    datasets are often laid out. The rows go through a file on disk that groups them by picture, so
    that memory holds none of the table, however long it is.
    """

    table: Path
    rows: Callable[[Path, ColumnOptions], Rows]
    columns: ColumnOptions = GUESSED
    pictures_in: Path | None = None
    confined_to: tuple[Path, ...] = ()

    @classmethod
    def of(
        cls, place: Path | str, rows: Callable[[Path, ColumnOptions], Rows], options: SourceOptions
    ) -> "ListSource":
        """Return a table with the options applied."""
        columns, pictures_in = options.columns, options.pictures_in
        return cls(Path(place), rows, columns, pictures_in, options.confined_to)

    @property
    def root(self) -> Path:
        """Return the table's path: it names its pictures itself."""
        return self.table

    def find(self, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        """Yield the pictures of the rows; rows without a path are counted in a note."""
        folder = self.table.parent
        folders = (self.pictures_in,) if self.pictures_in else (folder, folder / "images")
        blank = 0
        with tempfile.TemporaryDirectory(prefix="limn-") as scratch:
            sql = sqlite3.connect(Path(scratch, "rows.db"), isolation_level=None)
            try:
                sql.execute("PRAGMA synchronous=OFF")
                sql.execute("CREATE TABLE row (name TEXT, key TEXT, told TEXT)")
                sql.execute("BEGIN")
                for name, sidecar in self.rows(self.table, self.columns):
                    if name:
                        name = storable(name)
                        row = (name, compose(name), _pack(sidecar))
                        sql.execute("INSERT INTO row VALUES (?, ?, ?)", row)
                    else:
                        blank += 1
                sql.execute("COMMIT")
                rows = sql.execute("SELECT key, name, told FROM row ORDER BY key, rowid")
                for _, same in groupby(rows, key=lambda row: str(row[0])):
                    of_one = [(str(name), _unpack(text)) for _, name, text in same]
                    yield from self._confine(_pictures(folders, of_one))
            finally:
                sql.close()
        if blank:
            yield Note(
                f"{self.table}: {amount(blank, 'row')} without a picture's name, passed over"
            )

    def _confine(self, pictures: Iterator[Item | Failure]) -> Iterator[ScanResult]:
        for item in pictures:
            if self.confined_to and not is_inside(item.path, self.confined_to):
                yield Failure(item.path, "unsupported", leads_out(item.path))
            else:
                yield item


class SpreadsheetKind:
    """Text tables that name pictures, with a line for the names of the columns."""

    names: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    def open(self, place: Path | str, options: SourceOptions, within: Path | None) -> ListSource:
        """Open a table; it is read when it is walked."""
        return ListSource.of(place, spreadsheet_rows, options)


class JsonLinesKind:
    """Files with one JSON object per line, each naming a picture."""

    names: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")

    def open(self, place: Path | str, options: SourceOptions, within: Path | None) -> ListSource:
        """Open a file; it is read when it is walked."""
        return ListSource.of(place, json_rows, options)


def spreadsheet_rows(path: Path, options: ColumnOptions) -> Rows:
    """Yield the rows of a CSV or TSV file; its first line names the columns."""
    csv.field_size_limit(sys.maxsize)
    with _open_table(path, newline="") as file:
        first_line = file.readline()
        file.seek(0)
        rows = csv.reader(file, delimiter=max(",\t;", key=first_line.count))
        try:
            names = [name.strip() for name in next(rows, [])]
            columns = options.choose(names, str(path))
            for row in rows:
                if row:
                    cells = dict(zip(names, row, strict=False))
                    yield cells.get(columns.picture, "").strip(), columns.read_row(cells)
        except csv.Error as error:
            raise _bad_line(path, rows.line_num, error) from error


def json_rows(path: Path, options: ColumnOptions) -> Rows:
    """Yield the rows of a file with one JSON object per line; the keys are the columns."""
    choices: dict[tuple[str, ...], Columns] = {}
    picture: str | None = None
    with _open_table(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = parse_json(line)
            except BadSource as error:
                raise _bad_line(path, number, error) from error
            if not isinstance(row, dict):
                raise BadSource(
                    "table-line-not-an-object",
                    "{path}, line {line}: it holds no JSON object",
                    path=path,
                    line=number,
                )
            if picture is None:
                picture = options.choose(list(row), f"{path}, line {number}").picture
            names = (picture, *(name for name in row if name != picture))
            if names not in choices:
                captions = tuple(each for each in options.captions if each in row)
                choices[names] = ColumnOptions(picture, captions).choose(names, str(path))
            name = row.get(picture)
            yield (name if isinstance(name, str) else "").strip(), choices[names].read_row(row)


@contextmanager
def _open_table(path: Path, newline: str | None = None) -> Iterator[TextIO]:
    """Open a table in its encoding; raise BadSource for a table that can't be read."""
    try:
        with path.open(encoding=_encoding(path), newline=newline) as file:
            yield file
    except UnicodeDecodeError as error:
        raise BadSource(
            "table-not-utf8",
            "{path} is not UTF-8 ({error}); save it as UTF-8",
            path=path,
            error=error,
        ) from error
    except OSError as error:
        raise BadSource(
            "table-unreadable",
            "can't read {path}: {reason}",
            path=path,
            reason=system_reason(error),
        ) from error


def _bad_line(path: Path, line: int, error: Exception) -> BadSource:
    return BadSource(
        "table-line-invalid", "{path}, line {line}: {error}", path=path, line=line, error=error
    )


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _pictures(
    folders: Sequence[Path], rows: Sequence[tuple[str, SidecarData]]
) -> Iterator[Item | Failure]:
    """Yield the pictures of rows whose names match in one form or another: mostly one file."""
    by_name = {name: _find(folders, name) for name, _ in rows}
    for path in dict.fromkeys(each.path for each in by_name.values()):
        sidecar = _merge([each for name, each in rows if by_name[name].path == path])
        picture = next(each for each in by_name.values() if each.path == path)
        yield replace(picture, sidecar=sidecar) if isinstance(picture, Item) else picture


def _find(folders: Sequence[Path], name: str) -> Item | Failure:
    """Return the picture of that name in the first of the folders that has it."""
    if name.startswith(("http://", "https://", "s3://", "gs://")):
        detail = Message(
            "picture-at-network-address",
            "{address} is an address on a network; download it first, for example by img2dataset",
            address=name,
        )
        return Failure(folders[0] / name.replace("://", "/"), "unsupported", detail)
    first = _item(folders[0], name)
    if isinstance(first, Item) or first.reason != "missing":
        return first
    others = (_item(folder, name) for folder in folders[1:])
    return next((each for each in others if isinstance(each, Item)), first)


def _item(folder: Path, name: str) -> Item | Failure:
    path = on_disk(Path(os.path.abspath(folder / name.replace("\0", ""))))
    try:
        status = path.stat()
    except NotADirectoryError:  # a picture in a container has its time
        container = container_of(path)
        mtime_ns = container.stat().st_mtime_ns if container else 0
        return Item(path, 0, mtime_ns)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        return not_read(path, error, "missing" if missing else "unreadable")
    return Item(path, status.st_size, status.st_mtime_ns)


def _pack(sidecar: SidecarData) -> str:
    captions = [(each.text, each.language, each.kind) for each in sidecar.captions]
    return json.dumps((captions, dict(sidecar.fields)))


def _unpack(text: str) -> SidecarData:
    captions, fields = json.loads(text)
    return SidecarData(tuple(Caption(*each) for each in captions), fields)


def _merge(several: list[SidecarData]) -> SidecarData:
    captions = dict.fromkeys(caption for sidecar in several for caption in sidecar.captions)
    fields: dict[str, Any] = {}
    for sidecar in several:
        fields |= sidecar.fields
    return SidecarData(tuple(captions), fields)
