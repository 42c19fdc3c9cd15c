"""Samples of the pictures of a collection: as if drawn by chance, and the same ones each time."""

import sqlalchemy as sa

from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.records import Collection


class PictureSamples:
    """Samples of the pictures of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def draw(self, collection: Collection, count: int) -> list[int]:
        """Return the ids of up to `count` pictures from all over a collection, each content once.

        The hashes of paths are as good as random, and an index has them in order: a sample of
        100,000 pictures costs what one of a hundred does.
        """
        p = t.picture.c
        statement = (
            sa.select(p.content_hash, p.id)
            .where(p.collection_id == collection.id, present())
            .order_by(p.path_hash)
            .limit(count)
        )
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement).all()
        first_ids: dict[bytes, int] = {}
        for content_hash, picture_id in rows:
            first_ids.setdefault(bytes(content_hash), picture_id)
        return list(first_ids.values())
