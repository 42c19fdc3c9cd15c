"""What a soak has beside it: clients that keep the server waiting, and runs of the indexer."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

# What a slow reader takes in a second, from a buffer that holds little more.
SLOW_BYTES = 1024
BUFFER_BYTES = 4096

# The collection that is made, removed and made again.
INDEXED = "soak-indexing"

BEGUN = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


class Crowd:
    """Connections that are idle, send a byte a second, or read an export slowly.

    Those that the server closes are opened again.
    """

    def __init__(self, url: str, idle: int, slow: int, ids: list[int]) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        named = urlencode([("format", "zip"), *(("id", each) for each in ids)])
        export = f"GET /api/v1/export?{named} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self._first = [b"" if number % 2 else BEGUN for number in range(idle)] + [export] * slow
        self._sends = [number % 2 == 0 for number in range(idle)] + [False] * slow
        self._connections: list[socket.socket | None] = [None] * (idle + slow)
        self.opened = 0

    def run(self, over: threading.Event) -> None:
        """Keep the server waiting until `over` is set."""
        while not over.wait(1.0):
            for number in range(len(self._connections)):
                self._step(number)
        for connection in self._connections:
            if connection is not None:
                connection.close()

    def _step(self, number: int) -> None:
        connection = self._connections[number]
        try:
            if connection is None:
                self._connections[number] = self._open(self._first[number])
                return
            if self._sends[number]:
                connection.send(b"x")
            if not connection.recv(SLOW_BYTES):
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:
            if connection is not None:
                connection.close()
            self._connections[number] = None

    def _open(self, first: bytes) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        connection.settimeout(5)
        connection.connect(self._address)
        connection.sendall(first)
        connection.setblocking(False)
        self.opened += 1
        return connection


class Indexing:
    """Makes a collection of a folder, again and again, as a person would from the page."""

    def __init__(self, url: str, folder: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._folder = folder
        self.added = 0

    def run(self, over: threading.Event) -> None:
        """Index until `over` is set; the last run is cancelled."""
        while not over.is_set():
            named = {"name": INDEXED, "folder": self._folder}
            job = self._ask("POST", "/api/v1/collections", named)
            while job["state"] in ("queued", "running") and not over.wait(1.0):
                job = self._ask("GET", f"/api/v1/jobs/{job['id']}")
            if over.is_set():
                self._ask("POST", f"/api/v1/jobs/{job['id']}/cancel")
                job = self._ended(job)
            self.added += job["added"]
            self._ask("DELETE", f"/api/v1/collections/{INDEXED}")

    def _ended(self, job: dict[str, Any]) -> dict[str, Any]:
        until_s, pause = monotonic() + 30, threading.Event()
        while job["state"] in ("queued", "running") and monotonic() < until_s:
            pause.wait(0.5)
            job = self._ask("GET", f"/api/v1/jobs/{job['id']}")
        return job

    def _ask(self, method: str, path: str, sent: object = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(*self._address, timeout=60)
        headers = {"Content-Type": "application/json"} if sent else {}
        connection.request(method, path, json.dumps(sent) if sent else None, headers)
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {told}")
        return told


@contextmanager
def beside(*runs: Crowd | Indexing) -> Iterator[None]:
    """Run these while the block does."""
    over = threading.Event()
    threads = [threading.Thread(target=each.run, args=(over,)) for each in runs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
