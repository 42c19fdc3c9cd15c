"""Filters and facets over many pictures: how long the SQL that finds ids takes, and the counting.

    python -m benchmarks.filters [--pictures 100000] [--database URL]

The pictures are rows alone, with facts and colours drawn at random from what photographs have; no
vector is searched. Each figure is the median of several, with the database in the page cache: by
the clock, and in brackets the CPU time of this process, which other work on the machine adds little
to (of PostgreSQL it is the smaller part).
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import click
import numpy as np
import sqlalchemy as sa

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.schema import ensure_schema
from search.catalog.filters import passes
from search.catalog.visual_hashes import store_colours
from search.facets.cache import FacetCache
from search.facets.records import AnswerSet
from search.query.filters.grammar import parse
from search.records import Collection, Space

FILTERS = (
    "width > 0",
    "date >= 2016",
    "date = 2016-05",
    "date = 2016-05-07",
    "camera ~ canon",
    'camera = "canon eos 7"',
    "orientation = portrait",
    "folder = /pictures/2016/trip-3",
    "box = 48,2,49,3",
    "colour = red",
    "colour = #2f7fd0",
    "colour != red",
    "rating >= 4",
    "rating = 5 and split = dev",
    "shot > 2016-05-01 and shot < 2016-05-03",
    "title ~ 777",
    "has = rating",
    "not (colour = red or date = 2016)",
    "caption ~ dog",
)
REPEATS = 7
BATCH = 10_000


@click.command()
@click.option("--pictures", default=100_000, show_default=True)
@click.option("--database", "url", help="An empty database.  [default: a new SQLite file]")
@click.option("--plans", is_flag=True, help="Print how SQLite answers each filter.")
def main(pictures: int, url: str | None, plans: bool) -> None:
    """Fill a catalog with rows, then time every filter and the facets under it."""
    with tempfile.TemporaryDirectory(prefix="limn-filters-") as folder:
        database = Database(url or Path(folder) / "limn.db")
        ensure_schema(database)
        catalog = Catalog(database)
        collection = filled(database, catalog, pictures)
        facet_cache = FacetCache(catalog)
        head = catalog.changes.last(collection.id)
        print(f"{pictures:,} pictures, {'SQLite' if database.is_sqlite else 'PostgreSQL'}")
        began_s, worked_s = perf_counter(), process_time()
        facet_cache.facets([(collection, head)], None)
        took = f"{perf_counter() - began_s:.2f} ({process_time() - worked_s:.2f}) s"
        print(f"the first facets, with the reading of all rows: {took}")
        print(f"{'ids, ms':>16}{'and facets, ms':>16}{'pass':>10}  filter")
        for text in FILTERS:
            where = parse(text)
            passing = catalog.filters.ids([collection.id], where)[collection.id]
            ids_ms = timed(partial(catalog.filters.ids, [collection.id], where))
            facet_cache.facets([(collection, head)], where)

            def count(where: Any = where) -> None:
                facet_cache._results.clear()
                facet_cache._masks.clear()
                facet_cache.facets([(collection, head)], where)

            print(f"{ids_ms:>16}{timed(count):>16}{len(passing):10,}  {text}")
            if plans and database.is_sqlite:
                print_plan(database, collection, text)
        facet_cache._results.clear()
        whole_ms = timed(partial(cleared, facet_cache, collection, head))
        print(f"facets without a filter: {whole_ms} ms")
        print_answers(catalog, facet_cache, collection, head)
        changed_ms = timed(lambda: changed(database, catalog, facet_cache, collection))
        print(f"facets after a change of one picture: {changed_ms} ms")
        database.close()


def cleared(facet_cache: FacetCache, collection: Collection, head: int) -> None:
    """Count the facets of a collection again, without what is cached."""
    facet_cache._results.clear()
    facet_cache.facets([(collection, head)], None)


def print_answers(
    catalog: Catalog, facet_cache: FacetCache, collection: Collection, head: int
) -> None:
    """Print how long the facets of ranked answers take, under filters that were chosen before."""
    ids = catalog.filters.ids([collection.id], parse("width > 0"))[collection.id]
    rng = np.random.default_rng(1)
    for text in ("width > 0", 'camera = "canon eos 7"', "date >= 2016 and colour = red"):
        where = parse(text)
        for size in (40, 2_000, 40_000):
            sure_ids = np.sort(rng.choice(ids, min(size, len(ids)), replace=False))
            for at_least in (0, 20):
                answer = AnswerSet(sure_ids, at_least=at_least)

                def count(where: Any = where, answer: AnswerSet = answer) -> None:
                    facet_cache._results.clear()
                    facet_cache.facets([(collection, head)], where, answer)

                count()
                best = " and the best 20 under any filter" if at_least else ""
                print(f"facets of an answer of {size:,}{best}, {text}: {timed(count)} ms")


def timed(call: Callable[[], object]) -> str:
    """Return the median times of a call in milliseconds, by the clock and of the CPU."""
    clock, cpu = [], []
    for _ in range(REPEATS):
        began_s, worked_s = perf_counter(), process_time()
        call()
        clock.append((perf_counter() - began_s) * 1000)
        cpu.append((process_time() - worked_s) * 1000)
    return f"{median(clock):.1f} ({median(cpu):.1f})"


def print_plan(database: Database, collection: Collection, text: str) -> None:
    """Print the database's plan of the statement for a filter."""
    statement = sa.select(t.picture.c.id).where(
        t.picture.c.collection_id == collection.id, passes(parse(text))
    )
    with database.read_transaction() as sql:
        dialect = sql.dialect
        compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        for row in sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"):
            print(f"{'':34}{row[3]}")


def changed(
    database: Database, catalog: Catalog, facet_cache: FacetCache, collection: Collection
) -> None:
    """Count again after one picture has changed."""
    with database.write_transaction() as sql:
        [first] = sql.scalars(sa.select(sa.func.min(t.picture.c.id))).all()
        sql.execute(t.change.delete().where(t.change.c.picture_id == first))
        sql.execute(t.change.insert().values(collection_id=collection.id, picture_id=first))
    facet_cache.facets([(collection, catalog.changes.last(collection.id))], None)


def filled(database: Database, catalog: Catalog, pictures: int) -> Collection:
    """Return a collection of so many rows."""
    collection = catalog.collections.open("many", Space("none-0", "tiny", 4))
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 1, (40, 2)) * [25, 70] + [30, 0]
    for start in range(0, pictures, BATCH):
        rows = [picture_row(rng, centres, collection, start + n) for n in range(BATCH)]
        rows = rows[: pictures - start]
        with database.write_transaction() as sql:
            statement = t.picture.insert().returning(t.picture.c.id, sort_by_parameter_order=True)
            ids = list(sql.scalars(statement, rows))
            store_colours(
                sql, {each: row["colours"].split() for each, row in zip(ids, rows, strict=True)}
            )
            sql.execute(t.field.insert(), [row for each in ids for row in fields_of(rng, each)])
            sql.execute(
                t.caption.insert(),
                [
                    {
                        "picture_id": each,
                        "text": text,
                        "language": language,
                        "kind": "caption",
                        "origin": "source",
                    }
                    for each in ids
                    for text, language in ((f"a dog number {each}", "en"), ("海滩", "zh"))
                ],
            )
            sql.execute(
                t.change.insert(),
                [{"collection_id": collection.id, "picture_id": each} for each in ids],
            )
    if not database.is_sqlite:  # as its autovacuum does by itself
        with database.write_transaction() as sql:
            sql.exec_driver_sql("ANALYZE")
    return collection


def picture_row(
    rng: np.random.Generator, centres: Any, collection: Collection, number: int
) -> dict[str, Any]:
    """Return the row of a random picture, perhaps near one of the `centres` (n, 2)."""
    day = np.datetime64("2010-01-01") + int(rng.integers(0, 5000))
    wide = rng.random() < 0.7
    sides = (4000, 3000) if rng.random() < 0.5 else (1600, 1200)
    south, west = centres[rng.integers(len(centres))] + rng.normal(0, 0.2, 2)
    placed = rng.random() < 0.6
    path = f"/pictures/{str(day)[:4]}/trip-{int(rng.integers(0, 40))}/{number}.jpg".encode()
    return {
        "collection_id": collection.id,
        "path": path,
        "path_hash": number.to_bytes(16),
        "size_bytes": int(rng.lognormal(14.5, 0.7)),
        "mtime_ns": 0,
        "content_hash": number.to_bytes(32),
        "captions_hash": b"",
        "format": "JPEG" if rng.random() < 0.9 else "PNG",
        "width_px": sides[0 if wide else 1],
        "height_px": sides[1 if wide else 0],
        "taken_at": f"{day}T12:00:00" if rng.random() < 0.9 else None,
        "latitude": float(np.clip(south, -80, 80)) if placed else None,
        "longitude": float(np.clip(west, -179, 179)) if placed else None,
        "camera": f"{('Canon EOS', 'NIKON D', 'FUJIFILM X')[number % 3]} {number % 11}",
        "colours": " ".join(f"#{value:06x}" for value in rng.integers(0, 1 << 24, 4).tolist()),
        "perceptual_hash": number,
        "indexed_at": "",
    }


def fields_of(rng: np.random.Generator, picture_id: int) -> list[dict[str, Any]]:
    """Return the rows of a picture's random fields."""
    day = np.datetime64("2010-01-01") + int(rng.integers(0, 5000))
    values = {
        "rating": float(rng.integers(1, 6)),
        "split": "dev" if rng.random() < 0.05 else "train",
        "shot": str(day),
        "title": f"title {picture_id}",
    }
    return [
        {
            "picture_id": picture_id,
            "name": name,
            "text": value if isinstance(value, str) else None,
            "number": None if isinstance(value, str) else value,
        }
        for name, value in values.items()
    ]


if __name__ == "__main__":
    main()
