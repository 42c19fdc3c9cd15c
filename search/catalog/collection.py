"""The names of collections: which may be, and giving a collection another."""

import json

import sqlalchemy as sa

from search.catalog import tables as t
from search.catalog.database import Database
from search.catalog.records import Collection
from search.catalog.writer_lock import writer_lock
from search.errors import BadSetting, NameTaken
from search.text.characters import composed, forms

# Browsers take these for folders of an address.
DOTS = (".", "..")


def check_name(name: str) -> None:
    """Raise BadSetting for a name that could not be typed or would break a line or an address."""
    unfit = not name.strip() or len(name) > 200 or not name.isprintable() or "/" in name
    if unfit or name in DOTS:
        raise BadSetting(
            f"{name[:200]!r} can't name a collection; a name has 1 to 200 printable characters "
            "and no slash. Choose another"
        )


def rename(database: Database, collection: Collection, name: str) -> None:
    """Give a collection another name; what it was indexed from is asked for under that name too.

    Raises:
        BadSetting: that name can't name a collection.
        NameTaken: another collection has it.
        CollectionBusy: it is being indexed.
    """
    check_name(name)
    c, j = t.collection.c, t.job.c
    with writer_lock(database, collection), database.writing() as sql:
        taken = sql.scalar(sa.select(c.id).where(c.name.in_(forms(name)), c.id != collection.id))
        if taken is not None:
            raise NameTaken(f"there is a collection {name!r} already; choose another name")
        sql.execute(t.collection.update().where(c.id == collection.id).values(name=composed(name)))
        mine = sa.or_(j.collection_id == collection.id, j.name == collection.name)
        for job_id, request in sql.execute(sa.select(j.id, j.request).where(mine)).all():
            told = None if request is None else json.dumps({**json.loads(request), "name": name})
            sql.execute(t.job.update().where(j.id == job_id).values(name=name, request=told))
