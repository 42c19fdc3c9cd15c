"""The catalog: every SQL statement. SQL is the truth; an index only follows its change log."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from search.catalog import tables as t
from search.catalog.adapters import Adapters
from search.catalog.boards import Boards
from search.catalog.caption_embeddings import embedded_captions
from search.catalog.caption_ids import caption_id, every_caption
from search.catalog.change_log import Heads
from search.catalog.concepts import Concepts
from search.catalog.contents import follow_edits, present
from search.catalog.database import Database
from search.catalog.epochs import Epochs
from search.catalog.filters import CatalogFilters
from search.catalog.full_text import CatalogWords, index_words
from search.catalog.jobs import Jobs
from search.catalog.marks import Marks
from search.catalog.picture_reader import pictures
from search.catalog.records import (
    BesidePicture,
    Changes,
    Collection,
    CollectionSummary,
    EmbeddedCaptions,
    EmbeddedPicture,
    Failure,
    FileState,
)
from search.catalog.saved_searches import SavedSearches
from search.catalog.statements import (
    IN_LIMIT,
    Sql,
    below,
    delete_in,
    in_pieces,
    now,
    path_hash,
    pieces,
)
from search.catalog.visual_hashes import MOST_BITS, store_colours
from search.catalog.writer_lock import check_lock
from search.errors import DatabaseUnavailable, NotFound, SpaceMismatch
from search.records import Fields, Picture, Space, Vectors
from search.text.characters import composed, forms, storable

# Locks for what concerns no one collection; their ids begin at 1.
EVERY_COLLECTION = 0

# Perceptual hashes are 64 bits, which SQL holds as signed numbers.
HASH_MASK = (1 << 64) - 1
# The field that a picture's own file may give, and how long the hashes were that knew of none.
RATING = "rating"
DIGEST_BYTES = 16


class Catalog:
    """Collections, pictures, captions, embeddings, jobs and failures of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.words = CatalogWords(database)
        self.filters = CatalogFilters(database)
        self.adapters = Adapters(database)
        self.boards = Boards(database)
        self.concepts = Concepts(database)
        self.epochs = Epochs(database)
        self.jobs = Jobs(database)
        self.marks = Marks(database)
        self.saved = SavedSearches(database)
        self._heads = Heads(database)

    def identity(self) -> str:
        """The catalog's own id; index files carry it."""
        with self.database.reading() as sql:
            return str(sql.scalars(sa.select(t.catalog.c.id)).one())

    # -- collections

    def collections(self, names: Sequence[str] = ()) -> list[Collection]:
        """The collections with these names, or all of them, by name.

        Raises:
            NotFound: a name is not known; the message lists those that are.
        """
        return [collection for collection, _ in self.collections_with_heads(names)]

    def collections_with_heads(self, names: Sequence[str] = ()) -> list[tuple[Collection, int]]:
        """As `collections`, each with the number of its last change, in at most one statement."""
        found = self._heads.read()
        known = {collection.name for collection, _ in found}
        wanted = set()
        for name in names:
            held = next((each for each in forms(name) if each in known), None)
            if held is None:
                listed = ", ".join(sorted(known)) or "none yet; make one with: limn index PATH"
                raise NotFound(f"there is no collection {name!r}; the collections are: {listed}")
            wanted.add(held)
        return [each for each in found if not names or each[0].name in wanted]

    def open_collection(self, name: str, space: Space) -> Collection:
        """The collection of that name in the space that it has, or made now in `space`."""
        with self.database.writing() as sql:
            self._lock(sql, EVERY_COLLECTION)
            known = sql.scalar(sa.select(t.space.c.id).where(t.space.c.id == space.id))
            if known is None:
                sql.execute(t.space.insert().values(**asdict(space), created_at=now()))
            named = t.collection.c.name.in_(forms(name))
            if sql.scalar(sa.select(t.collection.c.id).where(named)) is None:
                made = {"name": composed(name), "space_id": space.id, "created_at": now()}
                sql.execute(t.collection.insert().values(made))
        [collection] = self.collections([name])
        return collection

    def take_space(self, collection: Collection, space: Space) -> Collection:
        """Give a collection a space, which only an empty one can change.

        The same space under another specification stays the same: from now on that one opens it.

        The caller holds the writer lock, so that no other indexer fills it meanwhile.

        Raises:
            SpaceMismatch: it holds pictures that another encoder embedded.
            NotFound: it was removed since.
        """
        [now] = self.collections([collection.name])
        if now.space == space:
            return now
        p = t.picture.c
        with self.database.writing() as sql:
            self._lock(sql, now.id)
            if now.space.id == space.id:
                named = t.space.update().where(t.space.c.id == space.id)
                sql.execute(named.values(encoder=space.encoder))
                return Collection(now.id, now.name, space)
            if sql.scalar(sa.select(p.id).where(p.collection_id == now.id).limit(1)) is not None:
                raise SpaceMismatch(_other_space(now, space))
            sql.execute(
                t.collection.update().where(t.collection.c.id == now.id).values(space_id=space.id)
            )
        return Collection(now.id, now.name, space)

    def remove_collection(self, collection: Collection) -> None:
        """Forget a collection and all it holds; the picture files are never touched."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            sql.execute(t.collection.delete().where(t.collection.c.id == collection.id))

    def summaries(self, names: Sequence[str] = ()) -> list[CollectionSummary]:
        """What each collection holds, for lists; raises NotFound as `collections` does."""
        found = self.collections(names)
        mine = t.picture.c.collection_id
        pictures = (
            sa.select(mine, sa.func.count(), sa.func.sum(t.picture.c.size_bytes))
            .where(present())
            .group_by(mine)
        )
        captions = sa.select(mine, sa.func.count()).join(t.caption).where(present()).group_by(mine)
        missing = sa.select(mine, sa.func.count()).join(t.missing_picture).group_by(mine)
        failures = sa.select(t.failure.c.collection_id, sa.func.count()).group_by(
            t.failure.c.collection_id
        )
        jobs = sa.select(t.job.c.collection_id, sa.func.max(t.job.c.updated_at)).group_by(
            t.job.c.collection_id
        )
        made = sa.select(t.collection.c.id, t.collection.c.created_at)
        with self.database.reading() as sql:
            held = {row[0]: (row[1], int(row[2])) for row in sql.execute(pictures)}
            captioned, failed, updated, created, away = (
                {row[0]: row[1] for row in sql.execute(statement)}
                for statement in (captions, failures, jobs, made, missing)
            )
        return [
            CollectionSummary(
                name=collection.name,
                space=collection.space,
                pictures=held.get(collection.id, (0, 0))[0],
                captions=captioned.get(collection.id, 0),
                failures=failed.get(collection.id, 0),
                missing=away.get(collection.id, 0),
                size_bytes=held.get(collection.id, (0, 0))[1],
                created_at=created.get(collection.id, ""),
                updated_at=updated.get(collection.id),
            )
            for collection in found
        ]

    # -- reading pictures

    def pictures(self, ids: Sequence[int]) -> dict[int, Picture]:
        """The pictures with these ids and their captions; those gone or missing are left out."""
        return pictures(self.database, ids)

    def picture(self, picture_id: int) -> Picture:
        """One picture; raises NotFound where there is none with that id, or its file is missing."""
        found = self.pictures([picture_id])
        if picture_id not in found:
            raise self._not_there(picture_id)
        return found[picture_id]

    def _not_there(self, picture_id: int) -> NotFound:
        m = t.missing_picture.c
        with self.database.reading() as sql:
            since = sql.scalar(sa.select(m.since).where(m.picture_id == picture_id))
        if since is None:
            return NotFound(f"there is no picture {picture_id}; it may have been removed")
        return NotFound(
            f"picture {picture_id} is missing: its file was not found on {since[:10]}; "
            "it is kept, and is back once its file is found by an index run"
        )

    def content_hash(self, picture_id: int) -> str:
        """What a picture's file held when it was indexed, as hex; raises NotFound as `picture`."""
        statement = sa.select(t.picture.c.content_hash).where(t.picture.c.id == picture_id)
        with self.database.reading() as sql:
            found = sql.scalar(statement)
        if found is None:
            raise NotFound(f"there is no picture {picture_id}; it may have been removed")
        return bytes(found).hex()

    def captioned(self, collection: Collection) -> Iterator[Picture]:
        """Every picture of a collection that has a caption, by id, with its captions."""
        c, p = t.caption.c, t.picture.c
        statement = (
            sa.select(p.id)
            .where(p.collection_id == collection.id, p.id.in_(sa.select(c.picture_id)), present())
            .order_by(p.id)
        )
        with self.database.reading() as sql:
            ids = list(sql.scalars(statement))
        for piece in pieces(ids):
            found = self.pictures(piece)
            yield from (found[each] for each in piece if each in found)

    def picture_vector(self, picture_id: int) -> tuple[Collection, Vectors]:
        """A picture's collection and its embedding (width,) in the collection's space.

        Raises:
            NotFound: no picture has that id.
        """
        found = self.picture_vectors([picture_id])
        if picture_id not in found:
            raise NotFound(f"there is no picture {picture_id}; it may have been removed")
        return found[picture_id]

    def picture_vectors(self, ids: Sequence[int]) -> dict[int, tuple[Collection, Vectors]]:
        """As `picture_vector`, of several; those that are gone are left out.

        A missing picture has its embedding still: it can be searched by.
        """
        p, e, c, s = t.picture, t.picture_embedding, t.collection, t.space
        statement = (
            sa.select(p.c.id, c.c.id.label("collection_id"), c.c.name, e.c.space_id)
            .add_columns(s.c.encoder, s.c.width, e.c.vector)
            .select_from(p.join(c).join(s).join(e, e.c.picture_id == p.c.id))
            .where(e.c.space_id == c.c.space_id)
        )
        with self.database.reading() as sql:
            rows = in_pieces(sql, statement, p.c.id, ids)
        found = {}
        for row in rows:
            space = Space(row.space_id, row.encoder, row.width)
            collection = Collection(row.collection_id, row.name, space)
            found[row.id] = (collection, _vectors([row.vector], row.width)[0])
        return found

    # -- writing pictures: each call is one transaction and leaves its mark in the change log

    def store_pictures(
        self, collection: Collection, batch: Sequence[EmbeddedPicture]
    ) -> tuple[int, int]:
        """Store pictures, new or changed, whole; returns how many were new and how many changed.

        A picture whose path is known keeps its id. Each path may stand in the batch once.
        """
        items = {path_hash(item.file.path): item for item in batch}
        p = t.picture.c
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            columns = sa.select(p.id, p.path_hash, p.content_hash, p.perceptual_hash)
            rows = in_pieces(
                sql, columns.where(p.collection_id == collection.id), p.path_hash, list(items)
            )
            ids = {row.path_hash: row.id for row in rows}
            edits = {
                bytes(row.content_hash): items[row.path_hash].file.content_hash
                for row in rows
                if _is_edit(row, items[row.path_hash])
            }
            changed = list(ids.values())
            _update(sql, [(ids[path], _columns(items[path])) for path in ids])
            for table in (t.caption, t.field, t.picture_embedding):
                delete_in(sql, table, table.c.picture_id, changed)
            new = [path for path in items if path not in ids]
            if new:
                values = [
                    {**_address(collection, items[path].file.path), **_columns(items[path])}
                    for path in new
                ]
                ids |= zip(new, _insert(sql, t.picture, values), strict=True)
            sql.execute(
                t.picture_embedding.insert(),
                [
                    {"picture_id": ids[path], "space_id": collection.space.id, "vector": vector}
                    for path, item in items.items()
                    for vector in _blobs(item.vector[None])
                ],
            )
            _insert_captions(
                sql, collection.space, [(ids[path], item.captions) for path, item in items.items()]
            )
            _insert_fields(sql, [(ids[path], item.file.fields) for path, item in items.items()])
            store_colours(sql, {ids[path]: item.facts.colours for path, item in items.items()})
            index_words(sql, list(ids.values()))
            self._forget_failures(sql, collection, list(items))
            follow_edits(sql, edits)
            _find_again(sql, changed)
            _log(sql, collection.id, list(ids.values()))
        return len(new), len(changed)

    def refresh_files(self, collection: Collection, batch: Sequence[tuple[int, FileState]]) -> None:
        """Note new sizes and times of files whose content is as it was."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            _update(
                sql,
                [
                    (picture_id, {"size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns})
                    for picture_id, file in batch
                ],
            )
            self._forget_failures(sql, collection, [path_hash(file.path) for _, file in batch])

    def move_pictures(self, collection: Collection, batch: Sequence[tuple[int, FileState]]) -> None:
        """Give pictures the paths that their files have now; their embeddings stay."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            # Files may have changed places: each leaves its path before any takes one.
            _update(
                sql,
                [(each, {"path_hash": b"moving %d" % each}) for each, _ in batch],
            )
            rows = [
                (
                    picture_id,
                    {
                        **_place(file.path),
                        "size_bytes": file.size_bytes,
                        "mtime_ns": file.mtime_ns,
                        "listed_in": _listed(file),
                    },
                )
                for picture_id, file in batch
            ]
            _update(sql, rows)
            self._forget_failures(sql, collection, [path_hash(file.path) for _, file in batch])
            ids = [picture_id for picture_id, _ in batch]
            _find_again(sql, ids)
            _log(sql, collection.id, ids)

    def replace_captions(self, collection: Collection, batch: Sequence[BesidePicture]) -> None:
        """Replace what stands beside pictures.

        The captions in their files stay, and so does a rating in them.
        """
        ids = [each.picture_id for each in batch]
        p, f = t.picture.c, t.field.c
        # Databases of old versions hold no rating out of a file: any is of the picture's source.
        from_files = sa.select(p.id).where(sa.func.length(p.captions_hash) > DIGEST_BYTES)
        own = (f.name == RATING) & f.picture_id.in_(from_files)
        rated = [each.picture_id for each in batch if RATING in each.fields]
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            delete_in(sql, t.caption, t.caption.c.picture_id, ids, t.caption.c.origin == "source")
            delete_in(sql, t.field, f.picture_id, ids, ~own)
            delete_in(sql, t.field, f.picture_id, rated, f.name == RATING)
            _update(
                sql, [(each.picture_id, {"captions_hash": each.captions_hash}) for each in batch]
            )
            _update_facts(sql, batch)
            _insert_captions(
                sql, collection.space, [(each.picture_id, each.captions) for each in batch]
            )
            _insert_fields(sql, [(each.picture_id, each.fields) for each in batch])
            index_words(sql, ids)
            _log(sql, collection.id, ids)

    def remove_pictures(self, collection: Collection, ids: Sequence[int]) -> None:
        """Forget pictures; the files are never touched."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            delete_in(
                sql, t.picture, t.picture.c.id, ids, t.picture.c.collection_id == collection.id
            )
            _log(sql, collection.id, ids)

    def mark_missing(self, collection: Collection, ids: Sequence[int]) -> None:
        """Keep pictures whose files were not found with all they have, and show them nowhere."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            _find_again(sql, ids)
            if ids:
                since = now()
                rows = [{"picture_id": each, "since": since} for each in ids]
                sql.execute(t.missing_picture.insert(), rows)
            _log(sql, collection.id, ids)

    def mark_found(self, collection: Collection, ids: Sequence[int]) -> None:
        """Show pictures again whose files were missing and are back."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            _find_again(sql, ids)
            _log(sql, collection.id, ids)

    def missing_folders(self, collection: Collection) -> dict[Path, int]:
        """How many pictures are missing by the folder they were in, or the container, by path."""
        p = t.picture.c
        statement = (
            sa.select(p.path).join(t.missing_picture).where(p.collection_id == collection.id)
        )
        with self.database.reading() as sql:
            paths = sql.scalars(statement.execution_options(yield_per=IN_LIMIT))
            counts = Counter(os.path.dirname(path) for path in paths)
        return {Path(os.fsdecode(folder)): counts[folder] for folder in sorted(counts)}

    def forget_missing(self, collection: Collection) -> int:
        """Forget the pictures whose files are missing; returns how many there were."""
        p = t.picture.c
        statement = sa.select(p.id, p.path).join(t.missing_picture)
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            rows = sql.execute(statement.where(p.collection_id == collection.id)).all()
            ids = [row.id for row in rows]
            delete_in(sql, t.picture, p.id, ids)
            _log(sql, collection.id, ids)
            # A container that comes back is to be opened then.
            folders = {Path(os.fsdecode(row.path)).parent for row in rows}
            above = {path_hash(path) for each in folders for path in (each, *each.parents)}
            c = t.container.c
            delete_in(sql, t.container, c.path_hash, list(above), c.collection_id == collection.id)
        return len(ids)

    # -- the change log

    def head(self, collection_id: int) -> int:
        """The number of the collection's last change; 0 before the first."""
        statement = sa.select(sa.func.max(t.change.c.seq)).where(
            t.change.c.collection_id == collection_id
        )
        with self.database.reading() as sql:
            return sql.scalar(statement) or 0

    def changes_after(
        self, collection: Collection, position: int, limit: int = 8_192
    ) -> Iterator[Changes]:
        """The changes past `position`, oldest first, at most `limit` at a time.

        The log names each picture once, so reading it from 0 gives the whole collection.
        """
        c, e = t.change, t.picture_embedding
        away = sa.select(t.missing_picture.c.picture_id)
        mine = (e.c.picture_id == c.c.picture_id) & (e.c.space_id == collection.space.id)
        mine &= c.c.picture_id.not_in(away)
        statement = (
            sa.select(c.c.seq, c.c.picture_id, e.c.vector)
            .select_from(c.outerjoin(e, mine))
            .where(c.c.collection_id == collection.id)
            .order_by(c.c.seq)
            .limit(limit)
        )
        while True:
            with self.database.reading() as sql:
                rows = sql.execute(statement.where(c.c.seq > position)).all()
            if not rows:
                return
            held = [row for row in rows if row.vector is not None]
            position = rows[-1].seq
            yield Changes(
                position=position,
                ids=np.array([row.picture_id for row in held], dtype=np.int64),
                vectors=_vectors([row.vector for row in held], collection.space.width),
                removed=np.array(
                    [row.picture_id for row in rows if row.vector is None], dtype=np.int64
                ),
            )

    def caption_changes_after(
        self, collection: Collection, position: int, limit: int = 2_048
    ) -> Iterator[Changes]:
        """As `changes_after`, of the captions: their ids are those of `search.captionids`.

        From 0 on only pictures with captions are read: of a million without any, one statement.
        """
        log = t.change.c
        statement = (
            sa.select(log.seq, log.picture_id)
            .where(log.collection_id == collection.id)
            .order_by(log.seq)
            .limit(limit)
        )
        fresh, head = position == 0, 0  # nothing is held yet, so nothing is to be dropped
        if fresh:
            head = self.head(collection.id)  # before they are read: what changes then comes later
            captioned = sa.exists().where(t.caption.c.picture_id == log.picture_id)
            statement = statement.where(log.seq <= head, captioned)
        while True:
            with self.database.reading() as sql:
                rows = sql.execute(statement.where(log.seq > position)).all()
                changed = [row.picture_id for row in rows]
                told = embedded_captions(sql, collection.space.id, changed)
            if not rows:
                break
            position = rows[-1].seq
            ids = np.array([caption_id(*each) for each, _ in told], dtype=np.int64)
            yield Changes(
                position=position,
                ids=ids,
                vectors=_vectors([vector for _, vector in told], collection.space.width),
                removed=ids[:0] if fresh else np.setdiff1d(every_caption(changed), ids),
            )
        if head > position:
            none = np.empty(0, np.int64)
            yield Changes(head, none, _vectors([], collection.space.width), none)

    # -- failures

    def record_failures(self, collection: Collection, batch: Sequence[Failure]) -> None:
        """Note files that could not be indexed, each under its last reason."""
        rows = [
            {
                **_address(collection, failure.path),
                "reason": failure.reason,
                "detail": storable(failure.detail),
                "size_bytes": failure.size_bytes,
                "mtime_ns": failure.mtime_ns,
                "seen_at": now(),
            }
            for failure in batch
        ]
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            self._forget_failures(sql, collection, [row["path_hash"] for row in rows])
            sql.execute(t.failure.insert(), rows)

    def failures(self, collection_id: int, under: Path | None = None) -> list[Failure]:
        """The files that could not be indexed, by path, at or below a path or all of them."""
        f = t.failure.c
        statement = sa.select(f.path, f.reason, f.detail, f.size_bytes, f.mtime_ns).where(
            f.collection_id == collection_id
        )
        if under is not None:
            statement = statement.where(below(f.path, under))
        with self.database.reading() as sql:
            return [
                Failure(
                    Path(os.fsdecode(row.path)),
                    row.reason,
                    row.detail,
                    row.size_bytes,
                    row.mtime_ns,
                )
                for row in sql.execute(statement.order_by(f.path))
            ]

    def forget_failures(self, collection: Collection, paths: Sequence[Path]) -> None:
        """Drop failures of files that are gone or can be read again."""
        with self.database.writing() as sql:
            self._lock(sql, collection.id)
            self._forget_failures(sql, collection, [path_hash(path) for path in paths])

    def _forget_failures(self, sql: Sql, collection: Collection, hashes: Sequence[bytes]) -> None:
        f = t.failure.c
        delete_in(sql, t.failure, f.path_hash, hashes, f.collection_id == collection.id)

    def sources(self, name: str) -> list[Path]:
        """The paths that a collection was indexed from; none for a name that is not known."""
        statement = (
            sa.select(t.job.c.source)
            .distinct()
            .join(t.collection)
            .where(t.collection.c.name.in_(forms(name)))
        )
        with self.database.reading() as sql:
            return [Path(os.fsdecode(source)) for source in sql.scalars(statement)]

    def _lock(self, sql: Sql, collection_id: int) -> None:
        """Let one transaction at a time write to a collection, so that log order is commit order.

        SQLite has one writer anyway; a PostgreSQL sequence hands out numbers before the commit.

        Raises:
            LockLost: this process had the writer lock, and has lost it.
        """
        check_lock(self.database, sql, collection_id)
        if collection_id != EVERY_COLLECTION:
            self.epochs.go_on(sql, collection_id)


def _other_space(held: Collection, wanted: Space) -> str:
    encoder = held.space.encoder
    same = encoder == wanted.encoder
    return (
        f"collection {held.name!r} holds vectors of {held.space.id!r} (encoder {encoder}), but "
        f"this encoder makes {wanted.id!r}; "
        + ("the encoder has changed since" if same else f"index with --encoder {encoder}")
        + f", choose another --collection, or begin anew after: limn remove {held.name}"
    )


def _new_id(sql: Sql, statement: sa.Insert) -> int:
    key = sql.execute(statement).inserted_primary_key
    assert key is not None  # every statement that comes here inserts one row with a generated key
    return int(key[0])


def _insert(sql: Sql, table: sa.Table, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their new ids in the same order."""
    statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
    return list(sql.scalars(statement, rows))


def _update(sql: Sql, changes: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Set columns of pictures by id, in one statement that runs for each; all set the same ones."""
    if changes:
        statement = t.picture.update().where(t.picture.c.id == sa.bindparam("picture_id"))
        sql.execute(statement, [{"picture_id": each, **values} for each, values in changes])


def _is_edit(held: sa.Row[Any], item: EmbeddedPicture) -> bool:
    """Whether a file's new content shows what the old one did: its tags or tones were edited."""
    if bytes(held.content_hash) == item.file.content_hash:
        return False
    before, after = held.perceptual_hash, item.facts.perceptual_hash
    if before is None or after is None:
        return False
    return int((before ^ after) & HASH_MASK).bit_count() <= MOST_BITS


def _find_again(sql: Sql, picture_ids: Sequence[int]) -> None:
    """Count pictures as missing no more."""
    delete_in(sql, t.missing_picture, t.missing_picture.c.picture_id, picture_ids)


def _update_facts(sql: Sql, batch: Sequence[BesidePicture]) -> None:
    """Set the facts that stand beside pictures, where they do."""
    p = t.picture.c
    _update(
        sql, [(each.picture_id, {"taken_at": each.taken_at}) for each in batch if each.taken_at]
    )
    places = [(each.picture_id, each.place) for each in batch if each.place is not None]
    _update(
        sql,
        [
            (picture_id, {"latitude": north, "longitude": east})
            for picture_id, (north, east) in places
        ],
    )
    undated = t.picture.update().where(p.id == sa.bindparam("picture_id"), p.taken_at.is_(None))
    for each in batch:
        if each.taken_at_else:
            sql.execute(
                undated.values(taken_at=each.taken_at_else), {"picture_id": each.picture_id}
            )


def _log(sql: Sql, collection_id: int, picture_ids: Sequence[int]) -> None:
    """Move pictures to the end of the change log."""
    delete_in(sql, t.change, t.change.c.picture_id, picture_ids)
    if picture_ids:
        sql.execute(
            t.change.insert(),
            [{"collection_id": collection_id, "picture_id": each} for each in picture_ids],
        )


def _insert_fields(sql: Sql, batch: Sequence[tuple[int, Fields]]) -> None:
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


def _insert_captions(sql: Sql, space: Space, batch: Sequence[tuple[int, EmbeddedCaptions]]) -> None:
    rows = [
        {"picture_id": picture_id, **asdict(caption)}
        for picture_id, embedded in batch
        for caption in embedded.captions
    ]
    vectors = [blob for _, embedded in batch for blob in _blobs(embedded.vectors)]
    if rows:
        sql.execute(
            t.caption_embedding.insert(),
            [
                {"caption_id": caption_id, "space_id": space.id, "vector": vector}
                for caption_id, vector in zip(_insert(sql, t.caption, rows), vectors, strict=True)
            ],
        )


def _address(collection: Collection, path: Path) -> dict[str, Any]:
    """The columns that say which file of which collection a row is about."""
    return {"collection_id": collection.id, **_place(path)}


def _place(path: Path) -> dict[str, bytes]:
    return {"path": os.fsencode(path), "path_hash": path_hash(path)}


def _listed(file: FileState) -> bytes | None:
    return None if file.listed_in is None else os.fsencode(file.listed_in)


def _columns(item: EmbeddedPicture) -> dict[str, Any]:
    """The columns of `picture` that follow the file."""
    file, facts = item.file, item.facts
    return {
        "size_bytes": file.size_bytes,
        "mtime_ns": file.mtime_ns,
        "content_hash": file.content_hash,
        "captions_hash": file.captions_hash,
        "format": facts.format,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "taken_at": facts.taken_at,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "camera": facts.camera,
        "colours": " ".join(facts.colours) or None,
        "perceptual_hash": facts.perceptual_hash,
        "listed_in": _listed(file),
        "indexed_at": now(),
    }


def _blobs(vectors: Vectors) -> list[bytes]:
    """Rows (n, width) as little-endian float16 bytes."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def _vectors(blobs: Sequence[bytes], width: int) -> Vectors:
    """Float16 bytes as float32 rows, to the bit as stored; (0, width) where there are none."""
    if not blobs:
        return np.zeros((0, width), dtype=np.float32)
    length = 2 * width
    if any(len(blob) != length for blob in blobs):
        raise DatabaseUnavailable(
            f"the database holds an embedding that is not {length} bytes long: it is damaged; "
            "restore it from a backup, or remove the collection and index it again"
        )
    rows = np.frombuffer(b"".join(blobs), dtype="<f2").reshape(len(blobs), width)
    return np.ascontiguousarray(rows, dtype=np.float32)
