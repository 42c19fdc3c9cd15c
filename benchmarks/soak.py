"""A long stay under load: searches, thumbnails and uploads at a steady rate, and their memory.

    python -m benchmarks.soak PICTURE.jpg --minutes 10 --idle 60 --slow 12 --indexing FOLDER

It serves the catalog of LIMN_DATA_DIR by a `limn serve` of its own, to which all connections go.
"""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from urllib.parse import quote, urlsplit

import click

from benchmarks.crowd import Crowd, Indexing, beside

WORDS = ("a dog", "red", "children play", "a man on a bike", "snow", "two women", "water", "狗")
THREADS = 32

# In a hundred requests; a page asks for far more thumbnails than searches.
SHARES = {"search": 30, "page": 10, "thumbnail": 55, "upload": 5}

SAMPLES = 400

# A request that is sent so long after its turn, as no thread was free, is late.
LATE_S = 1.0

# The first part of the time, in which indexes are opened, and threads, connections and caches come
# to their bounds; memory is counted after it.
WARM_UP = 0.2

# In how many parts of the time memory is told.
PARTS = 20

BOUNDARY = "limn-soak"


@dataclass
class Report:
    """What came of it; times in milliseconds, memory in MiB."""

    seconds: float
    requests: int = 0
    failed: int = 0
    late: int = 0
    first_failures: list[str] = field(default_factory=list)
    p50_ms: dict[str, float] = field(default_factory=dict)
    p99_ms: dict[str, float] = field(default_factory=dict)
    over_time_mib: list[float] = field(default_factory=list)
    most_ms: dict[str, float] = field(default_factory=dict)

    @property
    def counted_mib(self) -> list[float]:
        """The memory of each part of the time after the warm-up."""
        return self.over_time_mib[int(WARM_UP * PARTS) :]

    @property
    def drift(self) -> float:
        """How much more memory is held in the last fifth than in the one after the warm-up."""
        fifth = PARTS // 5
        first, last = self.counted_mib[:fifth], self.counted_mib[-fifth:]
        return median(last) / median(first) - 1 if first else 0.0

    @property
    def spread(self) -> float:
        """How far from their middle the memory of any part is, after the warm-up."""
        middle = median(self.counted_mib) if self.counted_mib else 1.0
        return max((abs(each / middle - 1) for each in self.counted_mib), default=0.0)


class Soak:
    """Asks one server, at a steady rate, from several threads."""

    def __init__(self, url: str, pid: int, picture: bytes) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._pid = parts.hostname or "", parts.port or 80, pid
        self._upload = _form(picture)
        self.ids = [hit["id"] for hit in self._ask_json("/api/v1/search?q=a&k=200")["hits"]]
        self._lock = threading.Lock()
        self._kept = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._took_ms: dict[str, list[float]] = {kind: [] for kind in SHARES}
        self._failures: Counter[str] = Counter()
        self._late = 0

    def run(self, seconds: float, rate: float, seed: int = 0) -> Report:
        """Ask `rate` times a second for so long, each in its turn, whether the last is answered."""
        chance = random.Random(seed)
        kinds = chance.choices(list(SHARES), list(SHARES.values()), k=int(seconds * rate))
        memory: list[tuple[float, float]] = []
        began = monotonic()
        over = threading.Event()
        with ThreadPoolExecutor(THREADS + 1) as pool:
            pool.submit(self._watch, memory, began, seconds / SAMPLES, over)
            asked = []
            try:
                for number, kind in enumerate(kinds):
                    due = began + number / rate
                    sleep(max(0.0, due - monotonic()))
                    asked.append(pool.submit(self._one, kind, chance.random(), due))
                wait(asked)
            finally:
                over.set()
        for connection in self._connections:
            connection.close()
        return self._report(monotonic() - began, len(kinds), memory)

    def _watch(
        self, memory: list[tuple[float, float]], began: float, every_s: float, over: threading.Event
    ) -> None:
        while not over.wait(every_s):
            memory.append((monotonic() - began, resident_mib(self._pid)))

    def _report(self, seconds: float, requests: int, memory: list[tuple[float, float]]) -> Report:
        parts: list[list[float]] = [[] for _ in range(PARTS)]
        for at, mib in memory:
            parts[min(PARTS - 1, int(PARTS * at / seconds))].append(mib)
        return Report(
            seconds=round(seconds, 1),
            requests=requests,
            failed=self._failures.total(),
            late=self._late,
            first_failures=list(self._failures)[:5],
            p50_ms={kind: _part(took, 0.5) for kind, took in self._took_ms.items()},
            p99_ms={kind: _part(took, 0.99) for kind, took in self._took_ms.items()},
            most_ms={kind: _part(took, 1.0) for kind, took in self._took_ms.items()},
            over_time_mib=[round(median(part), 1) for part in parts if part],
        )

    def _one(self, kind: str, chance: float, due: float) -> None:
        began = monotonic()
        try:
            status = self._ask(kind, chance)
            failure = "" if status == 200 else f"{kind}: {status}"
        except (OSError, http.client.HTTPException) as error:
            self._kept.connection = None
            failure = f"{kind}: {type(error).__name__} {error}"
        took_ms = (monotonic() - began) * 1000
        with self._lock:
            self._took_ms[kind].append(took_ms)
            self._late += began - due > LATE_S
            if failure:
                self._failures[failure] += 1

    def _ask(self, kind: str, chance: float) -> int:
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=60)
            self._kept.connection = connection
            self._connections.append(connection)
        words = quote(WORDS[int(chance * len(WORDS))])
        picture_id = self.ids[int(chance * len(self.ids))]
        if kind == "upload":
            headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
            connection.request("POST", "/api/v1/search", self._upload, headers)
        else:
            address = {
                "search": f"/api/v1/search?q={words}&k=20",
                "page": f"/?q={words}",
                "thumbnail": f"/api/v1/pictures/{picture_id}/thumbnail?side=320",
            }[kind]
            connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        return int(answer.status)

    def _ask_json(self, address: str) -> dict[str, list[dict[str, int]]]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=300)
        connection.request("GET", address)
        found: dict[str, list[dict[str, int]]] = json.loads(connection.getresponse().read())
        connection.close()
        return found


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, int]]:
    """Serve at a free port with `limn serve`; gives its address and its process id."""
    limn = str(Path(sys.executable).with_name("limn"))
    with subprocess.Popen(
        [limn, "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+/", process.stderr.readline())
            assert found is not None, process.stderr.read()
            yield found[0], process.pid
        finally:
            process.terminate()


def resident_mib(pid: int | str) -> float:
    """Return the memory that a process holds, as Linux tells it."""
    told = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmRSS:\s+(\d+) kB", told)
    return int(found[1]) / 1024 if found else 0.0


def _form(picture: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


def _part(took_ms: list[float], part: float) -> float:
    return round(sorted(took_ms)[int(part * (len(took_ms) - 1))], 1) if took_ms else 0.0


@click.command()
@click.argument("picture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--rate", default=50.0, show_default=True, help="Requests a second.")
@click.option("--idle", default=0, help="Connections that send nothing, or a byte a second.")
@click.option("--slow", default=0, help="Connections that take a KiB a second of a zip.")
@click.option(
    "--indexing",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder to index meanwhile, again and again, into a collection of its own.",
)
def main(
    picture: Path, minutes: float, rate: float, idle: int, slow: int, indexing: Path | None
) -> None:
    """Stay under load, uploading PICTURE now and then, and print what came of it as JSON."""
    load = [os.getloadavg()[0]]
    with serving(*(("--root", str(indexing)) if indexing else ())) as (url, pid):
        soak = Soak(url, pid, picture.read_bytes())
        crowd = Crowd(url, idle, slow, soak.ids)
        runs = [Indexing(url, str(indexing))] if indexing else []
        with beside(crowd, *runs):
            report = soak.run(minutes * 60, rate)
    load.append(os.getloadavg()[0])
    told = {
        "drift": round(report.drift, 4),
        "spread": round(report.spread, 4),
        "crowd_opened": crowd.opened,
        "indexed": sum(each.added for each in runs),
        "load": load,
    }
    click.echo(json.dumps({**asdict(report), **told}, indent=2))


if __name__ == "__main__":
    main()
