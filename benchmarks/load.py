"""Many clients that ask one server for different words: a process of its own, cheap as it can be.

    python -m benchmarks.load http://127.0.0.1:8000/ COLLECTION --clients 32 < words.txt

What clients compute, the server lacks where both share the cores. So each keeps its connection, one
thread attends to all, and answers are counted, not read.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from urllib.parse import quote, urlsplit

import click


@dataclass(slots=True)
class Load:
    """What came of it: how long it took, the CPU time of the clients, each wait, refusals."""

    took_s: float = 0.0
    cpu_s: float = 0.0
    failed: int = 0
    waits_s: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Requests a second."""
        return len(self.waits_s) / self.took_s

    def wait_ms(self, part: float) -> float:
        """How long so large a part of the requests waited at most."""
        return 1000 * sorted(self.waits_s)[int(part * (len(self.waits_s) - 1))]


def loaded(url: str, collection: str, words: Sequence[str], clients: int) -> Load:
    """Ask for each of the words once, by so many clients of another process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", url, collection, "--clients", str(clients)],
        input="\n".join(" ".join(each.split()) for each in words),
        capture_output=True,
        text=True,
        check=True,
    )
    return Load(**json.loads(done.stdout))


async def _clients(url: str, collection: str, words: Sequence[str], count: int) -> Load:
    load, left = Load(), iter(words)
    began_s = time.perf_counter()
    await asyncio.gather(*(_client(url, collection, left, load) for _ in range(count)))
    load.took_s = time.perf_counter() - began_s
    return load


async def _client(url: str, collection: str, left: Iterator[str], load: Load) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f" HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
    for text in left:
        asked = f"GET /api/v1/search?q={quote(text)}&k=20&collection={quote(collection)}"
        began_s = time.perf_counter()
        writer.write((asked + head).encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.index(b"content-length:") + len(b"content-length:")
        await reader.readexactly(int(answer[length : answer.index(b"\r", length)]))
        load.waits_s.append(time.perf_counter() - began_s)
        load.failed += not answer.startswith(b"http/1.1 200")
    writer.close()


@click.command()
@click.argument("url")
@click.argument("collection")
@click.option("--clients", default=32, show_default=True)
def main(url: str, collection: str, clients: int) -> None:
    """Ask the server at URL for each line of standard input; print what came of it as JSON."""
    words = sys.stdin.read().splitlines()
    load = asyncio.run(_clients(url, collection, words, clients))
    used = resource.getrusage(resource.RUSAGE_SELF)
    load.cpu_s = used.ru_utime + used.ru_stime
    click.echo(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
