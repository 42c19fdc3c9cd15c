"""COCO's captions files: one JSON document with a list of pictures and a list of captions."""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar

from indexer.sources import SidecarData
from indexer.sources.columns import ColumnOptions, fields_of
from indexer.sources.options import SourceOptions
from indexer.sources.table_of_paths import ListSource, Rows
from search.errors import BadSource, system_reason
from search.packages.installing import install_extra
from search.records import Caption
from search.text.characters import storable

# COCO's facts of a picture, apart from its name.
KEPT = ("id", "license", "date_captured", "flickr_url")

# COCO's own documents nest six deep.
DEEPEST = 100


class CocoKind:
    """COCO's captions files."""

    names: ClassVar[tuple[str, ...]] = (".json",)

    def open(self, place: Path | str, options: SourceOptions, within: Path | None) -> ListSource:
        """Open a file; it is read when it is walked."""
        return ListSource.of(place, coco_rows, options)


def coco_rows(path: Path, options: ColumnOptions) -> Rows:
    """Yield the pictures of a COCO file, and then a row a caption. It is read as a stream.

    Raises:
        BadSource: it is no COCO file.
    """
    try:
        import ijson
    except ImportError as error:
        raise BadSource(
            "package-missing-coco",
            "COCO files are read with ijson: {install}",
            install=install_extra("sources"),
        ) from error
    try:
        # Names by id on disk: the captions come after the pictures, and name them by id.
        with tempfile.TemporaryDirectory(prefix="limn-") as scratch, path.open("rb") as file:
            sql = sqlite3.connect(Path(scratch, "names.db"), isolation_level=None)
            try:
                sql.execute("CREATE TABLE picture (id TEXT PRIMARY KEY, name TEXT)")
                sql.execute("BEGIN")
                for picture in _entries(file, "images"):
                    name = storable(str(picture["file_name"]))
                    sql.execute(
                        "INSERT OR REPLACE INTO picture VALUES (?, ?)", (_key(picture["id"]), name)
                    )
                    yield (
                        name,
                        SidecarData(fields=fields_of({each: picture.get(each) for each in KEPT})),
                    )
                file.seek(0)
                for annotation in _entries(file, "annotations"):
                    yield from _caption(sql, annotation)
            finally:
                sql.close()
    except OSError as error:
        raise BadSource(
            "table-unreadable",
            "can't read {path}: {reason}",
            path=path,
            reason=system_reason(error),
        ) from error
    except (ijson.JSONError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadSource(
            "coco-invalid",
            "{path} is not laid out as COCO's captions are: {kind}: {error}; "
            "it must hold images (id, file_name) and annotations (image_id, caption)",
            path=path,
            kind=type(error).__name__,
            error=error,
        ) from error


def _entries(file: IO[bytes], name: str) -> Iterator[Any]:
    """Yield the entries of one of the document's lists.

    `ijson.items` is not used, because its memory grows with the square of the nesting.
    """
    import ijson
    from ijson.common import ObjectBuilder

    depth, key, inside, entry = 0, None, False, None
    for event, value in ijson.basic_parse(file, use_float=True):
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"it is nested more than {DEEPEST} deep")
        elif event in ("end_map", "end_array"):
            depth -= 1
        if depth == 1:
            key, inside = value if event == "map_key" else None, False
        elif depth == 2 and event == "start_array":
            inside = key == name
        elif inside:
            entry = entry or ObjectBuilder()
            entry.event(event, value)
            if depth == 2:
                yield entry.value
                entry = None


def _key(value: Any) -> str:
    """Return the look-up key of an id, for any JSON value."""
    return storable(f"{type(value).__name__} {value}")


def _caption(sql: sqlite3.Connection, annotation: dict[str, Any]) -> Rows:
    text = annotation.get("caption")
    row = sql.execute(
        "SELECT name FROM picture WHERE id = ?", (_key(annotation["image_id"]),)
    ).fetchone()
    if row and isinstance(text, str):
        yield row[0], SidecarData((Caption(text),))
