"""Pictures read from SQL: with captions and fields by id, their embeddings, paths and sizes."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import in_pieces, pieces
from search.catalog.database.vectors import from_blobs
from search.catalog.fact_columns import FACT_COLUMNS, from_columns
from search.catalog.records import path_hash
from search.catalog.text_records import parse_lines
from search.errors import NotFound
from search.packages.editions import present_name
from search.records import (
    FILM_SUFFIXES,
    Caption,
    Collection,
    Fields,
    Picture,
    TextLine,
    Vectors,
)


class Row(NamedTuple):
    """A picture, and one of its captions or fields, or the lines of the text in it, as JSON.

    Those of lines have the origin `LINES`. All is None where a picture has none of these.
    """

    id: int
    collection: str
    path: bytes
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    text: str | None
    language: str | None
    kind: str
    origin: str
    field: str | None
    number: float | None


LINES = "lines"
"""In place of a caption's origin, for the row of a picture's text."""


class IndexedFile(NamedTuple):
    """A picture's file: its path, its content's hash in hex, and its collection's encoder."""

    path: Path
    content: str
    encoder: str


COLUMNS = (*Row._fields, *FACT_COLUMNS)
"""The columns that are read: those of `Row`, then the facts."""

ROW_WIDTH = len(Row._fields)


class PictureReader:
    """The pictures of all collections, by their ids, paths and contents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_id(self, ids: Sequence[int]) -> dict[int, Picture]:
        """Return the pictures with these ids, by id, without removed and missing ones."""
        is_sqlite, plain_ids = self._database.is_sqlite, [int(picture_id) for picture_id in ids]
        value_rows = self._database.rows(
            _statement, ids=json.dumps(plain_ids) if is_sqlite else plain_ids
        )
        rows: dict[int, Row] = {}
        facts: dict[int, Sequence[Any]] = {}
        captions: dict[int, list[Caption]] = defaultdict(list)
        fields: dict[int, dict[str, str | float]] = defaultdict(dict)
        lines: dict[int, str | None] = {}
        for values in value_rows:
            row = Row._make(values[:ROW_WIDTH])
            rows[row.id], facts[row.id] = row, values
            if row.field is not None:
                fields[row.id][row.field] = (row.text or "") if row.number is None else row.number
            elif row.origin == LINES:
                lines[row.id] = row.text
            elif row.text is not None:
                captions[row.id].append(Caption(row.text, row.language, row.kind, row.origin))
        sizes = self._file_sizes([row for row in rows.values() if row.size_bytes == 0])
        return {
            picture_id: _picture(
                _with_size(row, sizes),
                facts[picture_id][ROW_WIDTH:],
                captions[picture_id],
                fields[picture_id],
                parse_lines(lines.get(picture_id)),
            )
            for picture_id, row in rows.items()
        }

    def one(self, picture_id: int) -> Picture:
        """Return one picture; raise NotFound if it was removed, or its file is missing."""
        pictures = self.by_id([picture_id])
        if picture_id not in pictures:
            raise self._not_there(picture_id)
        return pictures[picture_id]

    def _not_there(self, picture_id: int) -> NotFound:
        m = t.missing_picture.c
        with self._database.read_transaction() as sql:
            since = sql.scalar(sa.select(m.since).where(m.picture_id == picture_id))
        if since is None:
            return _unknown_picture(picture_id)
        return NotFound(
            "picture-missing",
            "picture {id} is missing: its file was not found on {since}; "
            "it is kept, and is back once its file is found by an index run",
            id=picture_id,
            since=since[:10],
        )

    def _file_sizes(self, frames: Sequence[Row]) -> dict[bytes, int]:
        """Return the sizes of the films and animations with these frames, by path.

        Frames are stored without a size, so that a collection's size counts a film once at most.
        """
        if not frames:
            return {}
        c = t.container.c
        hashes = {path_hash(Path(os.fsdecode(os.path.dirname(row.path)))) for row in frames}
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, sa.select(c.path, c.size_bytes), c.path_hash, list(hashes))
        return {bytes(row.path): row.size_bytes for row in rows}

    def with_captions(self, collection: Collection) -> Iterator[Picture]:
        """Yield every picture of a collection that has a caption, by id, with its captions."""
        c, p = t.caption.c, t.picture.c
        statement = (
            sa.select(p.id)
            .where(p.collection_id == collection.id, p.id.in_(sa.select(c.picture_id)), present())
            .order_by(p.id)
        )
        with self._database.read_transaction() as sql:
            ids = list(sql.scalars(statement))
        for piece in pieces(ids):
            pictures = self.by_id(piece)
            yield from (pictures[picture_id] for picture_id in piece if picture_id in pictures)

    def newest_captions(self, collection: Collection, pictures: int) -> list[Caption]:
        """Return the captions of the newest pictures of a collection."""
        p, c = t.picture.c, t.caption.c
        newest = sa.select(p.id).where(p.collection_id == collection.id).order_by(p.id.desc())
        columns = (c.text, c.language, c.kind, c.origin)
        statement = sa.select(*columns).where(c.picture_id.in_(newest.limit(pictures)))
        with self._database.read_transaction() as sql:
            return [Caption(*row) for row in sql.execute(statement)]

    def content_hash(self, picture_id: int) -> str:
        """Return the hash of a picture's file as indexed, as hex; raise NotFound if removed."""
        statement = sa.select(t.picture.c.content_hash).where(t.picture.c.id == picture_id)
        with self._database.read_transaction() as sql:
            digest = sql.scalar(statement)
        if digest is None:
            raise _unknown_picture(picture_id)
        return bytes(digest).hex()

    def vectors(self, ids: Sequence[int], space_id: str) -> dict[int, Vectors]:
        """Return the embeddings (width,) of pictures in a space, by id, of those that have one.

        A missing picture still has its embedding: a query can use it.
        """
        e = t.picture_embedding.c
        statement = sa.select(e.picture_id, e.vector, t.space.c.width)
        statement = statement.select_from(t.picture_embedding.join(t.space))
        statement = statement.where(e.space_id == space_id)
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, e.picture_id, ids)
        return {row.picture_id: from_blobs([row.vector], row.width)[0] for row in rows}

    def ids_at(self, paths: Sequence[Path], collections: Sequence[str] = ()) -> list[int]:
        """Return the ids of the pictures at these paths, in the named collections or in any."""
        p = t.picture.c
        hashes = [path_hash(path) for path in paths]
        statement = sa.select(p.id).where(p.path_hash.in_(hashes)).order_by(p.id)
        if collections:
            statement = statement.join(t.collection).where(t.collection.c.name.in_(collections))
        with self._database.read_transaction() as sql:
            return list(sql.scalars(statement))

    def paths_of(self, content_hashes: Sequence[str]) -> dict[str, Path]:
        """Return the paths of pictures with these contents, one for each known hash in hex."""
        p = t.picture.c
        hashes = [bytes.fromhex(digest) for digest in dict.fromkeys(content_hashes)]
        statement = sa.select(p.content_hash, p.path).order_by(p.id.desc())
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.content_hash, hashes)
        return {bytes(row.content_hash).hex(): Path(os.fsdecode(row.path)) for row in rows}

    def files_of(self, ids: Sequence[int]) -> dict[int, IndexedFile]:
        """Return the files of pictures, missing ones too, by id, without removed ones."""
        p = t.picture.c
        encoder = (t.space.c.id.label("space_id"), t.space.c.encoder)
        statement = sa.select(p.id, p.path, p.content_hash, *encoder)
        statement = statement.select_from(t.picture.join(t.collection).join(t.space))
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.id, ids)
        return {
            row.id: IndexedFile(
                Path(os.fsdecode(row.path)),
                bytes(row.content_hash).hex(),
                present_name(row.encoder, row.space_id),
            )
            for row in rows
        }

    def with_contents(
        self, content_hashes: Sequence[str], collection_ids: Sequence[int]
    ) -> dict[str, int]:
        """Return the id of a picture in these collections for each content's hash in hex."""
        p = t.picture.c
        hashes = [bytes.fromhex(digest) for digest in content_hashes]
        statement = sa.select(p.content_hash, p.id).where(p.collection_id.in_(collection_ids))
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement.order_by(p.id.desc()), p.content_hash, hashes)
        return {bytes(row.content_hash).hex(): row.id for row in rows}  # the first of copies

    def films(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the films that pictures are frames of, by id, without other pictures."""
        p, n = t.picture.c, t.picture_names.c
        statement = sa.select(p.id, n.folder).where(n.picture_id == p.id, p.size_bytes == 0)
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.id, ids)
        return {row.id: row.folder for row in rows if row.folder.lower().endswith(FILM_SUFFIXES)}

    def sizes_px(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return the width and the height of pictures, by id, without removed ones."""
        p = t.picture.c
        statement = sa.select(p.id, p.width_px, p.height_px)
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.id, ids)
        return {row.id: (row.width_px, row.height_px) for row in rows}


def _unknown_picture(picture_id: int) -> NotFound:
    return NotFound(
        "unknown-picture",
        "there is no picture {id}; it may have been removed",
        id=picture_id,
    )


def _with_size(row: Row, sizes: Mapping[bytes, int]) -> Row:
    size_bytes = row.size_bytes or sizes.get(os.path.dirname(row.path), 0)
    return row._replace(size_bytes=size_bytes)


def _picture(
    row: Row,
    facts: Sequence[Any],
    captions: Sequence[Caption],
    fields: Fields,
    text: tuple[TextLine, ...],
) -> Picture:
    first = {caption.text: caption for caption in reversed(captions)}
    return Picture(
        id=row.id,
        collection=row.collection,
        path=Path(os.fsdecode(row.path)),
        size_bytes=row.size_bytes,
        mtime_ns=row.mtime_ns,
        content_hash=row.content_hash.hex(),
        facts=from_columns(
            facts, tuple(caption for caption in captions if caption is first[caption.text])
        ),
        fields=fields,
        text=text,
    )


def _statement(is_sqlite: bool) -> sa.Select[Any]:
    """Select the pictures of `ids` in one statement: a row for each caption, field and text.

    Captions from the source come before those in the picture's file.
    """
    c, f, nothing = t.caption.c, t.field.c, sa.cast(sa.null(), sa.Text)
    captions = sa.select(
        *(c.picture_id, c.id.label("place"), c.text, c.language, c.kind, c.origin),
        *(nothing.label("field"), sa.cast(sa.null(), sa.Float).label("number")),
    ).where(_is_wanted(c.picture_id, is_sqlite))
    fields = sa.select(
        *(f.picture_id, sa.cast(sa.null(), sa.BigInteger), f.text, nothing, nothing, nothing),
        *(f.name, f.number),
    ).where(_is_wanted(f.picture_id, is_sqlite))
    x = t.picture_text.c
    lines = sa.select(
        *(x.picture_id, sa.cast(sa.null(), sa.BigInteger), x.lines, nothing, nothing),
        *(sa.literal_column(f"'{LINES}'"), nothing, sa.cast(sa.null(), sa.Float)),
    ).where(_is_wanted(x.picture_id, is_sqlite))
    # The ids are in each part: neither database would carry them in from outside.
    texts = sa.union_all(captions, fields, lines).subquery("texts")
    p = t.picture.c
    columns = {**texts.c, **p, "collection": t.collection.c.name}
    return (
        sa.select(*(columns[name] for name in COLUMNS))
        .select_from(t.picture.join(t.collection).outerjoin(texts, texts.c.picture_id == p.id))
        .where(_is_wanted(p.id, is_sqlite), present())
        .order_by(p.id, texts.c.field, texts.c.origin.desc(), texts.c.place)
    )


def _is_wanted(column: sa.Column[Any], is_sqlite: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of `ids`: one value, however many they are."""
    if is_sqlite:
        elements = sa.func.json_each(sa.bindparam("ids")).table_valued("value")
        return column.in_(sa.select(elements.c.value))
    return column == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.BigInteger)))
