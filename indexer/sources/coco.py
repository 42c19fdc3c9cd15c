"""COCO's captions files: one JSON document with pictures and, apart from them, their captions."""

import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from indexer.sources import Told
from indexer.sources.columns import AskedColumns, fields_of
from indexer.sources.listed import Rows
from search.errors import BadSource
from search.installing import install_extra
from search.records import Caption

# What COCO says of a picture beside its name.
KEPT = ("id", "license", "date_captured", "flickr_url")


def coco_rows(path: Path, asked: AskedColumns) -> Rows:
    """The pictures of a COCO file, and then a row a caption. It is read as a stream.

    Raises:
        BadSource: it is no such file.
    """
    try:
        import ijson
    except ImportError as error:
        raise BadSource(f"COCO files are read with ijson: {install_extra('sources')}") from error
    try:
        # Names by id on disk: the captions come after the pictures, and name them by id.
        with tempfile.TemporaryDirectory(prefix="limn-") as scratch, path.open("rb") as file:
            sql = sqlite3.connect(Path(scratch, "names.db"), isolation_level=None)
            try:
                sql.execute("CREATE TABLE picture (id PRIMARY KEY, name TEXT)")
                sql.execute("BEGIN")
                for picture in ijson.items(file, "images.item", use_float=True):
                    name = str(picture["file_name"])
                    sql.execute(
                        "INSERT OR REPLACE INTO picture VALUES (?, ?)", (picture["id"], name)
                    )
                    yield name, Told(fields=fields_of({each: picture.get(each) for each in KEPT}))
                file.seek(0)
                for annotation in ijson.items(file, "annotations.item", use_float=True):
                    yield from _caption(sql, annotation)
            finally:
                sql.close()
    except OSError as error:
        raise BadSource(f"can't read {path}: {error.strerror}") from error
    except (ijson.JSONError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise BadSource(
            f"{path} is not laid out as COCO's captions are: {type(error).__name__}: {error}; "
            "it must hold images (id, file_name) and annotations (image_id, caption)"
        ) from error


def _caption(sql: sqlite3.Connection, annotation: dict[str, Any]) -> Rows:
    text = annotation.get("caption")
    found = sql.execute(
        "SELECT name FROM picture WHERE id = ?", (annotation["image_id"],)
    ).fetchone()
    if found and isinstance(text, str) and text.strip():
        yield found[0], Told((Caption(text.replace("\0", " ").strip()),))
