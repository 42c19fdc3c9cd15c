"""The writer of pictures: each call is one transaction and one entry in the change log."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog, log_changes
from search.catalog.contents import follow_edits
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces, now
from search.catalog.failures import forget_failures
from search.catalog.full_text import index_words
from search.catalog.picture_names import index_names
from search.catalog.picture_rows import (
    address,
    columns,
    insert,
    insert_captions,
    insert_embeddings,
    insert_fields,
    place,
    table_path,
    update_pictures,
)
from search.catalog.records import (
    BesidePicture,
    EmbeddedCaptions,
    EmbeddedPicture,
    FileState,
    path_hash,
)
from search.catalog.text_readings import forget_text
from search.catalog.visual_hashes import MAX_BITS, store_colours
from search.records import Collection

# Perceptual hashes are 64 bits, which SQL stores as signed numbers.
HASH_MASK = (1 << 64) - 1
WRITTEN = "written"
"""The origin of captions that somebody wrote in Limn; no run of the indexer removes them."""

# The field that a picture's own file may set, and the length of hashes from before it.
RATING = "rating"
DIGEST_BYTES = 16


class PictureWriter:
    """The writer of a catalog's pictures; picture files are never touched."""

    def __init__(self, database: Database, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def store(self, collection: Collection, batch: Sequence[EmbeddedPicture]) -> tuple[int, int]:
        """Store pictures, new or changed, whole; return how many were new and how many changed.

        A picture whose path is known keeps its id. A path may be in the batch once.
        """
        items = {path_hash(item.file.path): item for item in batch}
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            rows = _read_stored(sql, collection, list(items))
            ids = {row.path_hash: row.id for row in rows}
            edits = {
                bytes(row.content_hash): items[row.path_hash].file.content_hash
                for row in rows
                if _is_edit(row, items[row.path_hash])
            }
            changed_ids = list(ids.values())
            forget_text(sql, _of_other_content(rows, items))
            update_pictures(sql, [(ids[path], columns(items[path])) for path in ids])
            for table in (t.field, t.picture_embedding):
                delete_in(sql, table, table.c.picture_id, changed_ids)
            c = t.caption.c
            delete_in(sql, t.caption, c.picture_id, changed_ids, c.origin != WRITTEN)
            new = [path for path in items if path not in ids]
            if new:
                values = [
                    {**address(collection, items[path].file.path), **columns(items[path])}
                    for path in new
                ]
                ids |= zip(new, insert(sql, t.picture, values), strict=True)
            pairs = [(ids[path], item) for path, item in items.items()]
            insert_embeddings(sql, collection.space, pairs)
            insert_captions(
                sql, collection.space, [(picture_id, item.captions) for picture_id, item in pairs]
            )
            insert_fields(sql, [(picture_id, item.file.fields) for picture_id, item in pairs])
            store_colours(sql, {ids[path]: item.facts.colours for path, item in items.items()})
            index_words(sql, list(ids.values()))
            index_names(sql, list(ids.values()))
            forget_failures(sql, collection, [item.file.path for item in batch])
            follow_edits(sql, edits)
            _unmark_missing(sql, changed_ids)
            log_changes(sql, collection.id, list(ids.values()))
        return len(new), len(changed_ids)

    def refresh(self, collection: Collection, batch: Sequence[tuple[int, FileState]]) -> None:
        """Record new sizes and times of files whose content is unchanged."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            update_pictures(
                sql,
                [
                    (picture_id, {"size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns})
                    for picture_id, file in batch
                ],
            )
            forget_failures(sql, collection, [file.path for _, file in batch])

    def move(self, collection: Collection, batch: Sequence[tuple[int, FileState]]) -> None:
        """Set the new paths of moved pictures; their embeddings stay."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            # Files may have swapped paths: each leaves its path before any takes one.
            update_pictures(
                sql,
                [(picture_id, {"path_hash": b"moving %d" % picture_id}) for picture_id, _ in batch],
            )
            rows = [
                (
                    picture_id,
                    {
                        **place(file.path),
                        "size_bytes": file.size_bytes,
                        "mtime_ns": file.mtime_ns,
                        "listed_in": table_path(file),
                    },
                )
                for picture_id, file in batch
            ]
            update_pictures(sql, rows)
            forget_failures(sql, collection, [file.path for _, file in batch])
            ids = [picture_id for picture_id, _ in batch]
            index_names(sql, ids)
            _unmark_missing(sql, ids)
            log_changes(sql, collection.id, ids)

    def replace_captions(self, collection: Collection, batch: Sequence[BesidePicture]) -> None:
        """Replace the captions, fields and facts that a source gave pictures.

        The captions in their files stay, and so does a rating in them.
        """
        ids = [item.picture_id for item in batch]
        p, f = t.picture.c, t.field.c
        # Databases of old versions have no rating from a file: any is from the picture's source.
        from_files = sa.select(p.id).where(sa.func.length(p.captions_hash) > DIGEST_BYTES)
        own = (f.name == RATING) & f.picture_id.in_(from_files)
        rated_ids = [item.picture_id for item in batch if RATING in item.fields]
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            delete_in(sql, t.caption, t.caption.c.picture_id, ids, t.caption.c.origin == "source")
            delete_in(sql, t.field, f.picture_id, ids, ~own)
            delete_in(sql, t.field, f.picture_id, rated_ids, f.name == RATING)
            update_pictures(
                sql, [(item.picture_id, {"captions_hash": item.captions_hash}) for item in batch]
            )
            _update_facts(sql, batch)
            insert_captions(
                sql, collection.space, [(item.picture_id, item.captions) for item in batch]
            )
            insert_fields(sql, [(item.picture_id, item.fields) for item in batch])
            index_words(sql, ids)
            index_names(sql, ids)
            log_changes(sql, collection.id, ids)

    def write_caption(
        self, collection: Collection, picture_id: int, language: str, item: EmbeddedCaptions
    ) -> None:
        """Replace what was written in Limn about a picture in a language; nothing removes it.

        The captions that came with the picture stay, and so do written ones when they change.
        """
        c = t.caption.c
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            own = (c.origin == WRITTEN) & (c.language == language)
            delete_in(sql, t.caption, c.picture_id, [picture_id], own)
            insert_captions(sql, collection.space, [(picture_id, item)])
            index_words(sql, [picture_id])
            log_changes(sql, collection.id, [picture_id])

    def remove(self, collection: Collection, ids: Sequence[int]) -> None:
        """Remove pictures."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            delete_in(
                sql, t.picture, t.picture.c.id, ids, t.picture.c.collection_id == collection.id
            )
            log_changes(sql, collection.id, ids)

    def mark_missing(self, collection: Collection, ids: Sequence[int]) -> None:
        """Mark pictures whose files were not found; their data stays, and they are not shown."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            _unmark_missing(sql, ids)
            if ids:
                since = now()
                rows = [{"picture_id": picture_id, "since": since} for picture_id in ids]
                sql.execute(t.missing_picture.insert(), rows)
            log_changes(sql, collection.id, ids)

    def mark_found(self, collection: Collection, ids: Sequence[int]) -> None:
        """Show pictures again whose files were missing and are back."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            _unmark_missing(sql, ids)
            log_changes(sql, collection.id, ids)

    def forget_missing(self, collection: Collection) -> int:
        """Remove the pictures whose files are missing; return how many there were."""
        p = t.picture.c
        statement = sa.select(p.id, p.path).join(t.missing_picture)
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            rows = sql.execute(statement.where(p.collection_id == collection.id)).all()
            ids = [row.id for row in rows]
            delete_in(sql, t.picture, p.id, ids)
            log_changes(sql, collection.id, ids)
            # A container that comes back has to be opened then.
            folders = {Path(os.fsdecode(row.path)).parent for row in rows}
            above = {path_hash(path) for folder in folders for path in (folder, *folder.parents)}
            c = t.container.c
            delete_in(sql, t.container, c.path_hash, list(above), c.collection_id == collection.id)
        return len(ids)


def _read_stored(sql: Sql, collection: Collection, hashes: Sequence[bytes]) -> list[sa.Row[Any]]:
    """Return the pictures that a collection has at these paths, with their contents."""
    p = t.picture.c
    statement = sa.select(p.id, p.path_hash, p.content_hash, p.perceptual_hash)
    return in_pieces(sql, statement.where(p.collection_id == collection.id), p.path_hash, hashes)


def _of_other_content(
    rows: Sequence[sa.Row[Any]], items: Mapping[bytes, EmbeddedPicture]
) -> list[int]:
    """Return the ids of the pictures whose content changes: their text is of the former one."""
    return [
        row.id for row in rows if bytes(row.content_hash) != items[row.path_hash].file.content_hash
    ]


def _is_edit(row: sa.Row[Any], item: EmbeddedPicture) -> bool:
    """Return whether a file's new content looks like the old one: edited tags or tones."""
    if bytes(row.content_hash) == item.file.content_hash:
        return False
    before, after = row.perceptual_hash, item.facts.perceptual_hash
    if before is None or after is None:
        return False
    return int((before ^ after) & HASH_MASK).bit_count() <= MAX_BITS


def _unmark_missing(sql: Sql, picture_ids: Sequence[int]) -> None:
    """Remove the missing mark of pictures."""
    delete_in(sql, t.missing_picture, t.missing_picture.c.picture_id, picture_ids)


def _update_facts(sql: Sql, batch: Sequence[BesidePicture]) -> None:
    """Set the facts that the source gave pictures, if any."""
    p = t.picture.c
    update_pictures(
        sql, [(item.picture_id, {"taken_at": item.taken_at}) for item in batch if item.taken_at]
    )
    places = [(item.picture_id, item.place) for item in batch if item.place is not None]
    update_pictures(
        sql,
        [
            (picture_id, {"latitude": north, "longitude": east})
            for picture_id, (north, east) in places
        ],
    )
    statement = t.picture.update().where(p.id == sa.bindparam("picture_id"), p.taken_at.is_(None))
    for item in batch:
        if item.taken_at_else:
            sql.execute(
                statement.values(taken_at=item.taken_at_else), {"picture_id": item.picture_id}
            )
