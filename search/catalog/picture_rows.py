"""The rows of a picture in SQL's tables, made from records and inserted."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, now
from search.catalog.database.vectors import to_blobs
from search.catalog.fact_columns import to_columns
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState, path_hash
from search.records import Collection, Fields, Space


def insert(sql: Sql, table: sa.Table, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their new ids in the same order."""
    statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
    return list(sql.scalars(statement, rows))


def update_pictures(sql: Sql, changes: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Set columns of pictures by id, in one statement for all; each sets the same columns."""
    if changes:
        statement = t.picture.update().where(t.picture.c.id == sa.bindparam("picture_id"))
        sql.execute(
            statement, [{"picture_id": picture_id, **values} for picture_id, values in changes]
        )


def insert_fields(sql: Sql, batch: Sequence[tuple[int, Fields]]) -> None:
    """Insert the fields of pictures, by the pictures' ids."""
    rows = [
        {
            "picture_id": picture_id,
            "name": name,
            "text": value if isinstance(value, str) else None,
            "number": None if isinstance(value, str) else value,
        }
        for picture_id, fields in batch
        for name, value in fields.items()
    ]
    if rows:
        sql.execute(t.field.insert(), rows)


def insert_captions(sql: Sql, space: Space, batch: Sequence[tuple[int, EmbeddedCaptions]]) -> None:
    """Insert the captions of pictures and their embeddings, by the pictures' ids."""
    rows = [
        {"picture_id": picture_id, **asdict(caption)}
        for picture_id, item in batch
        for caption in item.captions
    ]
    vectors = [blob for _, item in batch for blob in to_blobs(item.vectors)]
    if rows:
        sql.execute(
            t.caption_embedding.insert(),
            [
                {"caption_id": caption_id, "space_id": space.id, "vector": vector}
                for caption_id, vector in zip(insert(sql, t.caption, rows), vectors, strict=True)
            ],
        )


def insert_embeddings(sql: Sql, space: Space, batch: Sequence[tuple[int, EmbeddedPicture]]) -> None:
    """Insert the embeddings of pictures, by the pictures' ids."""
    sql.execute(
        t.picture_embedding.insert(),
        [
            {"picture_id": picture_id, "space_id": space.id, "vector": vector}
            for picture_id, item in batch
            for vector in to_blobs(item.vector[None])
        ],
    )


def address(collection: Collection, path: Path) -> dict[str, Any]:
    """Return the columns that name a row's collection and file."""
    return {"collection_id": collection.id, **place(path)}


def place(path: Path) -> dict[str, bytes]:
    """Return the columns of a path."""
    return {"path": os.fsencode(path), "path_hash": path_hash(path)}


def table_path(file: FileState) -> bytes | None:
    """Return the path of the table that named a file, as bytes."""
    return None if file.listed_in is None else os.fsencode(file.listed_in)


def columns(item: EmbeddedPicture) -> dict[str, Any]:
    """Return the columns of `picture` that depend on the file."""
    file = item.file
    return {
        "size_bytes": file.size_bytes,
        "mtime_ns": file.mtime_ns,
        "content_hash": file.content_hash,
        "captions_hash": file.captions_hash,
        **to_columns(item.facts),
        "listed_in": table_path(file),
        "indexed_at": now(),
    }
