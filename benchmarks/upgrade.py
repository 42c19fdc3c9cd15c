"""Changes the pair of a collection under kills and questions, and counts what goes wrong.

    python -m benchmarks.upgrade --pictures 34475 --kills 20 [--encoder tiny:96]

Small pictures are indexed by `tiny` and served. While they are embedded by the other pair, whose
processes are killed at random moments, a client asks question after question: each answer must be
the present pair's, to the last digit. Then the pair is switched while 32 clients ask: no request
may fail, and each answer must be one of the two pairs', whole. Then back: the same answers as
before. It also compares the waits during the job with those before and after it.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
import sqlalchemy as sa
from PIL import Image

from benchmarks.kills import limn
from benchmarks.soak import serving
from search.bootstrap import open_engine
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.client import Client
from search.encoders.tiny import COLOURS, PLACES
from search.errors import LimnError
from search.query.records import Query, TextTerm

NAME = "many"
SIDE_PX = 32
HITS = 20

# With a tolerance: pictures of almost the same score may take each other's last place.
SAME_SHARE = 0.9

# A client may ask some thousands of questions in a minute.
PAUSE_S = 0.025
SWITCH_CLIENTS = 32
SWITCH_S = 8.0

Hits = tuple[tuple[int, float], ...]


@dataclass(slots=True)
class Asked:
    """The answers of one phase: waits in ms, failed requests, and answers that are not allowed."""

    tolerance: float
    waits_ms: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    by_pair: dict[str, int] = field(default_factory=dict)

    def wait_ms(self, part: float) -> float:
        """Return how long so large a part of the requests waited at most."""
        return round(sorted(self.waits_ms)[int(part * (len(self.waits_ms) - 1))], 1)

    def facts(self) -> dict[str, object]:
        """Return what is printed."""
        return {
            "asked": len(self.waits_ms),
            "failed": len(self.failed),
            "wrong": len(self.wrong),
            "by_pair": self.by_pair,
            "p50_ms": self.wait_ms(0.5),
            "p95_ms": self.wait_ms(0.95),
            "first_failures": (self.failed + self.wrong)[:3],
        }


def make_pictures(folder: Path, count: int) -> None:
    """Write small JPEGs of four colours each."""
    folder.mkdir()
    for number in range(count):
        quarters = np.random.default_rng(number).integers(0, 256, (2, 2, 3), np.uint8)
        pixels = quarters.repeat(SIDE_PX // 2, 0).repeat(SIDE_PX // 2, 1)
        Image.fromarray(pixels).save(folder / f"{number:06}.jpg", quality=90)


def questions(count: int) -> list[str]:
    """Return different questions about colours and places."""
    chance = random.Random(1)
    colours = [words.split()[0] for words, _ in COLOURS]
    places = [words.split()[0] for words in PLACES]
    return [
        f"{chance.choice(colours)} {chance.choice(places)} and {chance.choice(colours)} no {number}"
        for number in range(count)
    ]


def expected(data_dir: Path, texts: Sequence[str]) -> dict[str, Hits]:
    """Return the answers of the pair that the collection answers by now, in this process."""
    os.environ["LIMN_DATA_DIR"] = str(data_dir)
    with open_engine() as engine:
        return {
            text: tuple(
                (hit.picture.id, round(hit.score, 6))
                for hit in engine.search(Query((TextTerm(text),), (NAME,), k=HITS))
            )
            for text in texts
        }


def same(hits: Hits, others: Hits, tolerance: float) -> bool:
    """Return whether two answers agree, but for so much in the scores and the last places."""
    if not tolerance:
        return hits == others
    scores, other_scores = dict(hits), dict(others)
    common = scores.keys() & other_scores.keys()
    near = all(abs(scores[each] - other_scores[each]) <= tolerance for each in common)
    return near and len(hits) == len(others) and len(common) >= SAME_SHARE * len(hits)


def ask_until(
    over: Callable[[], bool],
    url: str,
    texts: Sequence[str],
    allowed: Mapping[str, Mapping[str, Hits]],
    asked: Asked,
    pause_s: float = PAUSE_S,
) -> None:
    """Ask one question after the other until `over`; each answer must be one of `allowed`."""
    client, place = Client(url), random.randrange(len(texts))
    while not over():
        text = texts[place % len(texts)]
        place += 1
        began_s = time.perf_counter()
        try:
            answer = client.search(text, collections=[NAME], k=HITS)
        except LimnError as error:
            asked.failed.append(f"{text}: {error}")
            continue
        asked.waits_ms.append(1000 * (time.perf_counter() - began_s))
        hits = tuple((hit.id, hit.score) for hit in answer.hits)
        pair = next(
            (
                name
                for name, answers in allowed.items()
                if same(answers[text], hits, asked.tolerance)
            ),
            None,
        )
        if pair is None:
            asked.wrong.append(f"{text}: {hits[:2]}")
        else:
            asked.by_pair[pair] = asked.by_pair.get(pair, 0) + 1
        time.sleep(pause_s)


def job_processes(data_dir: Path) -> list[int]:
    """Return the processes that run jobs on this data."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if (
                b"--job" in (entry / "cmdline").read_bytes()
                and os.fsencode(data_dir) in (entry / "environ").read_bytes()
            ):
                found.append(int(entry.name))
    return found


def embed_with_kills(encoder: str, kills: int, data_dir: Path, whole_s: float) -> list[float]:
    """Embed by another pair, its processes killed up to `kills` times; return the moments, in s."""
    chance = random.Random(2)
    moments: list[float] = []
    for _ in range(kills):
        subprocess.run(
            limn("upgrade", NAME, "--encoder", encoder, "--detach"), check=True, capture_output=True
        )
        moment_s = chance.uniform(0.5, max(2.0, 2 * whole_s / kills))
        time.sleep(moment_s)
        processes = job_processes(data_dir)
        if not processes:
            continue
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        moments.append(round(moment_s, 1))
    subprocess.run(limn("upgrade", NAME, "--encoder", encoder), check=True, capture_output=True)
    return moments


def stored(data_dir: Path) -> dict[str, int]:
    """Return how many embeddings each space has, and how many pictures there are."""
    database = Database(f"sqlite:///{data_dir / 'limn.db'}")
    e = t.picture_embedding.c
    with database.read_transaction() as sql:
        rows = sql.execute(
            sa.select(
                e.space_id, sa.func.count(sa.distinct(e.picture_id)), sa.func.count()
            ).group_by(e.space_id)
        ).all()
        counts = {row[0]: row[1] for row in rows}
        counts["twice"] = sum(row[2] - row[1] for row in rows)
        counts["pictures"] = sql.scalar(sa.select(sa.func.count()).select_from(t.picture)) or 0
    database.close()
    return counts


def in_threads(count: int, work: Callable[[], None]) -> list[threading.Thread]:
    """Start so many threads that do the same."""
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


@click.command()
@click.option("--pictures", default=34_475, show_default=True)
@click.option("--kills", default=20, show_default=True)
@click.option("--questions", "question_count", default=1_000, show_default=True)
@click.option("--encoder", default="tiny:96", show_default=True)
@click.option(
    "--tolerance", default=0.0, help="Of scores: a pair's last bits may depend on batches."
)
@click.option("--calm", default=15.0, show_default=True, help="Seconds of asking before and after.")
def main(
    pictures: int, kills: int, question_count: int, encoder: str, calm: float, tolerance: float
) -> None:
    """Run all of it and print one JSON document; exit with 1 where anything was lost or mixed."""
    os.environ["LIMN_ENCODER"] = "tiny"
    with tempfile.TemporaryDirectory() as scratch:
        data_dir = Path(scratch) / "data"
        os.environ["LIMN_DATA_DIR"] = str(data_dir)
        make_pictures(Path(scratch) / NAME, pictures)
        began_s = time.monotonic()
        subprocess.run(limn("index", Path(scratch) / NAME), check=True, capture_output=True)
        whole_s = time.monotonic() - began_s
        click.echo(f"{pictures:,} pictures indexed in {whole_s:.0f} s", err=True)
        texts = questions(question_count)
        old = {"old": expected(data_dir, texts)}
        facts: dict[str, object] = {"pictures": pictures, "index_s": round(whole_s, 1)}
        with serving("--no-worker") as (url, _):
            before, during, after, switching = (Asked(tolerance) for _ in range(4))
            _calm(url, texts, old, before, calm)
            is_embedded = threading.Event()
            threads = in_threads(1, lambda: ask_until(is_embedded.is_set, url, texts, old, during))
            began_s = time.monotonic()
            facts["kills_s"] = embed_with_kills(encoder, kills, data_dir, whole_s)
            facts["upgrade_s"] = round(time.monotonic() - began_s, 1)
            while len(during.waits_ms) < question_count:
                time.sleep(0.1)
            is_embedded.set()
            for thread in threads:
                thread.join()
            facts["stored"] = stored(data_dir)
            _calm(url, texts, old, after, calm)

            subprocess.run(limn("upgrade", NAME, "--switch"), check=True, capture_output=True)
            pairs = {**old, "new": expected(data_dir, texts)}
            subprocess.run(limn("upgrade", NAME, "--back"), check=True, capture_output=True)
            is_over = threading.Event()
            threads = in_threads(
                SWITCH_CLIENTS,
                lambda: ask_until(is_over.is_set, url, texts, pairs, switching, 0.8),
            )
            time.sleep(SWITCH_S / 2)
            subprocess.run(limn("upgrade", NAME, "--switch"), check=True, capture_output=True)
            time.sleep(SWITCH_S / 2)
            is_over.set()
            for thread in threads:
                thread.join()
            subprocess.run(limn("upgrade", NAME, "--back"), check=True, capture_output=True)
            facts["same_after_back"] = expected(data_dir, texts) == old["old"]
        phases = {"before": before, "during": during, "after": after, "switching": switching}
        facts |= {name: asked.facts() for name, asked in phases.items()}
        calm_ms = (before.wait_ms(0.95) + after.wait_ms(0.95)) / 2
        facts["p95_during_to_calm"] = round(during.wait_ms(0.95) / calm_ms, 2)
    click.echo(json.dumps(facts, indent=2))
    broken = any(asked.failed or asked.wrong for asked in phases.values())
    sys.exit(1 if broken or not facts["same_after_back"] else 0)


def _calm(
    url: str,
    texts: Sequence[str],
    allowed: Mapping[str, Mapping[str, Hits]],
    asked: Asked,
    seconds: float,
) -> None:
    """Ask for some seconds while nothing else happens."""
    end_s = time.monotonic() + seconds
    ask_until(lambda: time.monotonic() > end_s, url, texts, allowed, asked)


if __name__ == "__main__":
    main()
