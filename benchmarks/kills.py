"""Ends the indexer at random moments, lets it go on, and compares with an undisturbed run.

It is ended by SIGKILL, SIGTERM, Ctrl-C, and Ctrl-C twice, in turn.

python -m benchmarks.kills FOLDER [--kills 10] [--encoder builtin]
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t

COLLECTION = "kills"

# How the indexer is ended, in turn: each a series of signals with a tenth of a second in between.
ENDS: tuple[tuple[signal.Signals, ...], ...] = (
    (signal.SIGKILL,),
    (signal.SIGINT,),
    (signal.SIGTERM,),
    (signal.SIGINT, signal.SIGINT),
)
GAP_S = 0.1

# A run that is told to end has ended after five seconds, on a machine that has little else to do.
END_S = 15.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture as SQL holds it: its embedding's bytes, and its captions with theirs."""

    vector: bytes
    captions: tuple[tuple[str, bytes], ...]


def limn(*arguments: str | Path) -> list[str]:
    """Return the installed program with arguments, for subprocess."""
    return [str(Path(sys.executable).with_name("limn")), *map(str, arguments)]


def index_with_kills(
    folder: Path, environment: Mapping[str, str], kills: int, chance: random.Random
) -> list[float]:
    """Index a folder, ended up to `kills` times on the way; returns the moments, in s.

    A moment is drawn anew for each attempt from the time that a whole run takes: the first is
    timed by running once into a catalog that is thrown away.

    Raises:
        subprocess.TimeoutExpired: a run that was told to end did not.
    """
    command = limn("index", folder, "--collection", COLLECTION)
    with tempfile.TemporaryDirectory() as scratch:
        began = time.monotonic()
        subprocess.run(
            command, env={**environment, "LIMN_DATA_DIR": scratch}, check=True, capture_output=True
        )
        whole_s = time.monotonic() - began
    lived: list[float] = []
    for left in range(kills, 0, -1):
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # What is done stays done, so the attempts share the time of one whole run between them.
        moment_s = chance.uniform(0, 2 * whole_s / (kills + left))
        try:
            process.wait(moment_s)
        except subprocess.TimeoutExpired:
            _end(process, ENDS[left % len(ENDS)])
            lived.append(moment_s)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return lived


def _end(process: "subprocess.Popen[bytes]", signals: Sequence[signal.Signals]) -> None:
    try:
        for each in signals:
            process.send_signal(each)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GAP_S)
        process.wait(END_S)
    finally:
        process.kill()
        process.wait()


def contents(data_dir: Path) -> dict[bytes, Stored]:
    """Everything that a catalog holds, by path; raises ValueError where a path stands twice."""
    database = Database(f"sqlite:///{data_dir / 'limn.db'}")
    p, c = t.picture, t.caption
    captions: dict[int, list[tuple[str, bytes]]] = {}
    with database.read_transaction() as sql:
        for row in sql.execute(
            sa.select(c.c.picture_id, c.c.text, t.caption_embedding.c.vector)
            .join(t.caption_embedding)
            .order_by(c.c.id)
        ):
            captions.setdefault(row.picture_id, []).append((row.text, row.vector))
        rows = sql.execute(
            sa.select(p.c.id, p.c.path, t.picture_embedding.c.vector).join(t.picture_embedding)
        ).all()
    database.close()
    held = {row.path: Stored(row.vector, tuple(captions.get(row.id, ()))) for row in rows}
    if len(held) != len(rows):
        raise ValueError(f"{len(rows)} pictures have {len(held)} paths")
    return held


def answers(text: str, environment: Mapping[str, str]) -> list[tuple[str, float]]:
    """Paths and cosines of the first fifty hits; ties in a fixed order."""
    command = limn("search", text, "-k", "50", "--json")
    printed = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    return sorted((hit["path"], hit["score"]) for hit in json.loads(printed))


def main() -> None:
    """Compare a killed and an undisturbed run; exit with 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--encoder", default="builtin")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--query", default="a dog runs on the beach")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "LIMN_ENCODER": asked.encoder}
        killed = {**environment, "LIMN_DATA_DIR": f"{scratch}/killed"}
        calm = {**environment, "LIMN_DATA_DIR": f"{scratch}/calm"}
        lived = index_with_kills(asked.folder, killed, asked.kills, random.Random(asked.seed))
        subprocess.run(
            limn("index", asked.folder, "--collection", COLLECTION),
            env=calm,
            check=True,
            capture_output=True,
        )
        found, expected = contents(Path(scratch, "killed")), contents(Path(scratch, "calm"))
        print(len(lived), "kills, after (s):", ", ".join(f"{each:.2f}" for each in lived))
        print(
            "pictures:", len(found), "captions:", sum(len(each.captions) for each in found.values())
        )
        print("the same pictures, captions and paths:", told(found) == told(expected))
        print("lowest cosine between the embeddings of both:", lowest_cosine(found, expected))
        print("the same first 50 hits:", answers(asked.query, killed) == answers(asked.query, calm))


def told(held: Mapping[bytes, Stored]) -> dict[bytes, list[str]]:
    """Return the captions' texts by path."""
    return {path: [text for text, _ in each.captions] for path, each in held.items()}


def lowest_cosine(held: Mapping[bytes, Stored], others: Mapping[bytes, Stored]) -> float:
    """Of each embedding with its twin: a batch that begins elsewhere rounds its last bits anew."""
    lowest = 1.0
    for path, stored in held.items():
        ours = [stored.vector, *(vector for _, vector in stored.captions)]
        theirs = [others[path].vector, *(vector for _, vector in others[path].captions)]
        for pair in zip(ours, theirs, strict=True):
            one, other = (np.frombuffer(blob, "<f2").astype(np.float64) for blob in pair)
            norms = float(np.linalg.norm(one) * np.linalg.norm(other))
            lowest = min(lowest, float(one @ other) / norms)
    return round(lowest, 6)


if __name__ == "__main__":
    main()
