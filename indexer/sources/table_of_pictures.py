"""Tables of pictures in Parquet and Arrow files, and the folders that `datasets` saves."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

from indexer.sources import Item, ScanResult
from indexer.sources.columns import ColumnOptions, Columns
from indexer.sources.options import SourceOptions
from indexer.sources.table_of_paths import ListSource, Rows
from search.catalog.records import FileStamp
from search.errors import BadPicture, BadSource
from search.pictures.containers import Container
from search.pictures.containers.table import PictureTable


class ParquetKind:
    """Parquet files that name pictures by their paths; one that holds pictures is a container."""

    names: ClassVar[tuple[str, ...]] = (".parquet",)

    def open(
        self, place: Path | str, options: SourceOptions, within: Path | None
    ) -> ListSource | None:
        """Open a file; None where its column of pictures holds the pictures themselves.

        Raises:
            BadSource: pyarrow is missing, or the file is damaged.
        """
        if not _names_files(Path(place), options.columns):
            return None
        return ListSource.of(place, _parquet_rows, options)


def pictures_in_table(
    container: Container, mark: FileStamp, options: ColumnOptions
) -> Iterator[ScanResult]:
    """Yield the rows of a table with pictures in a column.

    Only the other columns are read, so a picture's size is unknown here and given as 0.

    Raises:
        BadSource: it has no column of pictures; the message lists the columns.
        BadPicture: it is damaged.
    """
    table = cast(PictureTable, container)
    columns = options.choose(table.schema.names, str(mark.path))
    if is_text(table.schema.field(columns.picture).type):
        raise BadSource(
            "table-names-paths",
            "{path} names pictures by path in its column {column!r}; "
            "index it by itself: limn index that file",
            path=mark.path,
            column=columns.picture,
        )
    labels = class_names(table.schema, columns)
    names = columns.beside
    for number, row in enumerate(table.rows(names) if names else _bare(table)):
        sidecar = columns.read_row(with_class_names(row, labels))
        yield Item(mark.path / columns.picture / str(number), 0, mark.mtime_ns, sidecar)


def is_text(kind: Any) -> bool:
    """Return whether a pyarrow type is text: then a column of pictures holds their paths."""
    return str(kind) in ("string", "large_string", "string_view")


def with_class_names(row: dict[str, Any], labels: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the row with the numbers of classes replaced by their names."""
    for name, names in labels.items():
        place = row.get(name)
        if isinstance(place, int) and 0 <= place < len(names):
            row[name] = names[place]
    return row


def _bare(table: PictureTable) -> Iterator[dict[str, Any]]:
    """Return the rows of a table that has no column but the picture's."""
    return ({} for _ in range(table.count))


def class_names(schema: Any, columns: Columns) -> dict[str, list[str]]:
    """Return the class names of a column of numbers, where `datasets` wrote them."""
    metadata = (schema.metadata or {}).get(b"huggingface")
    try:
        features = json.loads(metadata)["info"]["features"] if metadata else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {
        name: feature["names"]
        for name, feature in features.items()
        if name in columns.others
        and isinstance(feature, dict)
        and isinstance(feature.get("names"), list)
    }


def _names_files(path: Path, columns: ColumnOptions) -> bool:
    """Return whether a Parquet file's column of pictures holds paths, not pictures."""
    if not path.is_file():
        return False
    try:
        table = PictureTable(path)
    except BadPicture as error:
        raise BadSource(
            "source-path-invalid", "can't index {path!r}: {error}", path=str(path), error=error
        ) from error
    try:
        picture = columns.choose(table.schema.names, str(path)).picture
        return is_text(table.schema.field(picture).type)
    finally:
        table.close()


def _parquet_rows(path: Path, options: ColumnOptions) -> Rows:
    table = PictureTable(path)
    try:
        columns = options.choose(table.schema.names, str(path))
        labels = class_names(table.schema, columns)
        for row in table.rows([columns.picture, *columns.beside]):
            name = row[columns.picture] or ""
            yield name.strip(), columns.read_row(with_class_names(row, labels))
    except BadPicture as error:
        raise BadSource(
            "source-path-invalid", "can't index {path!r}: {error}", path=str(path), error=error
        ) from error
    finally:
        table.close()
