"""Times sorted searches by words beside the same searches by relevance, and sorted lists.

    python -m benchmarks.sorting [--pictures 100000] [--captions]

The pictures are rows without files, with dates and places. Each of the stock texts has a cluster of
some tens to a thousand pictures around it, at the cosines that pictures have with their captions;
the others are noise. With `--captions` each has one. Each query is asked by relevance and in each
order in turn, so that what else the machine does falls on all of them alike; times are by the clock
and, in brackets, of this thread's CPU.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import sqlalchemy as sa

from search.bootstrap import open_engine
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.vectors import to_blobs
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.engine import Engine
from search.query.filters.grammar import parse
from search.query.records import Query, TextTerm
from search.ranking.calibration import STOCK_TEXTS
from search.records import Caption, PictureFacts, Vectors
from search.settings import Settings

NAME = "bench"
ORDERS = ("relevance", "-date", "name", "city")
COSINES = (0.3, 0.75)


def clustered(texts: Vectors, count: int) -> Vectors:
    """Return unit vectors: clusters around the texts, each larger than the last, in noise."""
    random = np.random.default_rng(0)
    vectors = random.standard_normal((count, texts.shape[1]), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sizes = np.geomspace(0.0003 * count, 0.01 * count, len(texts)).astype(int)
    row = 0
    for text, size in zip(texts, sizes, strict=True):
        cosines = random.uniform(*COSINES, (size, 1)).astype(np.float32)
        part = vectors[row : row + size]
        part -= (part @ text)[:, None] * text
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        vectors[row : row + size] = cosines * text + np.sqrt(1 - cosines**2) * part
        row += size
    return vectors[random.permutation(count)]


def fill(engine: Engine, url: str | Path, vectors: Vectors, with_captions: bool) -> None:
    """Store one picture as an indexing run does, and copies of its rows with the other vectors."""
    encoder = engine.encoder("builtin")
    captions = (Caption("a place"),) if with_captions else ()
    rows = encoder.encode_texts([caption.text for caption in captions])
    collection = engine.catalog.collections.open(NAME, encoder.space)
    file = FileState(Path("/bench/0.jpg"), 1, 1, bytes(32), bytes(16), {"city": "0"})
    facts = PictureFacts("jpeg", 640, 480, taken_at="2010-01-01")
    first = EmbeddedPicture(file, facts, vectors[0], EmbeddedCaptions(captions, rows))
    engine.catalog.writer.store(collection, [first])
    database = Database(url)
    with database.write_transaction() as sql:
        sql.execute(sa.text("CREATE TEMP TABLE number (n INTEGER PRIMARY KEY)"))
        numbers = [{"n": number} for number in range(2, len(vectors) + 1)]
        sql.execute(sa.text("INSERT INTO number VALUES (:n)"), numbers)
        _copy(
            sql,
            t.picture,
            {
                "id": "n",
                "path": "CAST('/bench/' || (n * 7919 % 999983) || '.jpg' AS BLOB)",
                "path_hash": "CAST(printf('%016d', n) AS BLOB)",
                "taken_at": "date('2010-01-01', (n * 7919 % 5479) || ' days')",
            },
        )
        _copy(sql, t.field, {"picture_id": "n", "text": "CAST(n * 31 % 40 AS TEXT)"})
        if with_captions:
            _copy(sql, t.caption, {"id": "n", "picture_id": "n"})
        _copy(sql, t.change, {"seq": "n", "picture_id": "n"})
        blobs = to_blobs(vectors[1:])
        for table, key in (
            (t.picture_embedding, "picture_id"),
            (t.caption_embedding, "caption_id"),
        ):
            if table is t.picture_embedding or with_captions:
                values = [
                    {key: number, "space_id": encoder.space.id, "vector": blob}
                    for number, blob in enumerate(blobs, start=2)
                ]
                sql.execute(table.insert(), values)
    database.close()


def _copy(sql: sa.Connection, table: sa.Table, columns: dict[str, str]) -> None:
    """Copy the only row of a table for each number, with other values in some columns."""
    names = [column.name for column in table.columns]
    number, one = sa.table("number", sa.column("n")), table.alias()
    values = [
        sa.literal_column(columns[name]) if name in columns else one.c[name] for name in names
    ]
    copies = sa.select(*values).select_from(one.join(number, sa.true()))
    sql.execute(table.insert().from_select(names, copies))


def measure(engine: Engine, queries: Sequence[Query], rounds: int) -> None:
    """Print the median and p95 of each order over the queries."""
    took: dict[str, list[tuple[float, float]]] = {order: [] for order in ORDERS}
    sizes = []
    for query in queries:
        engine.answer(replace(query, sort="name"))  # the same rows are warm for all
        sizes.append(len(engine.order(replace(query, k=10_000, sort="name")).ids))
        for turn in range(rounds):
            for order in np.roll(ORDERS, turn).tolist():
                began, used = time.perf_counter(), time.thread_time()
                engine.answer(replace(query, sort=order))
                took[order].append((time.perf_counter() - began, time.thread_time() - used))
    click.echo(f"sets: {min(sizes)} to {max(sizes)} pictures, median {np.median(sizes):.0f}")
    base = 1000 * np.quantile(np.array(took["relevance"]), 0.95, axis=0)
    for order, times in took.items():
        p50, p95 = 1000 * np.quantile(np.array(times), [0.5, 0.95], axis=0)
        ratio = p95 / base
        told = f"p50 {p50[0]:7.1f} ({p50[1]:6.1f}) ms  p95 {p95[0]:7.1f} ({p95[1]:6.1f}) ms"
        click.echo(f"{order:>10}  {told}  p95 / relevance {ratio[0]:.2f} ({ratio[1]:.2f})")


@click.command()
@click.option("--pictures", default=100_000, show_default=True)
@click.option("--captions", "with_captions", is_flag=True, help="Each picture has a caption.")
@click.option("--queries", "query_count", default=len(STOCK_TEXTS), show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(pictures: int, with_captions: bool, query_count: int, rounds: int) -> None:
    """Fill a catalog with rows, then time searches and lists in each order."""
    with tempfile.TemporaryDirectory(prefix="limn-sorting-") as folder:
        environment = {"LIMN_DATA_DIR": folder, "LIMN_ENCODER": "builtin"}
        settings = Settings.from_environment(environment)
        with open_engine(settings) as engine:
            texts = engine.encoder("builtin").encode_texts(STOCK_TEXTS)
            fill(engine, settings.database, clustered(texts, pictures), with_captions)
            click.echo(f"{pictures:,} pictures, {'with' if with_captions else 'without'} captions")
            queries = [
                Query((TextTerm(text),), (NAME,), k=50) for text in STOCK_TEXTS[::-1][:query_count]
            ]
            engine.answer(queries[0])
            click.echo("searches by words")
            measure(engine, queries, rounds)
            click.echo("lists of a filter")
            measure(engine, [Query((), (NAME,), k=50, where=parse("width > 0"))], 4 * rounds)


if __name__ == "__main__":
    main()
