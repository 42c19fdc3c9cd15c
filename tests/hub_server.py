"""A hub on loopback: the addresses of the Hugging Face hub that a download uses, and its faults."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"

LFS_BYTES = 10_000
"""Files from this size are stored apart, as the hub stores those of Git LFS."""


@dataclass
class Faults:
    """What goes wrong with a hub's answers; requests that were made are counted."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    breaks_after: int = 0
    """Bytes after which the connection ends, at the first request for each large file."""

    always_breaks: bool = False
    ignores_ranges: bool = False
    spoils: str = ""
    """The name of a file that is sent with another last byte."""

    holds_after: int = 0
    """Bytes of a large file after which the hub waits for the event `goes_on`."""

    goes_on: threading.Event = field(default_factory=threading.Event)
    silent: threading.Event | None = None
    """Answers wait for this event."""

    paths: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class LoopbackHub:
    """A running hub, with the folders that it publishes by their repositories."""

    endpoint: str
    repositories: dict[str, Path]
    faults: Faults


@contextlib.contextmanager
def running_hub(repositories: dict[str, Path]) -> Iterator[LoopbackHub]:
    """Run a hub, and the other server to which it sends for large files, until the block ends."""
    faults = Faults()
    storage = _Server(repositories, faults, None)
    front = _Server(repositories, faults, storage)
    threads = [
        threading.Thread(target=each.serve_forever, args=(0.01,)) for each in (storage, front)
    ]
    for thread in threads:
        thread.start()
    try:
        yield LoopbackHub(front.address, repositories, faults)
    finally:
        faults.goes_on.set()
        if faults.silent is not None:
            faults.silent.set()
        for server in (storage, front):
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, repositories: dict[str, Path], faults: Faults, storage: "_Server | None"
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories, self.faults, self.storage = repositories, faults, storage

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client may leave at any time."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Write no log."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        faults, path = self.server.faults, unquote(urlsplit(self.path).path)
        faults.paths.append(path)
        faults.tokens.append(self.headers.get("Authorization", ""))
        if path == "/":
            return self._send(200, b"")
        if faults.silent is not None:
            faults.silent.wait(30)
        if faults.status:
            return self._send(faults.status, b"{}", **faults.headers)
        _, *parts = path.split("/")
        if parts[:2] == ["api", "models"]:
            return self._describe("/".join(parts[2:4]))
        repository, name = "/".join(parts[:2]), "/".join(parts[4:])
        file = self.server.repositories.get(repository, Path("/nowhere")) / name
        if not file.is_file():
            return self._send(404, b"", **{"X-Error-Code": "EntryNotFound"})
        return self._file(file, name)

    def _describe(self, repository: str) -> None:
        folder = self.server.repositories.get(repository)
        if folder is None:
            return self._send(404, b"{}", **{"X-Error-Code": "RepoNotFound"})
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        siblings = [_sibling(each, each.relative_to(folder).as_posix()) for each in files]
        body = json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings})
        return self._send(200, body.encode(), **{"Content-Type": "application/json"})

    def _file(self, file: Path, name: str) -> None:
        content, faults = file.read_bytes(), self.server.faults
        large = len(content) >= LFS_BYTES
        if large and self.server.storage is not None:
            place = f"{self.server.storage.address}{self.path}"
            return self._send(302, b"", Location=place, ETag=f'"{_sha256(content)}"')
        if faults.spoils == name:
            content = content[:-1] + bytes([content[-1] ^ 1])
        start, headers = 0, {}
        wanted = self.headers.get("Range", "")
        faults.ranges.append(wanted)
        if wanted and not faults.ignores_ranges:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if faults.breaks_after and large and (faults.always_breaks or name not in faults.broken):
            faults.broken.add(name)
            return self._break(content[start:], headers)
        if faults.holds_after and large:
            return self._hold(content[start:], headers)
        return self._send(206 if headers else 200, content[start:], **headers)

    def _break(self, content: bytes, headers: dict[str, str]) -> None:
        """Announce the whole content, and send a part of it."""
        self._announce(content, headers)
        self.wfile.write(content[: self.server.faults.breaks_after])
        self.close_connection = True

    def _announce(self, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(206 if headers else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def _hold(self, content: bytes, headers: dict[str, str]) -> None:
        """Send a part of the content, and the rest later."""
        self._announce(content, headers)
        self.wfile.write(content[: self.server.faults.holds_after])
        self.server.faults.goes_on.wait(60)
        self.wfile.write(content[self.server.faults.holds_after :])

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _sibling(file: Path, name: str) -> dict[str, Any]:
    """Return a file's entry as the hub's API has it."""
    content = file.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git}
    if len(content) >= LFS_BYTES:
        digest = _sha256(content)
        entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
    return entry


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
