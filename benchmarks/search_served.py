"""Times the whole way: the engine over the bare index, cold starts, and many clients over HTTP.

    LIMN_DATA_DIR=/tmp/bench python -m benchmarks.search_served --pictures FOLDER \
        --texts captions.csv --rows 100000 --out served.json

It fills the collection `bench` of LIMN_DATA_DIR with mixtures of photographs' embeddings, as
`benchmarks.search` makes them, where it is not there yet: rows in SQL without picture files. With
`--encoder`, another pair embeds the words (a folder of its own each: what is found then means
nothing, and costs what it costs).
"""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import numpy as np

from benchmarks.load import loaded
from benchmarks.search_vectors import lines, material, mixtures
from benchmarks.soak import serving
from search.bootstrap import open_engine
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.encoders import Encoder, open_encoder
from search.engine import Engine
from search.errors import NotFound
from search.query.records import Query, TextTerm
from search.records import PictureFacts, Vectors
from search.settings import Settings

NAME = "bench"
BATCH = 4_096
ASKED = 200

# With those that warm the server up, fewer than a client may ask in a minute.
CLIENT_REQUESTS = 2_000

# The encoder's own rate is its best of these.
TEXT_BATCHES = (8, 16, 32, 64)
BATCHED_TEXTS = 512


def fill(engine: Engine, encoder: Encoder, vectors: Vectors) -> None:
    """Store pictures that have vectors and no files."""
    collection = engine.catalog.collections.open(NAME, encoder.space)
    nothing = EmbeddedCaptions((), np.empty((0, vectors.shape[1]), np.float32))
    facts = PictureFacts("jpeg", 640, 480)
    for start in range(0, len(vectors), BATCH):
        batch = []
        for number in range(start, min(start + BATCH, len(vectors))):
            digest = hashlib.sha256(b"%d" % number).digest()
            file = FileState(Path(f"/bench/{number:08}.jpg"), 1, 1, digest, digest)
            batch.append(EmbeddedPicture(file, facts, vectors[number], nothing))
        engine.catalog.writer.store(collection, batch)
        click.echo(f"{start + len(batch):,} stored", err=True)


def overhead(engine: Engine, words: list[str]) -> dict[str, float]:
    """Median milliseconds of an answer of 50 hits, beside its encoding and its bare search.

    By the clock, and by this thread's CPU time, which other work on the machine hardly changes.
    """
    collection = engine.catalog.collections.one(NAME)
    encoder, store = engine.encoder_of(collection), engine.store(collection)
    statements: list[str] = []
    engine.catalog.on_statement(statements.append)
    clocks = {"ms": time.perf_counter, "cpu_ms": time.thread_time}
    over, whole, bare = ({each: [] for each in clocks} for _ in range(3))
    for text in words[:ASKED]:
        query = Query((TextTerm(text),), (NAME,), k=50)
        engine.answer(query)  # the same rows are warm for both
        for unit, clock in clocks.items():
            began = clock()
            vector = encoder.encode_texts([text])
            encoded = clock()
            store.search(vector, 100)
            searched = clock()
            statements.clear()
            engine.answer(query)
            answered = clock()
            whole[unit].append(answered - searched)
            bare[unit].append(searched - encoded)
            over[unit].append((answered - searched) - (searched - began))
    figures = {
        f"{name}_{unit}": round(1000 * float(np.median(took[unit])), 3)
        for name, took in (("answer", whole), ("bare_search", bare), ("overhead", over))
        for unit in clocks
    }
    return figures | {
        "statements": sum(each.lstrip().upper().startswith("SELECT") for each in statements)
    }


def cold_search() -> dict[str, float]:
    """Seconds from process start to the end of one `limn search`, the quickest and the median."""
    limn = str(Path(sys.executable).with_name("limn"))
    took = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(
            [limn, "search", "a dog on the beach", "-c", NAME, "--json"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        took.append(time.perf_counter() - began)
    return {"quickest_s": round(min(took), 2), "median_s": round(float(np.median(took)), 2)}


def served(encoder: Encoder, words: list[str], clients: int) -> dict[str, float]:
    """Seconds to readiness; then requests a second of so many clients, and what they wait."""
    before = batched(encoder, words)
    started_s = time.perf_counter()
    with serving() as (url, pid):
        parts = urlsplit(url)
        while _status(parts.hostname or "", parts.port or 80, "/readyz") != 200:
            time.sleep(0.02)
        ready_s = time.perf_counter() - started_s
        loaded(url, NAME, words[CLIENT_REQUESTS:][: 4 * clients], clients)
        began_s = _cpu_s(pid)
        load = loaded(url, NAME, words[:CLIENT_REQUESTS], clients)
        cpu_s = _cpu_s(pid) - began_s
    after = batched(encoder, words)
    count = len(load.waits_s)
    server_ms, clients_ms = 1000 * cpu_s / count, 1000 * load.cpu_s / count
    text_ms = min(before.cpu_ms, after.cpu_ms)
    return {
        "ready_s": round(ready_s, 2),
        "encoder_per_s_before": round(before.per_s, 1),
        "encoder_per_s_after": round(after.per_s, 1),
        "requests_per_s": round(load.per_s, 1),
        "share_of_encoder": round(2 * load.per_s / (before.per_s + after.per_s), 3),
        "encoder_cpu_ms": round(text_ms, 2),
        "server_cpu_ms": round(server_ms, 2),
        "clients_cpu_ms": round(clients_ms, 2),
        "share_of_encoder_by_cpu": round(text_ms / (server_ms + clients_ms), 3),
        "p50_ms": round(load.wait_ms(0.5), 1),
        "p99_ms": round(load.wait_ms(0.99), 1),
        "errors": load.failed,
    }


@dataclass(frozen=True, slots=True)
class Batched:
    """Texts a second that the encoder embeds in batches of its best size, and the CPU of each."""

    per_s: float
    cpu_ms: float


def batched(encoder: Encoder, words: list[str]) -> Batched:
    """Return the encoder alone, with the threads that it has in a server."""
    found = []
    for size in TEXT_BATCHES:
        encoder.encode_texts(words[:size])
        began_s, used_s = time.perf_counter(), time.process_time()
        for start in range(0, BATCHED_TEXTS, size):
            encoder.encode_texts(words[start : start + size])
        took_s, used_s = time.perf_counter() - began_s, time.process_time() - used_s
        found.append(Batched(BATCHED_TEXTS / took_s, 1000 * used_s / BATCHED_TEXTS))
    return max(found, key=lambda each: each.per_s)


def _cpu_s(pid: int) -> float:
    """Return the CPU time of a process, its threads' and the system's for it, as Linux tells it."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _status(host: str, port: int, address: str) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("GET", address)
        return int(connection.getresponse().status)
    finally:
        connection.close()


@click.command()
@click.option("--pictures", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--texts", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--cache", default="limn-bench.npz", type=click.Path(path_type=Path))
@click.option("--out", default="limn-served.json", type=click.Path(path_type=Path))
@click.option("--encoder", "spec", default="builtin", show_default=True)
@click.option("--rows", default=20_000, show_default=True)
@click.option("--clients", default=32, show_default=True)
@click.option("--plan/--no-plan", default=True, help="Measure and build before asking.")
def main(
    pictures: Path,
    texts: Path,
    cache: Path,
    out: Path,
    spec: str,
    rows: int,
    clients: int,
    plan: bool,
) -> None:
    """Measure, and write what was measured as JSON."""
    words = list(dict.fromkeys(lines(texts)))[-4_000:]
    encoder = open_encoder(spec)
    figures: dict[str, object] = {"rows": rows, "encoder": spec}
    with open_engine(Settings.from_environment()) as engine:
        try:
            collection = engine.catalog.collections.one(NAME)
        except NotFound:
            drawn = material(pictures, texts, cache, encoder.space.width).photographs
            fill(engine, encoder, mixtures(drawn, rows))
            collection = engine.catalog.collections.one(NAME)
        if plan:
            made = engine.plan(collection, lambda told: click.echo(told, err=True))
            figures["plan"] = made.to_document()
        figures["overhead"] = overhead(engine, words)
    figures["cold_search"] = cold_search()
    out.write_text(json.dumps(figures, indent=1))
    figures["served"] = served(encoder, words, clients)
    out.write_text(json.dumps(figures, indent=1))
    click.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
