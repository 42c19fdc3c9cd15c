"""Second spaces of collections: begun, switched to, gone back from, and freed."""

import json
from typing import Literal

import sqlalchemy as sa

from search.catalog.change_log import ChangeLog
from search.catalog.collection import EVERY_COLLECTION, add_space
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql
from search.catalog.database.writer_lock import check_lock
from search.catalog.lacking import count_lacking
from search.catalog.second_space_errors import occupied, unsuited
from search.errors import SpaceMismatch
from search.packages.editions import present_name
from search.records import Collection, SecondSpaceState, Space

PairOffer = str
"""The last offer of a better pair for a collection, of at most 10 characters.

"made" is that of a larger pair, an edition's name that of this edition of the built-in pair, in
place of an earlier one; "declined" is never followed by another offer.
"""


class SecondSpaces:
    """The second spaces of the collections of one database.

    Every change of state is one transaction. Its caller has the collection's writer lock and the
    lock of its second space, but for `begin`, which needs the latter alone.
    """

    def __init__(self, database: Database, changes: ChangeLog) -> None:
        self._database = database
        self._changes = changes

    def begin(self, collection: Collection, space: Space) -> bool:
        """Give a collection a second space, to be filled; return False if it has this one already.

        Raises:
            SpaceMismatch: its pictures are in this space now, or it has another second space.
        """
        with self._database.write_transaction() as sql:
            check_lock(self._database, sql, EVERY_COLLECTION)
            is_new = self._check_begin(sql, collection, space)
            if is_new:
                add_space(sql, space)
                row = {"collection_id": collection.id, "space_id": space.id, "state": "filling"}
                sql.execute(t.second_space.insert().values(row))
            return is_new

    def check_begin(self, collection: Collection, space: Space) -> None:
        """Raise what `begin` would raise now."""
        with self._database.read_transaction() as sql:
            self._check_begin(sql, collection, space)

    def set_ready(self, collection: Collection) -> None:
        """Record that each picture was embedded in the second space; from now on it is followed."""
        with self._database.write_transaction() as sql:
            self._set(sql, collection, "ready", expected="filling")

    def exchange(
        self,
        collection: Collection,
        expected: Literal["ready", "former"],
        incomplete: bool = False,
    ) -> None:
        """Exchange the collection's own space and the second one, which is in the expected state.

        A ready one becomes the collection's own, and its own the former one; and back. With
        `incomplete`, pictures without an embedding in the second space do not hinder: a later run
        embeds them.

        Raises:
            SpaceMismatch: the second space is in another state, or does not hold every picture.
        """
        with self._database.write_transaction() as sql:
            self._changes.take_turn(sql, collection.id)
            own_id, second_id, state = self._read(sql, collection)
            if second_id is None or state != expected:
                raise unsuited(collection, self._encoder(sql, second_id), state)
            pictures, captions = count_lacking(sql, collection.id, second_id)
            if pictures + captions and not incomplete:
                raise SpaceMismatch(
                    "space-incomplete",
                    "{pictures:,} pictures and {captions:,} captions of collection {name!r} are "
                    "not embedded by {encoder}; embed them with: limn upgrade {name!q}; or leave "
                    "those out whose files can't be read, until they can: add --incomplete",
                    name=collection.name,
                    pictures=pictures,
                    captions=captions,
                    encoder=self._encoder(sql, second_id),
                )
            c, row = t.collection, t.second_space
            mine = row.c.collection_id == collection.id
            sql.execute(c.update().where(c.c.id == collection.id).values(space_id=second_id))
            new_state = "former" if expected == "ready" else "ready"
            sql.execute(row.update().where(mine).values(space_id=own_id, state=new_state))
            _forget_encoders(sql, collection)

    def free(self, collection: Collection, states: tuple[SecondSpaceState, ...]) -> None:
        """Record that the embeddings of the second space are being deleted.

        Raises:
            SpaceMismatch: there is no second space in one of the `states`.
        """
        with self._database.write_transaction() as sql:
            _, second_id, state = self._read(sql, collection)
            if second_id is None or state not in (*states, "freed"):
                raise unsuited(collection, self._encoder(sql, second_id), state)
            self._set(sql, collection, "freed")

    def forget(self, collection: Collection, space: Space) -> None:
        """Forget the second space, whose embeddings are deleted, with its adapter."""
        a, s = t.adapter.c, t.second_space.c
        with self._database.write_transaction() as sql:
            sql.execute(
                t.adapter.delete().where(a.collection_id == collection.id, a.space_id == space.id)
            )
            sql.execute(
                t.second_space.delete().where(
                    s.collection_id == collection.id, s.space_id == space.id
                )
            )

    def offer(self, collection: Collection) -> PairOffer | None:
        """Return whether a better pair was offered for a collection; None where it never was."""
        c = t.collection.c
        with self._database.read_transaction() as sql:
            offer: PairOffer | None = sql.scalar(
                sa.select(c.pair_offer).where(c.id == collection.id)
            )
        return offer

    def record_offer(self, collection: Collection, offer: PairOffer) -> None:
        """Record that a better pair was offered for a collection, or declined."""
        c = t.collection
        with self._database.write_transaction() as sql:
            check_lock(self._database, sql, EVERY_COLLECTION)
            sql.execute(c.update().where(c.c.id == collection.id).values(pair_offer=offer))

    def _set(
        self,
        sql: Sql,
        collection: Collection,
        state: SecondSpaceState,
        expected: SecondSpaceState | None = None,
    ) -> None:
        row = t.second_space
        statement = row.update().where(row.c.collection_id == collection.id)
        if expected is not None:
            statement = statement.where(row.c.state == expected)
        sql.execute(statement.values(state=state))

    def _check_begin(self, sql: Sql, collection: Collection, space: Space) -> bool:
        """Return whether the second space is new; raise SpaceMismatch where it may not begin."""
        own_id, second_id, state = self._read(sql, collection)
        if own_id == space.id:
            raise SpaceMismatch(
                "space-is-own",
                "collection {name!r} answers by {encoder} already; there is nothing to change",
                name=collection.name,
                encoder=space.encoder,
            )
        if second_id is not None and (second_id != space.id or state == "freed"):
            raise occupied(collection, self._encoder(sql, second_id), state)
        return second_id is None

    def _read(self, sql: Sql, collection: Collection) -> tuple[str, str | None, str | None]:
        """Return the ids of both spaces, and the second one's state; raise SpaceMismatch."""
        c, s = t.collection.c, t.second_space.c
        row = sql.execute(
            sa.select(c.space_id, s.space_id, s.state)
            .select_from(t.collection.outerjoin(t.second_space, s.collection_id == c.id))
            .where(c.id == collection.id)
        ).one_or_none()
        if row is None:
            raise SpaceMismatch(
                "collection-gone", "collection {name!r} was removed", name=collection.name
            )
        return row[0], row[1], row[2]

    def _encoder(self, sql: Sql, space_id: str | None) -> str:
        encoder = str(sql.scalar(sa.select(t.space.c.encoder).where(t.space.c.id == space_id)))
        return present_name(encoder, str(space_id))


def _forget_encoders(sql: Sql, collection: Collection) -> None:
    """Drop the encoder from the collection's requests: they are run again by its present one."""
    j = t.job.c
    mine = sa.select(j.id, j.request).where(j.collection_id == collection.id, j.kind == "index")
    for job_id, request in sql.execute(mine.where(j.request.is_not(None))).all():
        document = {**json.loads(request), "encoder": None}
        sql.execute(t.job.update().where(j.id == job_id).values(request=json.dumps(document)))
