"""Times the whole way: the engine over the bare index, cold starts, and many clients over HTTP.

    LIMN_DATA_DIR=/tmp/bench python -m benchmarks.search_served --pictures FOLDER \
        --texts captions.csv --rows 100000 --out served.json

It fills the collection `bench` of LIMN_DATA_DIR with mixtures of photographs' embeddings, as
`benchmarks.search` makes them, where it is not there yet: rows in SQL without picture files.
"""

import hashlib
import http.client
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import click
import numpy as np
import sqlalchemy as sa

from benchmarks.search_vectors import lines, material, mixtures
from benchmarks.soak import serving
from search.bootstrap import open_engine
from search.encoders import open_encoder
from search.engine import Engine
from search.errors import NotFound
from search.records import (
    EmbeddedCaptions,
    EmbeddedPicture,
    FileState,
    PictureFacts,
    Query,
    TextTerm,
    Vectors,
)
from search.settings import Settings

NAME = "bench"
BATCH = 4_096
ASKED = 200
CLIENT_REQUESTS = 2_000


def fill(engine: Engine, vectors: Vectors) -> None:
    """Store pictures that have vectors and no files."""
    collection = engine.catalog.open_collection(NAME, open_encoder("builtin").space)
    nothing = EmbeddedCaptions((), np.empty((0, vectors.shape[1]), np.float32))
    facts = PictureFacts("jpeg", 640, 480)
    for start in range(0, len(vectors), BATCH):
        batch = []
        for number in range(start, min(start + BATCH, len(vectors))):
            digest = hashlib.sha256(b"%d" % number).digest()
            file = FileState(Path(f"/bench/{number:08}.jpg"), 1, 1, digest, digest)
            batch.append(EmbeddedPicture(file, facts, vectors[number], nothing))
        engine.catalog.store_pictures(collection, batch)
        click.echo(f"{start + len(batch):,} stored", err=True)


def overhead(engine: Engine, words: list[str]) -> dict[str, float]:
    """Median milliseconds of an answer of 50 hits, beside its encoding and its bare search."""
    [collection] = engine.catalog.collections([NAME])
    encoder, store = engine.encoder_of(collection), engine.store(collection)
    statements: list[str] = []
    sa.event.listen(
        sa.Engine, "before_cursor_execute", lambda *told: statements.append(str(told[2]))
    )
    over, whole, bare = [], [], []
    for text in words[:ASKED]:
        query = Query((TextTerm(text),), (NAME,), k=50)
        engine.answer(query)  # the same rows are warm for both
        began = time.perf_counter()
        vector = encoder.encode_texts([text])
        encoded = time.perf_counter()
        store.search(vector, 100)
        searched = time.perf_counter()
        statements.clear()
        engine.answer(query)
        answered = time.perf_counter()
        whole.append(answered - searched)
        bare.append(searched - encoded)
        over.append((answered - searched) - (searched - began))
    return {
        "answer_ms": round(1000 * float(np.median(whole)), 3),
        "bare_search_ms": round(1000 * float(np.median(bare)), 3),
        "overhead_ms": round(1000 * float(np.median(over)), 3),
        "statements": sum(each.lstrip().upper().startswith("SELECT") for each in statements),
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


def served(words: list[str], clients: int) -> dict[str, float]:
    """Seconds to readiness; then requests a second of so many clients, and what they wait."""
    encoder = open_encoder("builtin")
    encoder.encode_texts(words[:32])
    began = time.perf_counter()
    for start in range(0, 640, 32):
        encoder.encode_texts(words[start : start + 32])
    batched = 640 / (time.perf_counter() - began)
    started = time.perf_counter()
    with serving() as (url, _):
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        while _get(host, port, "/readyz")[0] != 200:
            time.sleep(0.02)
        ready_s = time.perf_counter() - started
        chosen = [words[each % len(words)] for each in range(CLIENT_REQUESTS)]
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda text: _ask(host, port, text), chosen[: 4 * clients]))
            began = time.perf_counter()
            told = list(pool.map(lambda text: _ask(host, port, text), chosen))
            took_s = time.perf_counter() - began
    waits = sorted(wait for _, wait in told)
    p50, p99 = waits[len(waits) // 2], waits[int(0.99 * len(waits))]
    return {
        "ready_s": round(ready_s, 2),
        "encoder_batched_per_s": round(batched, 1),
        "requests_per_s": round(CLIENT_REQUESTS / took_s, 1),
        "share_of_encoder": round(CLIENT_REQUESTS / took_s / batched, 3),
        "p50_ms": round(1000 * p50, 1),
        "p99_ms": round(1000 * p99, 1),
        "errors": sum(status != 200 for status, _ in told),
    }


def _ask(host: str, port: int, text: str) -> tuple[int, float]:
    began = time.perf_counter()
    status, _ = _get(host, port, f"/api/v1/search?q={quote(text)}&k=20&collection={NAME}")
    return status, time.perf_counter() - began


def _get(host: str, port: int, address: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("GET", address)
        answer = connection.getresponse()
        return int(answer.status), answer.read()
    finally:
        connection.close()


@click.command()
@click.option("--pictures", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--texts", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--cache", default="limn-bench.npz", type=click.Path(path_type=Path))
@click.option("--out", default="limn-served.json", type=click.Path(path_type=Path))
@click.option("--rows", default=20_000, show_default=True)
@click.option("--clients", default=32, show_default=True)
@click.option("--plan/--no-plan", default=True, help="Measure and build before asking.")
def main(
    pictures: Path, texts: Path, cache: Path, out: Path, rows: int, clients: int, plan: bool
) -> None:
    """Measure, and write what was measured as JSON."""
    words = list(dict.fromkeys(lines(texts)))[-4_000:]
    figures: dict[str, object] = {"rows": rows}
    with open_engine(Settings.from_environment()) as engine:
        try:
            [collection] = engine.catalog.collections([NAME])
        except NotFound:
            fill(engine, mixtures(material(pictures, texts, cache, 384).photographs, rows))
            [collection] = engine.catalog.collections([NAME])
        if plan:
            made = engine.plan(collection, lambda told: click.echo(told, err=True))
            figures["plan"] = made.told()
        figures["overhead"] = overhead(engine, words)
    figures["cold_search"] = cold_search()
    out.write_text(json.dumps(figures, indent=1))
    figures["served"] = served(words, clients)
    out.write_text(json.dumps(figures, indent=1))
    click.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
