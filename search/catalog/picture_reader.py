"""Pictures with their captions and fields, by their ids: how every answer is joined with SQL."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from search.catalog import tables as t
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.statements import in_pieces, path_hash
from search.records import Caption, Fields, Picture, PictureFacts


class Row(NamedTuple):
    """A picture, and one of its captions or fields; None in place of both where it has neither."""

    id: int
    collection: str
    path: bytes
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    format: str
    width_px: int
    height_px: int
    taken_at: str | None
    latitude: float | None
    longitude: float | None
    camera: str | None
    colours: str | None
    perceptual_hash: int | None
    text: str | None
    language: str | None
    kind: str
    origin: str
    field: str | None
    number: float | None


def pictures(database: Database, ids: Sequence[int]) -> dict[int, Picture]:
    """The pictures with these ids, by id; those that are gone or missing are left out."""
    listed = [int(each) for each in ids]
    found = database.rows(_told, ids=json.dumps(listed) if database.is_sqlite else listed)
    rows: dict[int, Row] = {}
    captions: dict[int, list[Caption]] = defaultdict(list)
    fields: dict[int, dict[str, str | float]] = defaultdict(dict)
    for row in map(Row._make, found):
        rows[row.id] = row
        if row.field is not None:
            fields[row.id][row.field] = (row.text or "") if row.number is None else row.number
        elif row.text is not None:
            captions[row.id].append(Caption(row.text, row.language, row.kind, row.origin))
    sizes = _file_sizes(database, [row for row in rows.values() if row.size_bytes == 0])
    return {
        each: _picture(_sized(row, sizes), captions[each], fields[each])
        for each, row in rows.items()
    }


def _file_sizes(database: Database, parts: Sequence[Row]) -> dict[bytes, int]:
    """Return the sizes of the films and animations that hold these frames, by path.

    Frames are stored without a size, so that a collection's size counts a film once at most.
    """
    if not parts:
        return {}
    c = t.container.c
    hashes = {path_hash(Path(os.fsdecode(os.path.dirname(row.path)))) for row in parts}
    with database.reading() as sql:
        rows = in_pieces(sql, sa.select(c.path, c.size_bytes), c.path_hash, list(hashes))
    return {bytes(row.path): row.size_bytes for row in rows}


def _sized(row: Row, sizes: Mapping[bytes, int]) -> Row:
    size_bytes = row.size_bytes or sizes.get(os.path.dirname(row.path), 0)
    return row._replace(size_bytes=size_bytes)


def ids_at(database: Database, paths: Sequence[Path], collections: Sequence[str] = ()) -> list[int]:
    """The ids of the pictures at one of these paths, in the named collections or in any."""
    p = t.picture.c
    hashes = [path_hash(each) for each in paths]
    statement = sa.select(p.id).where(p.path_hash.in_(hashes)).order_by(p.id)
    if collections:
        statement = statement.join(t.collection).where(t.collection.c.name.in_(collections))
    with database.reading() as sql:
        return list(sql.scalars(statement))


def paths_of(database: Database, content_hashes: Sequence[str]) -> dict[str, Path]:
    """Where pictures of these contents are indexed: a path for each hash in hex that is known."""
    p = t.picture.c
    hashes = [bytes.fromhex(each) for each in dict.fromkeys(content_hashes)]
    statement = sa.select(p.content_hash, p.path).order_by(p.id.desc())
    with database.reading() as sql:
        rows = in_pieces(sql, statement, p.content_hash, hashes)
    return {bytes(row.content_hash).hex(): Path(os.fsdecode(row.path)) for row in rows}


def _picture(row: Row, captions: Sequence[Caption], fields: Fields) -> Picture:
    first = {caption.text: caption for caption in reversed(captions)}
    facts = PictureFacts(
        format=row.format,
        width_px=row.width_px,
        height_px=row.height_px,
        taken_at=row.taken_at,
        latitude=row.latitude,
        longitude=row.longitude,
        camera=row.camera,
        colours=tuple(row.colours.split()) if row.colours else (),
        perceptual_hash=row.perceptual_hash,
        captions=tuple(each for each in captions if each is first[each.text]),
    )
    return Picture(
        id=row.id,
        collection=row.collection,
        path=Path(os.fsdecode(row.path)),
        size_bytes=row.size_bytes,
        mtime_ns=row.mtime_ns,
        content_hash=row.content_hash.hex(),
        facts=facts,
        fields=fields,
    )


def _told(is_sqlite: bool) -> sa.Select[Any]:
    """The pictures of `ids`, each once for each of its captions and fields, in one statement.

    Captions beside a picture come before those in its file.
    """
    c, f, nothing = t.caption.c, t.field.c, sa.cast(sa.null(), sa.Text)
    captions = sa.select(
        *(c.picture_id, c.id.label("place"), c.text, c.language, c.kind, c.origin),
        *(nothing.label("field"), sa.cast(sa.null(), sa.Float).label("number")),
    ).where(_asked(c.picture_id, is_sqlite))
    fields = sa.select(
        *(f.picture_id, sa.cast(sa.null(), sa.BigInteger), f.text, nothing, nothing, nothing),
        *(f.name, f.number),
    ).where(_asked(f.picture_id, is_sqlite))
    # The ids stand in both parts: neither database would carry them in from outside.
    told = sa.union_all(captions, fields).subquery("told")
    p = t.picture.c
    columns = {**told.c, **p, "collection": t.collection.c.name}
    return (
        sa.select(*(columns[name] for name in Row._fields))
        .select_from(t.picture.join(t.collection).outerjoin(told, told.c.picture_id == p.id))
        .where(_asked(p.id, is_sqlite), present())
        .order_by(p.id, told.c.field, told.c.origin.desc(), told.c.place)
    )


def _asked(column: sa.Column[Any], is_sqlite: bool) -> sa.ColumnElement[bool]:
    """Whether a column is one of `ids`: one value, however many they are."""
    if is_sqlite:
        each = sa.func.json_each(sa.bindparam("ids")).table_valued("value")
        return column.in_(sa.select(each.c.value))
    return column == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.BigInteger)))
