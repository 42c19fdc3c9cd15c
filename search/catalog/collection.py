"""Collections: found by name, opened, renamed, removed, and summarized."""

import json
from collections.abc import Container, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.read_once import ReadOnce
from search.catalog.database.statements import Sql, now
from search.catalog.database.writer_lock import check_lock, writer_lock
from search.catalog.picture_names import index_names
from search.catalog.records import CollectionSummary
from search.errors import BadSetting, NameTaken, NotFound, SpaceMismatch
from search.packages.editions import present_name
from search.records import Collection, SecondSpace, Space
from search.text.characters import compose, forms

# The lock for records of no single collection; collection ids begin at 1.
EVERY_COLLECTION = 0

# Browsers read these as folders of an address.
DOTS = (".", "..")

WithLastChanges = tuple[tuple[Collection, int], ...]
"""Collections by name, each with the number of its last change, 0 before the first."""


class CollectionRows:
    """The collections of one database."""

    def __init__(self, database: Database, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes
        self._collections = ReadOnce[WithLastChanges](database)

    def all(self) -> list[Collection]:
        """Return every collection, by name."""
        return self.find(())

    def find(self, names: Sequence[str]) -> list[Collection]:
        """Return the collections with these names, or all where none is given, by name.

        Raises:
            NotFound: a name is unknown; the message lists the known ones.
        """
        return [collection for collection, _ in self.with_last_changes(names)]

    def one(self, name: str) -> Collection:
        """Return the collection of that name; raise NotFound as `find` does."""
        [collection] = self.find([name])
        return collection

    def get(self, name: str) -> Collection | None:
        """Return the collection of that name, or None."""
        by_name = {collection.name: collection for collection, _ in self._read()}
        spelling = _spelling(name, by_name)
        return None if spelling is None else by_name[spelling]

    def reread(self, collection: Collection) -> Collection:
        """Return a collection as it is now, also under another name; raise NotFound if removed."""
        for each, _ in self._read():
            if each.id == collection.id:
                return each
        raise NotFound("collection-gone", "collection {name!r} was removed", name=collection.name)

    def with_last_changes(self, names: Sequence[str] = ()) -> list[tuple[Collection, int]]:
        """Return the collections of `find`, each with the number of its last change.

        It takes one statement at most: none while nothing was committed since the last call.
        """
        collections = self._read()
        known_names = {collection.name for collection, _ in collections}
        wanted_names = set()
        for name in names:
            spelling = _spelling(name, known_names)
            if spelling is None:
                name_list = (
                    ", ".join(sorted(known_names)) or "none yet; make one with: limn index PATH"
                )
                raise NotFound(
                    "unknown-collection",
                    "there is no collection {name!r}; the collections are: {collections}",
                    name=name,
                    collections=name_list,
                )
            wanted_names.add(spelling)
        return [row for row in collections if not names or row[0].name in wanted_names]

    def _read(self) -> WithLastChanges:
        """Return all collections as they are now, also after changes by other processes."""
        return self._collections.value(
            lambda: tuple(map(_collection, self._database.rows(_with_last_changes)))
        )

    def open(self, name: str, space: Space) -> Collection:
        """Return the collection of that name in its own space, or create one in `space`."""
        with self._database.write_transaction() as sql:
            check_lock(self._database, sql, EVERY_COLLECTION)
            add_space(sql, space)
            has_name = t.collection.c.name.in_(forms(name))
            if sql.scalar(sa.select(t.collection.c.id).where(has_name)) is None:
                row = {"name": compose(name), "space_id": space.id, "created_at": now()}
                sql.execute(t.collection.insert().values(row))
        return self.one(name)

    def take_space(self, collection: Collection, space: Space) -> Collection:
        """Give a collection another space, which needs an empty collection.

        The same space under another specification stays the same; that specification then opens it.

        The caller has the writer lock, so that no other indexer fills the collection meanwhile.

        Raises:
            SpaceMismatch: the collection has pictures that another encoder embedded.
            NotFound: the collection was removed since.
        """
        current = self.one(collection.name)
        if current.space == space:
            return current
        p = t.picture.c
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, current.id)
            if current.space.id == space.id:
                statement = t.space.update().where(t.space.c.id == space.id)
                sql.execute(statement.values(encoder=space.encoder))
                return replace(current, space=space)
            if (
                sql.scalar(sa.select(p.id).where(p.collection_id == current.id).limit(1))
                is not None
            ):
                raise _other_space(current, space)
            second = t.second_space
            sql.execute(second.delete().where(second.c.collection_id == current.id))
            sql.execute(
                t.collection.update()
                .where(t.collection.c.id == current.id)
                .values(space_id=space.id)
            )
        return Collection(current.id, current.name, space)

    def rename(self, collection: Collection, name: str) -> None:
        """Give a collection another name; its jobs' requests take that name too.

        Raises:
            BadSetting: the name is not allowed for a collection.
            NameTaken: another collection has the name.
            CollectionBusy: the collection is being indexed.
        """
        check_name(name)
        c, j = t.collection.c, t.job.c
        with writer_lock(self._database, collection), self._database.write_transaction() as sql:
            same_name = sa.select(c.id).where(c.name.in_(forms(name)), c.id != collection.id)
            if sql.scalar(same_name) is not None:
                raise NameTaken(
                    "collection-name-taken",
                    "there is a collection {name!r} already; choose another name",
                    name=name,
                )
            statement = t.collection.update().where(c.id == collection.id)
            sql.execute(statement.values(name=compose(name)))
            ids = sql.scalars(
                sa.select(t.picture.c.id).where(t.picture.c.collection_id == collection.id)
            )
            index_names(sql, ids.all())
            mine = sa.or_(j.collection_id == collection.id, j.name == collection.name)
            for job_id, request in sql.execute(sa.select(j.id, j.request).where(mine)).all():
                new = None if request is None else json.dumps({**json.loads(request), "name": name})
                sql.execute(t.job.update().where(j.id == job_id).values(name=name, request=new))

    def remove(self, collection: Collection) -> None:
        """Delete a collection with its pictures and embeddings; picture files are never touched."""
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            sql.execute(t.collection.delete().where(t.collection.c.id == collection.id))

    def summaries(self, names: Sequence[str] = ()) -> list[CollectionSummary]:
        """Return summaries of collections, for lists; raise NotFound as `find` does."""
        collections = self.find(names)
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
        creations = sa.select(t.collection.c.id, t.collection.c.created_at)
        with self._database.read_transaction() as sql:
            totals = {row[0]: (row[1], int(row[2])) for row in sql.execute(pictures)}
            caption_counts, failure_counts, update_times, creation_times, missing_counts = (
                {row[0]: row[1] for row in sql.execute(statement)}
                for statement in (captions, failures, jobs, creations, missing)
            )
        return [
            CollectionSummary(
                name=collection.name,
                space=collection.space,
                second=collection.second,
                pictures=totals.get(collection.id, (0, 0))[0],
                captions=caption_counts.get(collection.id, 0),
                failures=failure_counts.get(collection.id, 0),
                missing=missing_counts.get(collection.id, 0),
                size_bytes=totals.get(collection.id, (0, 0))[1],
                created_at=creation_times.get(collection.id, ""),
                updated_at=update_times.get(collection.id),
            )
            for collection in collections
        ]


def _spelling(name: str, known_names: Container[str]) -> str | None:
    """Return the form of a name that is known, or None."""
    return next((form for form in forms(name) if form in known_names), None)


def add_space(sql: Sql, space: Space) -> None:
    """Insert the row of a space, unless there is one."""
    known_id = sql.scalar(sa.select(t.space.c.id).where(t.space.c.id == space.id))
    if known_id is None:
        sql.execute(t.space.insert().values(**asdict(space), created_at=now()))


def check_name(name: str) -> None:
    """Raise BadSetting for a name that can't be typed or would break a line or an address."""
    unfit = not name.strip() or len(name) > 200 or not name.isprintable() or "/" in name
    if unfit or name in DOTS:
        raise BadSetting(
            "collection-name-invalid",
            "{name!r} can't name a collection; a name has 1 to 200 printable characters "
            "and no slash. Choose another",
            name=name[:200],
        )


def _collection(row: tuple[Any, ...]) -> tuple[Collection, int]:
    number, name, space_id, encoder, width, last, state, *second = row
    second_space = None if state is None else SecondSpace(_space(*second), state)
    return Collection(number, name, _space(space_id, encoder, width), second_space), last


def _space(space_id: str, encoder: str, width: int) -> Space:
    return Space(space_id, present_name(encoder, space_id), width)


def _with_last_changes(_sqlite: bool) -> sa.Select[Any]:
    c, s, other, second = t.collection.c, t.space.c, t.second_space, t.space.alias()
    newest = sa.select(sa.func.max(t.change.c.seq)).where(t.change.c.collection_id == c.id)
    last = sa.func.coalesce(newest.scalar_subquery(), 0)
    return (
        sa.select(c.id, c.name, s.id, s.encoder, s.width, last)
        .add_columns(other.c.state, second.c.id, second.c.encoder, second.c.width)
        .select_from(t.collection.join(t.space, s.id == c.space_id))
        .outerjoin(other, other.c.collection_id == c.id)
        .outerjoin(second, second.c.id == other.c.space_id)
        .order_by(c.name)
    )


def _other_space(collection: Collection, space: Space) -> SpaceMismatch:
    encoder = collection.space.encoder
    same = encoder == space.encoder
    return SpaceMismatch(
        "collection-of-another-encoder",
        "collection {name!r} holds vectors of {space!r} (encoder {encoder}), but "
        "this encoder makes {wanted!r}; {remedy}, choose another --collection, or change the pair "
        "of this one: limn upgrade {name!q} --encoder {wanted_encoder!q}",
        name=collection.name,
        space=collection.space.id,
        encoder=encoder,
        wanted=space.id,
        wanted_encoder=space.encoder,
        remedy="the encoder has changed since" if same else f"index with --encoder {encoder}",
    )
