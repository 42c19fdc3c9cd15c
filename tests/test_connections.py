"""Slow clients: these use up their own connections, and no other client's."""

import json
import socket
import subprocess
import sys
from asyncio import Protocol, get_running_loop, run
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.soak import resident_mib
from search.bootstrap import open_engine
from tests.browsing import served
from tests.colour_web import settings_in, store
from web.server.connections import (
    HEAD_S,
    MAX_A_CLIENT,
    MAX_CONNECTIONS,
    STALL_S,
    Connection,
    Phase,
    client_of,
    in_ascii,
)

pytestmark = pytest.mark.slow

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs loopback addresses of Linux")

PICTURES = 3

Serving = tuple[int, subprocess.Popen[str]]

BEGUN = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-a: "
BODY = (
    b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)
ASKED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
ZIP = b"GET /api/v1/export?format=zip&id=1&id=2&id=3 HTTP/1.1\r\nHost: localhost\r\n\r\n"
ORIGINAL = b"GET /api/v1/pictures/1/original HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Yield a server and its port, with pictures of 6 MB, larger than a connection's buffers."""
    folder = tmp_path_factory.mktemp("connections")
    with open_engine(settings_in(folder / "data")) as engine:
        for number in range(PICTURES):
            path = folder / f"{number}.png"
            store(engine.catalog, path, "red", [])
            noise = Random(number).randbytes(1600 * 1250 * 3)
            Image.frombytes("RGB", (1600, 1250), noise).save(path, compress_level=0)
    with served(folder / "data", "--no-worker") as (process, url):
        yield port_of(url), process


def port_of(url: str) -> int:
    """Return the port of an address."""
    return int(url.rstrip("/").rpartition(":")[2])


def connect(port: int, host: str = "127.0.0.1", sent: bytes = b"") -> socket.socket:
    """Return a connection from an address of this machine, with a small receive buffer."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.bind((host, 0))
    connection.connect(("127.0.0.1", port))
    connection.sendall(sent)
    return connection


def asked(
    port: int,
    path: str,
    host: str = "127.0.0.1",
    headers: Mapping[str, str] = {},
) -> int:
    """Return the status of an answer that arrives within seconds."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20, source_address=(host, 0))
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def is_open(connection: socket.socket) -> bool:
    """Return whether the server has left a silent connection open."""
    connection.settimeout(0.0)
    try:
        return bool(connection.recv(1 << 20))
    except BlockingIOError:
        return True
    except OSError:
        return False


@linux
@pytest.mark.parametrize("sent", [b"", BEGUN, BODY, ASKED, ZIP, ORIGINAL])
def test_a_crowd_of_one_client_shuts_out_itself_alone(serving: Serving, sent: bytes) -> None:
    port, _ = serving
    with ExitStack() as stack:
        crowd = [
            stack.enter_context(connect(port, "127.0.0.9", sent)) for _ in range(MAX_A_CLIENT + 20)
        ]
        mine = stack.enter_context(connect(port, "127.0.0.1", BEGUN))
        for host in ("127.0.0.1", "127.0.0.2"):
            assert asked(port, "/api/v1/search?q=red", host) == 200
        assert is_open(mine)
        # The client itself is refused while each of its connections has a running request.
        assert asked(port, "/healthz", "127.0.0.9") in (200, 503)
        if sent in (b"", BEGUN, BODY):
            left = [is_open(each) for each in crowd]
            assert sum(left) <= MAX_A_CLIENT
            assert left[-1] and not left[0], "the oldest go first"


@linux
def test_a_crowd_from_many_addresses_leaves_room_for_who_comes_next(serving: Serving) -> None:
    port, _ = serving
    with ExitStack() as stack:
        hosts = [f"127.0.1.{number}" for number in range(1, 8)]
        crowd = [
            stack.enter_context(connect(port, hosts[number % len(hosts)], BEGUN))
            for number in range(MAX_CONNECTIONS + 50)
        ]
        for host in ("127.0.0.1", hosts[0]):
            assert asked(port, "/api/v1/search?q=red", host) == 200
        assert sum(map(is_open, crowd)) <= MAX_CONNECTIONS


@linux
def test_readers_that_do_not_read_cost_neither_threads_nor_memory(serving: Serving) -> None:
    port, process = serving
    before_mib = resident_mib(process.pid)
    with ExitStack() as stack:
        for sent in 30 * [ZIP, ORIGINAL]:
            stack.enter_context(connect(port, sent=sent))
        for _ in range(5):
            assert asked(port, "/api/v1/search?q=red") == 200
        assert resident_mib(process.pid) - before_mib < 60, "each was to be sent 6 or 18 MB"
        last = stack.enter_context(
            connect(port, sent=ORIGINAL.replace(b"X: y", b"Connection: close"))
        )
        told = 0
        while piece := last.recv(1 << 20):
            told += len(piece)
        assert told > 6_000_000, "who reads slowly gets all"


@linux
def test_an_end_does_not_wait_for_clients_that_are_waited_for(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--no-worker") as (process, url), ExitStack() as stack:
        for sent in (b"", BEGUN, BODY, ASKED):
            stack.enter_context(connect(port_of(url), sent=sent))
        assert asked(port_of(url), "/healthz") == 200
        process.terminate()
        _, said = process.communicate(timeout=15)
        assert (process.returncode, said.splitlines()[-1:]) == (0, ["Limn has ended."])


@linux
def test_a_client_is_who_a_trusted_proxy_says(tmp_path: Path) -> None:
    forged = {"X-Forwarded-For": "203.0.113.7"}
    options = ("--no-worker", "--log-requests", "--trust-proxy", "127.0.0.2")
    with served(tmp_path / "data", *options) as (process, url):
        for host in ("127.0.0.1", "127.0.0.2"):
            asked(port_of(url), "/healthz", host, forged)
        process.terminate()
        _, said = process.communicate(timeout=15)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [each["client"] for each in lines] == ["127.0.0.1", "203.0.113.7"]


def test_an_address_may_be_sent_as_it_was_typed(serving: Serving) -> None:
    port, _ = serving
    line = "GET /api/v1/search?q=狗 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with connect(port, sent=line.encode()) as connection:
        assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"GET /api/v1/search?q=" + b"a" * 70_000 + b" HTTP/1.1\r\n", "414 URI Too Long"),
        (BEGUN + b"a" * 3_000_000, "431 Request Header Fields Too Large"),
    ],
)
def test_a_head_that_is_too_long_is_refused_before_it_has_come(
    serving: Serving, sent: bytes, told: str
) -> None:
    port, _ = serving
    with connect(port, sent=sent) as connection:
        answer = connection.makefile("rb").read().decode()
    assert answer.startswith(f"HTTP/1.1 {told}\r\n") and "send" in answer.partition("\r\n\r\n")[2]


@given(st.text(max_size=20), st.binary(max_size=50))
def test_the_first_line_is_made_ascii_and_nothing_else_is_changed(words: str, rest: bytes) -> None:
    line = f"GET /{words} HTTP/1.1".replace("\n", "").encode()
    made, end, after = in_ascii(line + b"\n" + rest).partition(b"\n")
    assert made.isascii() and (end, after) == (b"\n", rest)
    if b"%" not in line:
        assert unquote_to_bytes(made) == line


def test_a_network_of_ipv6_is_one_client() -> None:
    assert client_of("2001:db8:1:2::1") == client_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert client_of("::ffff:192.0.2.1") == client_of("192.0.2.1") == "192.0.2.1"
    assert client_of("fe80::1%eth0") == "fe80::/64"


async def paired(port: int) -> Connection:
    """Return the server's record of a new connection to `port`, as the test plays the server."""
    connecting = get_running_loop().create_connection(Protocol, "127.0.0.1", port)
    transport, _ = await connecting
    return Connection("127.0.0.1", transport)


def test_each_phase_has_its_time(serving: Serving) -> None:
    async def follow() -> None:
        connection = await paired(serving[0])
        began_s = connection.since_s
        connection.count_received(1)
        assert not connection.overdue(began_s + HEAD_S - 1, STALL_S)
        assert connection.overdue(began_s + HEAD_S + 1, STALL_S), "however many bytes have come"
        connection.enter(Phase.BODY)
        assert not connection.overdue(connection.moved_s + STALL_S - 1, STALL_S)
        assert connection.overdue(connection.moved_s + STALL_S + 1, STALL_S)
        connection.enter(Phase.WORK)
        assert not connection.overdue(began_s + 86_400, STALL_S)
        connection.enter(Phase.ANSWER)
        connection.count_sent(1 << 25)
        connection.transport.write(b"G" * (1 << 25))
        now_s = began_s + 100_000
        assert not connection.overdue(now_s, STALL_S)
        assert connection.transport.get_write_buffer_size(), "the server refuses it"
        assert not connection.overdue(now_s + STALL_S - 1, STALL_S)
        assert connection.overdue(now_s + STALL_S + 1, STALL_S)
        connection.transport.abort()

    run(follow())


def test_a_body_that_trickles_in_is_given_up(serving: Serving) -> None:
    async def trickle() -> bool:
        connection = await paired(serving[0])
        connection.enter(Phase.BODY)
        connection.count_received(1000)
        connection.moved_s += 120  # a byte has come just now
        late = connection.overdue(connection.since_s + 120, STALL_S)
        connection.transport.abort()
        return late

    assert run(trickle())
