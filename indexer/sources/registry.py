"""From what a person names to a source: which kind it is, and braces in shards' names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.sources import Source, leads_out
from indexer.sources.columns import GUESSED, AskedColumns
from indexer.sources.folder import FolderSource
from indexer.sources.globs import EVERYTHING, Selection
from indexer.sources.table_of_paths import (
    JSON_LINES,
    SPREADSHEETS,
    ListSource,
    Rows,
    json_rows,
    spreadsheet_rows,
)
from search.errors import BadPicture, BadSource
from search.files.boundary import is_inside
from search.settings import user_path

BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")

# More shards than anybody has: a slip such as {0..1000000000} must not fill the memory.
MOST_SHARDS = 100_000


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How sources are to be read, as the command line says it."""

    selection: Selection = EVERYTHING
    columns: AskedColumns = GUESSED
    pictures_in: Path | None = None
    confined_to: tuple[Path, ...] = ()


def open_source(path: Path, asked: SourceOptions, within: Path | None = None) -> Source:
    """The source that a path names; `within` is the highest folder whose captions files count.

    Raises:
        BadSource: it lies out of the folders that it is confined to.
        BadSource: it is a table whose library is missing, or that is damaged.
    """
    if asked.confined_to and not is_inside(path, asked.confined_to):
        raise BadSource(leads_out(path))
    suffix = path.suffix.lower()
    rows = None
    if suffix in SPREADSHEETS:
        rows = spreadsheet_rows
    elif suffix in JSON_LINES:
        rows = json_rows
    elif suffix == ".json":
        from indexer.sources.coco import coco_rows

        rows = coco_rows
    elif suffix == ".parquet" and _names_files(path, asked.columns):
        rows = _parquet_rows
    if rows is not None and not path.is_dir():
        return ListSource(path, rows, asked.columns, asked.pictures_in, asked.confined_to)
    return FolderSource(path, within, asked.selection, asked.columns, asked.confined_to)


def shards(text: str) -> list[Path]:
    """The paths that a name with braces stands for: train-{000..127}.tar, {train,test}.tar.

    Raises:
        BadSource: there are more than anybody has.
    """
    path = user_path(Path(text))
    if path.exists() or not BRACES.search(text):
        return [path]
    return [user_path(Path(each)) for each in _expanded(text)]


def _expanded(text: str) -> Iterator[str]:
    found = BRACES.search(text)
    if found is None:
        yield text
        return
    numbers = RANGE.fullmatch(found[1])
    if numbers:
        first, last, width = int(numbers[1]), int(numbers[2]), len(numbers[1])
        if last - first >= MOST_SHARDS:
            raise BadSource(f"{text!r} names {last - first + 1:,} files; at most {MOST_SHARDS:,}")
        choices = [f"{each:0{width}}" for each in range(first, last + 1)]
    else:
        choices = found[1].split(",")
    for choice in choices:
        yield from _expanded(text[: found.start()] + choice + text[found.end() :])


def _names_files(path: Path, columns: AskedColumns) -> bool:
    """Whether a Parquet file's column of pictures holds paths, not the pictures themselves."""
    from indexer.sources.table_of_pictures import is_text
    from search.pictures.containers.table import PictureTable

    if not path.is_file():
        return False
    try:
        table = PictureTable(path)
    except BadPicture as error:
        raise BadSource(f"can't index {str(path)!r}: {error}") from error
    try:
        picture = columns.choose(table.schema.names, str(path)).picture
        return is_text(table.schema.field(picture).type)
    finally:
        table.close()


def _parquet_rows(path: Path, asked: AskedColumns) -> Rows:
    from indexer.sources.table_of_pictures import class_names, labelled
    from search.pictures.containers.table import PictureTable

    table = PictureTable(path)
    try:
        columns = asked.choose(table.schema.names, str(path))
        labels = class_names(table.schema, columns)
        for row in table.rows([columns.picture, *columns.beside]):
            name = row[columns.picture] or ""
            yield name.strip(), columns.told(labelled(row, labels))
    except BadPicture as error:
        raise BadSource(f"can't index {str(path)!r}: {error}") from error
    finally:
        table.close()
