"""Collections: found by name, opened, renamed, removed, and summarized."""

import json
from collections.abc import Container, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog
from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import now
from search.catalog.database.writer_lock import check_lock, writer_lock
from search.catalog.records import CollectionSummary
from search.errors import BadSetting, NameTaken, NotFound, SpaceMismatch
from search.records import Collection, Space
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
        self._kept: tuple[int | None, WithLastChanges] = (None, ())

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
        known = {collection.name: collection for collection, _ in self._read()}
        spelling = _spelling(name, known)
        return None if spelling is None else known[spelling]

    def with_last_changes(self, names: Sequence[str] = ()) -> list[tuple[Collection, int]]:
        """Return the collections of `find`, each with the number of its last change.

        It takes one statement at most: none while nothing was committed since the last call.
        """
        found = self._read()
        known = {collection.name for collection, _ in found}
        wanted = set()
        for name in names:
            spelt = _spelling(name, known)
            if spelt is None:
                listed = ", ".join(sorted(known)) or "none yet; make one with: limn index PATH"
                raise NotFound(
                    "unknown-collection",
                    "there is no collection {name!r}; the collections are: {collections}",
                    name=name,
                    collections=listed,
                )
            wanted.add(spelt)
        return [each for each in found if not names or each[0].name in wanted]

    def _read(self) -> WithLastChanges:
        """Return all collections as they are now, also after changes by other processes."""
        version = self._database.version()  # first: later commits are read by the next call
        kept, found = self._kept
        if version is None or version != kept:
            found = tuple(map(_collection, self._database.rows(_with_last_changes)))
            self._kept = (version, found)
        return found

    def open(self, name: str, space: Space) -> Collection:
        """Return the collection of that name in its own space, or create one in `space`."""
        with self._database.writing() as sql:
            check_lock(self._database, sql, EVERY_COLLECTION)
            known = sql.scalar(sa.select(t.space.c.id).where(t.space.c.id == space.id))
            if known is None:
                sql.execute(t.space.insert().values(**asdict(space), created_at=now()))
            named = t.collection.c.name.in_(forms(name))
            if sql.scalar(sa.select(t.collection.c.id).where(named)) is None:
                made = {"name": compose(name), "space_id": space.id, "created_at": now()}
                sql.execute(t.collection.insert().values(made))
        return self.one(name)

    def take_space(self, collection: Collection, space: Space) -> Collection:
        """Give a collection another space, which needs an empty collection.

        The same space under another specification stays the same; that specification then opens it.

        The caller has the writer lock, so that no other indexer fills the collection meanwhile.

        Raises:
            SpaceMismatch: the collection has pictures that another encoder embedded.
            NotFound: the collection was removed since.
        """
        now = self.one(collection.name)
        if now.space == space:
            return now
        p = t.picture.c
        with self._database.writing() as sql:
            self._changes.take_turn(sql, now.id)
            if now.space.id == space.id:
                named = t.space.update().where(t.space.c.id == space.id)
                sql.execute(named.values(encoder=space.encoder))
                return Collection(now.id, now.name, space)
            if sql.scalar(sa.select(p.id).where(p.collection_id == now.id).limit(1)) is not None:
                raise _other_space(now, space)
            sql.execute(
                t.collection.update().where(t.collection.c.id == now.id).values(space_id=space.id)
            )
        return Collection(now.id, now.name, space)

    def rename(self, collection: Collection, name: str) -> None:
        """Give a collection another name; its jobs' requests take that name too.

        Raises:
            BadSetting: the name is not allowed for a collection.
            NameTaken: another collection has the name.
            CollectionBusy: the collection is being indexed.
        """
        check_name(name)
        c, j = t.collection.c, t.job.c
        with writer_lock(self._database, collection), self._database.writing() as sql:
            taken = sa.select(c.id).where(c.name.in_(forms(name)), c.id != collection.id)
            if sql.scalar(taken) is not None:
                raise NameTaken(
                    "collection-name-taken",
                    "there is a collection {name!r} already; choose another name",
                    name=name,
                )
            renamed = t.collection.update().where(c.id == collection.id)
            sql.execute(renamed.values(name=compose(name)))
            mine = sa.or_(j.collection_id == collection.id, j.name == collection.name)
            for job_id, request in sql.execute(sa.select(j.id, j.request).where(mine)).all():
                new = None if request is None else json.dumps({**json.loads(request), "name": name})
                sql.execute(t.job.update().where(j.id == job_id).values(name=name, request=new))

    def remove(self, collection: Collection) -> None:
        """Delete a collection with its pictures and embeddings; picture files are never touched."""
        with self._database.writing() as sql:
            self._changes.take_turn(sql, collection.id)
            sql.execute(t.collection.delete().where(t.collection.c.id == collection.id))

    def summaries(self, names: Sequence[str] = ()) -> list[CollectionSummary]:
        """Return summaries of collections, for lists; raise NotFound as `find` does."""
        found = self.find(names)
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
        with self._database.reading() as sql:
            indexed = {row[0]: (row[1], int(row[2])) for row in sql.execute(pictures)}
            captioned, failed, updated, created, away = (
                {row[0]: row[1] for row in sql.execute(statement)}
                for statement in (captions, failures, jobs, made, missing)
            )
        return [
            CollectionSummary(
                name=collection.name,
                space=collection.space,
                pictures=indexed.get(collection.id, (0, 0))[0],
                captions=captioned.get(collection.id, 0),
                failures=failed.get(collection.id, 0),
                missing=away.get(collection.id, 0),
                size_bytes=indexed.get(collection.id, (0, 0))[1],
                created_at=created.get(collection.id, ""),
                updated_at=updated.get(collection.id),
            )
            for collection in found
        ]


def _spelling(name: str, known: Container[str]) -> str | None:
    """Return the form of a name that is known, or None."""
    return next((form for form in forms(name) if form in known), None)


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
    number, name, space_id, encoder, width, last = row
    return Collection(number, name, Space(space_id, encoder, width)), last


def _with_last_changes(_sqlite: bool) -> sa.Select[Any]:
    c, s = t.collection.c, t.space.c
    newest = sa.select(sa.func.max(t.change.c.seq)).where(t.change.c.collection_id == c.id)
    last = sa.func.coalesce(newest.scalar_subquery(), 0)
    return sa.select(c.id, c.name, s.id, s.encoder, s.width, last).join(t.space).order_by(c.name)


def _other_space(collection: Collection, wanted: Space) -> SpaceMismatch:
    encoder = collection.space.encoder
    same = encoder == wanted.encoder
    return SpaceMismatch(
        "collection-of-another-encoder",
        "collection {name!r} holds vectors of {space!r} (encoder {encoder}), but "
        "this encoder makes {wanted!r}; {remedy}, choose another --collection, or begin anew "
        "after: limn remove {name}",
        name=collection.name,
        space=collection.space.id,
        encoder=encoder,
        wanted=wanted.id,
        remedy="the encoder has changed since" if same else f"index with --encoder {encoder}",
    )
