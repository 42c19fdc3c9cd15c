"""Uploads at their limits, over real connections: refused early, interrupted, on a full disk."""

import json
import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from search.bootstrap import open_engine
from search.client import Client, Problem
from tests.browsing import served
from tests.colour_web import settings_in
from web.app import FORM_BYTES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux"),
]

MOST_SENT_BYTES = 3_000_000
MOST_UPLOAD_BYTES = 1_000_000

HEAD = b'--here\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\n'

Serving = tuple[subprocess.Popen[str], Callable[[], socket.socket]]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bodies")


@pytest.fixture(scope="module")
def serving(data_dir: Path) -> Iterator[Serving]:
    """Yield a server with small limits, and a function that connects to the server."""
    limits = {
        "LIMN_MAX_SENT_BYTES": str(MOST_SENT_BYTES),
        "LIMN_MAX_UPLOAD_BYTES": str(MOST_UPLOAD_BYTES),
    }
    with served(data_dir, "--no-worker", environment=limits) as (process, url):
        port = int(url.rstrip("/").rpartition(":")[2])
        yield process, lambda: socket.create_connection(("127.0.0.1", port), timeout=30)


def head(path: str, *lines: str) -> bytes:
    told = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: multipart/form-data; boundary=here",
        *lines,
    )
    return "\r\n".join([*told, "", ""]).encode()


def answer_on(connection: socket.socket) -> tuple[int, str, Any]:
    """Return the status, the type and the body of an answer that closes its connection."""
    told = b""
    while more := connection.recv(65_536):
        told += more
    lines, _, body = told.partition(b"\r\n\r\n")
    first, *rest = lines.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest)
    assert headers["connection"] == "close"
    kind = headers["content-type"].partition(";")[0]
    told_json = json.loads(body) if kind.endswith("json") else body.decode()
    return int(first.split()[1]), kind, told_json


def held_by(process: subprocess.Popen[str]) -> list[str]:
    """Return the deleted files that the server has open in its data folder: unfinished bodies."""
    links = []
    for each in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            links.append(str(each.readlink()))
        except FileNotFoundError:
            continue
    return [each for each in links if "/uploads/" in each and each.endswith("(deleted)")]


def until(test: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 30
    while not test():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "length", "refused", "told"),
    [
        ("/api/v1/collections", MOST_SENT_BYTES + FORM_BYTES + 1, 413, "LIMN_MAX_SENT_BYTES"),
        ("/api/v1/collections/a/files", 10**12, 404, "there is no collection 'a'"),
        ("/api/v1/search", 10**8, 413, "LIMN_MAX_UPLOAD_BYTES"),
        ("/collections", 10**12, 413, "LIMN_MAX_SENT_BYTES"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_sent(
    serving: Serving, path: str, length: int, refused: int, told: str
) -> None:
    process, connect = serving
    with connect() as connection:
        connection.sendall(head(path, f"Content-Length: {length}") + HEAD)
        status, kind, said = answer_on(connection)
        assert status == refused
        if path.startswith("/api/"):
            assert kind == "application/problem+json" and told in said["detail"]
        else:
            assert kind == "text/html" and told in said
        for _ in range(20):  # a client that goes on sending still gets the whole answer
            connection.sendall(b"x" * 65_536)
    assert held_by(process) == []


def test_a_client_that_waits_to_be_asked_for_the_body_is_not(serving: Serving) -> None:
    _, connect = serving
    with connect() as connection:
        lines = (f"Content-Length: {MOST_SENT_BYTES + FORM_BYTES + 1}", "Expect: 100-continue")
        connection.sendall(head("/api/v1/collections", *lines))
        assert answer_on(connection)[0] == 413


def test_a_client_that_sends_all_the_same_is_told(serving: Serving) -> None:
    _, connect = serving
    with connect() as connection:
        port = connection.getpeername()[1]
    with pytest.raises(Problem, match="LIMN_MAX_SENT_BYTES") as refused:
        Client(f"http://127.0.0.1:{port}").send("x", [("a.zip", bytes(3 * MOST_SENT_BYTES))])
    assert refused.value.status == 413


def test_what_proves_too_large_as_it_comes_is_refused_then(serving: Serving) -> None:
    process, connect = serving
    with connect() as connection:
        connection.sendall(head("/api/v1/collections", "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        for _ in range((MOST_SENT_BYTES + FORM_BYTES) // 65_536 + 1):
            connection.sendall(chunk)
        status, kind, _ = answer_on(connection)
        assert (status, kind) == (413, "application/problem+json")
    assert held_by(process) == []


def test_an_upload_that_breaks_off_leaves_nothing_behind(serving: Serving, data_dir: Path) -> None:
    process, connect = serving
    with connect() as connection:
        lines = f"Content-Length: {MOST_SENT_BYTES}"
        connection.sendall(head("/api/v1/collections", lines) + HEAD + b"x" * 2_000_000)
        until(lambda: held_by(process))
    until(lambda: not held_by(process))
    assert [*(data_dir / "uploads").rglob("*")] == [data_dir / "uploads" / ".drafts"]


def test_a_full_disk_is_told_and_nothing_is_left(serving: Serving, data_dir: Path) -> None:
    process, connect = serving
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    try:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        for path, kind in (("/api/v1", "application/problem+json"), ("", "text/html")):
            with connect() as connection:
                lines = f"Content-Length: {MOST_SENT_BYTES}"
                connection.sendall(head(f"{path}/collections", lines) + HEAD + b"x" * 2_500_000)
                status, said_as, said = answer_on(connection)
            told = said["detail"] if path else said
            assert (status, said_as) == (507, kind)
            assert "File too large; the log of the server tells more" in told
            assert str(data_dir) not in told
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
    assert held_by(process) == []
    assert [*(data_dir / "uploads").rglob("*")] == [data_dir / "uploads" / ".drafts"]


@pytest.mark.parametrize("length", ["Content-Length: 2000000", "Transfer-Encoding: chunked"])
def test_a_large_body_is_taken_from_who_may_send_it_alone(tmp_path: Path, length: str) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        tokens = engine.catalog.tokens
        read, write = (tokens.create(each, each) for each in ("read", "write"))
    with served(tmp_path / "data", "--no-worker", "--require-token") as (process, url):
        port = int(url.rstrip("/").rpartition(":")[2])
        for secret, refused in ((None, 401), ("limn_x", 401), (read, 403), (write, None)):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                shown = [] if secret is None else [f"Authorization: Bearer {secret}"]
                begun = b"f4240\r\n" if "chunked" in length else b""
                connection.sendall(head("/api/v1/collections", length, *shown) + begun)
                connection.sendall(HEAD + b"x" * 900_000)
                if refused is not None:
                    assert answer_on(connection)[0] == refused
                    assert held_by(process) == []
                else:
                    until(lambda: held_by(process))
        process.terminate()
        process.communicate(timeout=30)


def test_as_much_as_is_allowed_is_kept(serving: Serving, data_dir: Path) -> None:
    _, connect = serving
    fields = b'--here\r\nContent-Disposition: form-data; name="name"\r\n\r\nwhole\r\n'
    end = b"\r\n--here--\r\n"
    body = fields + HEAD + b"x" * MOST_SENT_BYTES + end
    with connect() as connection:
        lines = (f"Content-Length: {len(body)}", "Connection: close")
        connection.sendall(head("/api/v1/collections", *lines) + body)
        status, _, job = answer_on(connection)
    assert (status, job.get("state")) == (202, "queued"), job
    [kept] = (data_dir / "uploads").glob("[!.]*/*")
    assert (kept.name, kept.stat().st_size) == ("a.zip", MOST_SENT_BYTES)
