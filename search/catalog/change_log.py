"""The change log: numbered changes of each collection, which the indexes follow, and its epochs.

After a restored backup, numbers are given a second time, to other changes. As with the
leader epochs of Kafka's logs (KIP-101), each writer begins an epoch at the log's end, under a
random name: a position in the log is valid if its number still belongs to the same epoch.
"""

import secrets
from collections.abc import Iterator, Sequence

import numpy as np
import sqlalchemy as sa

from search.catalog.caption_embeddings import embedded_captions
from search.catalog.caption_ids import caption_id, every_caption
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in
from search.catalog.database.vectors import from_blobs
from search.catalog.database.writer_lock import check_lock
from search.catalog.records import Changes
from search.records import Collection


class ChangeLog:
    """The change logs of all collections, and the epochs that this process has begun in them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ours: dict[int, tuple[str, int]] = {}

    def last(self, collection_id: int) -> int:
        """Return the number of the collection's last change; 0 before the first."""
        with self._database.read_transaction() as sql:
            return _last(sql, collection_id)

    def of_pictures(
        self, collection: Collection, position: int, limit: int = 8_192
    ) -> Iterator[Changes]:
        """Yield the changes past `position`, oldest first, at most `limit` at a time.

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
            with self._database.read_transaction() as sql:
                rows = sql.execute(statement.where(c.c.seq > position)).all()
                if not rows:
                    return
                position = rows[-1].seq
                epoch = _epoch_at(sql, collection.id, position)
            present = [row for row in rows if row.vector is not None]
            yield Changes(
                position=position,
                epoch=epoch,
                ids=np.array([row.picture_id for row in present], dtype=np.int64),
                vectors=from_blobs([row.vector for row in present], collection.space.width),
                removed=np.array(
                    [row.picture_id for row in rows if row.vector is None], dtype=np.int64
                ),
            )

    def of_captions(
        self, collection: Collection, position: int, limit: int = 2_048
    ) -> Iterator[Changes]:
        """Yield changes of captions as `of_pictures` does, with the ids of `caption_ids`.

        From 0 on only pictures with captions are read: for a million without any, one statement.
        """
        log = t.change.c
        statement = (
            sa.select(log.seq, log.picture_id)
            .where(log.collection_id == collection.id)
            .order_by(log.seq)
            .limit(limit)
        )
        fresh, last = position == 0, 0  # the index is still empty: nothing to drop
        if fresh:
            last = self.last(collection.id)  # before they are read: later changes follow
            has_caption = sa.exists().where(t.caption.c.picture_id == log.picture_id)
            statement = statement.where(log.seq <= last, has_caption)
        while True:
            with self._database.read_transaction() as sql:
                rows = sql.execute(statement.where(log.seq > position)).all()
                if not rows:
                    break
                picture_ids = [row.picture_id for row in rows]
                captions = embedded_captions(sql, collection.space.id, picture_ids)
                position = rows[-1].seq
                epoch = _epoch_at(sql, collection.id, position)
            ids = np.array([caption_id(*key) for key, _ in captions], dtype=np.int64)
            yield Changes(
                position=position,
                epoch=epoch,
                ids=ids,
                vectors=from_blobs([vector for _, vector in captions], collection.space.width),
                removed=ids[:0] if fresh else np.setdiff1d(every_caption(picture_ids), ids),
            )
        if last > position:
            none = np.empty(0, np.int64)
            yield Changes(
                position=last,
                epoch=self.epoch_at(collection.id, last),
                ids=none,
                vectors=from_blobs([], collection.space.width),
                removed=none,
            )

    def epoch_at(self, collection_id: int, position: int) -> str:
        """Return the name of a change's epoch; "" for a change from before epochs.

        `position` may have left the log: an epoch has all numbers past its beginning.
        """
        with self._database.read_transaction() as sql:
            return _epoch_at(sql, collection_id, position)

    def goes_on_from(self, collection_id: int, position: int, epoch: str) -> bool:
        """Return whether the log includes a change of that epoch, and has only grown since."""
        if position == 0:
            return True
        with self._database.read_transaction() as sql:
            last = _last(sql, collection_id)
            return position <= last and _epoch_at(sql, collection_id, position) == epoch

    def take_turn(self, sql: Sql, collection_id: int) -> None:
        """Serialize the transactions that write to a collection, so that log order is commit order.

        The first call in a transaction. SQLite has one writer anyway; a PostgreSQL sequence
        gives out numbers before the commit.

        Raises:
            LockLost: this process had the writer lock, and has lost it.
        """
        check_lock(self._database, sql, collection_id)
        self._begin_epoch(sql, collection_id)

    def _begin_epoch(self, sql: Sql, collection_id: int) -> None:
        """Begin an epoch, unless this process wrote the log's last change.

        The transaction `sql` has written no change yet.
        """
        e = t.change_epoch.c
        last = _last(sql, collection_id)
        newest = sa.select(e.name).where(e.collection_id == collection_id)
        newest_name = sql.scalar(newest.order_by(e.id.desc()).limit(1))
        name, our_last = self._ours.get(collection_id, ("", 0))
        if newest_name != name or not name or last < our_last:
            name = secrets.token_hex(16)
            row = {"collection_id": collection_id, "name": name, "after": last}
            sql.execute(t.change_epoch.insert().values(row))
        self._ours[collection_id] = (name, last)


def log_changes(sql: Sql, collection_id: int, picture_ids: Sequence[int]) -> None:
    """Move pictures to the end of the change log."""
    delete_in(sql, t.change, t.change.c.picture_id, picture_ids)
    if picture_ids:
        sql.execute(
            t.change.insert(),
            [
                {"collection_id": collection_id, "picture_id": picture_id}
                for picture_id in picture_ids
            ],
        )


def _last(sql: Sql, collection_id: int) -> int:
    c = t.change.c
    return sql.scalar(sa.select(sa.func.max(c.seq)).where(c.collection_id == collection_id)) or 0


def _epoch_at(sql: Sql, collection_id: int, position: int) -> str:
    e = t.change_epoch.c
    statement = (
        sa.select(e.name)
        .where(e.collection_id == collection_id, e.after < position)
        .order_by(e.id.desc())
        .limit(1)
    )
    return sql.scalar(statement) or ""
