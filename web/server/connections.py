"""Limits on clients' connections: their number, and their time without progress."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A process may open this many files, as each connection can use one for a body and one to send.
MAX_CONNECTIONS = 512
# A browser keeps six, a program as many as it has threads.
MAX_A_CLIENT = 128

# nginx's defaults are 75 s for the next request, and 60 s for a head and between two reads.
KEEP_ALIVE_S = 75
HEAD_S = 20.0
STALL_S = 30.0
# The limit once the server stops.
ENDING_STALL_S = 3.0

# Apache's mod_reqtimeout wants as much of a body a second.
MIN_BODY_BYTES_S = 500
MAX_HEAD_BYTES = 1 << 16

POLL_INTERVAL_S = 0.5

# What httptools takes.
MAX_ADDRESS_BYTES = 65_000
LONG_ADDRESS = "this address is longer than 65,000 bytes; send its fields as a form, with POST\n"
MANY_REQUESTS = "as many requests of this address as there may be are under way; try again\n"
LONG_HEAD = "the headers of this request are longer than 65,536 bytes; send fewer\n"

# The key of the connection in the ASGI state of its requests.
CONNECTION = "connection"


class Phase(Enum):
    """The next event that a connection waits for."""

    IDLE = "the next request"
    HEAD = "the head of a request"
    BODY = "the body of a request"
    WORK = "the application"
    ANSWER = "the client, to take an answer"


class Connection:
    """A connection, and the time of its client's last progress."""

    def __init__(self, host: str, transport: asyncio.Transport) -> None:
        self.host = host
        self.client = client_of(host)
        self.transport = transport
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_refused = False
        self._received_bytes = 0
        self._sent_bytes = 0
        self._taken_bytes = 0
        self._taken_s = monotonic()
        self.enter(Phase.HEAD)

    def enter(self, phase: Phase) -> None:
        """Change the phase, and restart its clock."""
        self.phase = phase
        self.since_s = self.moved_s = monotonic()
        self._received_bytes = 0

    @property
    def begins(self) -> bool:
        """Return whether the next bytes begin a request."""
        return self.phase is Phase.IDLE or (self.phase is Phase.HEAD and not self._received_bytes)

    @property
    def head_is_long(self) -> bool:
        """Whether a head has more bytes than it may have, and still no end."""
        return self.phase is Phase.HEAD and self._received_bytes > MAX_HEAD_BYTES

    def count_received(self, size_bytes: int) -> None:
        """Count bytes received from the client."""
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEAD)
        self._received_bytes += size_bytes
        self.moved_s = monotonic()

    def refuse(self, status: str, why: str) -> None:
        """Answer a request that can't be read, and discard the rest of its bytes."""
        self.is_refused = True
        self.enter(Phase.HEAD)
        self.transport.write(
            f"HTTP/1.1 {status}\r\nserver: limn\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(why)}\r\nconnection: close\r\n\r\n{why}".encode("ascii")
        )
        self.transport.write_eof()

    def count_sent(self, size_bytes: int) -> None:
        """Count bytes of an answer written to the transport."""
        self._sent_bytes += size_bytes

    @property
    def waits(self) -> bool:
        """Return whether the server waits for the client."""
        return self.phase is not Phase.WORK

    def overdue(self, now_s: float, stall_s: float) -> bool:
        """Return whether the client took too long; `stall_s` is its limit without progress."""
        unsent_bytes = self.transport.get_write_buffer_size()
        if not unsent_bytes or self._sent_bytes - unsent_bytes > self._taken_bytes:
            self._taken_bytes, self._taken_s = self._sent_bytes - unsent_bytes, now_s
        if now_s - self._taken_s > stall_s:
            return True
        if self.phase is Phase.HEAD:
            return now_s - self.since_s > HEAD_S
        if self.phase is Phase.BODY:
            min_bytes = MIN_BODY_BYTES_S * (now_s - self.since_s - STALL_S)
            return self._received_bytes < min_bytes or now_s - self.moved_s > stall_s
        return False


class Connections:
    """All connections of a server, used from its event loop alone."""

    def __init__(
        self,
        max_open: int = MAX_CONNECTIONS,
        max_a_client: int = MAX_A_CLIENT,
        proxies: Sequence[IPv4Network | IPv6Network] = (),
    ) -> None:
        """Set the limits; a client behind one of `proxies` counts toward `max_open` alone."""
        self.is_stopping = False
        self._max_open = max_open
        self._max_a_client = max_a_client
        self._proxies = proxies
        self._open: dict[Connection, None] = {}

    def add(self, connection: Connection) -> None:
        """Add a connection; above the limits, close another one for it.

        The closed connection is the one that has waited longest for its client, of the client with
        too many connections or else with the most: a crowd from one client shuts out itself. Where
        no connection waits, the newest of the client with the most is closed, and a client with too
        many gets an error that says to retry.
        """
        self._open[connection] = None
        counts = Counter(each.client for each in self._open)
        many = counts[connection.client] > self._max_a_client
        if many and not self._trusts(connection.host):
            crowd = self._of(connection.client)
            oldest = _oldest(crowd, connection)
            if oldest is None:
                connection.refuse("503 Service Unavailable", MANY_REQUESTS)
            else:
                self._drop(oldest)
        elif len(self._open) > self._max_open:
            # Of clients with equally many connections, the earliest client counts, never the new
            # one.
            crowd = self._of(max(counts, key=counts.__getitem__))
            oldest = _oldest(crowd, connection) or _oldest(self._open, connection)
            self._drop(oldest or crowd[-1])

    def remove(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._open.pop(connection, None)

    def drop_overdue(self) -> None:
        """Close the connections of clients that took too long."""
        now_s = monotonic()
        stall_s = ENDING_STALL_S if self.is_stopping else STALL_S
        for connection in list(self._open):
            if connection.overdue(now_s, stall_s):
                connection.transport.abort()

    def drop_all(self) -> int:
        """Close every connection; return their number."""
        for connection in list(self._open):
            connection.transport.abort()
        return len(self._open)

    def _trusts(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._proxies)

    def _of(self, client: str) -> list[Connection]:
        return [each for each in self._open if each.client == client]

    def _drop(self, connection: Connection) -> None:
        connection.transport.abort()
        self.remove(connection)

    def protocol(self) -> type[HttpToolsProtocol]:
        """Return uvicorn's protocol class with these limits."""
        connections = self

        class Protocol(HttpToolsProtocol):
            _connection: Connection

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                peer = transport.get_extra_info("peername")
                self._connection = Connection(str(peer[0]) if peer else "", transport)
                self.app_state: dict[str, Any] = {CONNECTION: self._connection}
                super().connection_made(transport)
                connections.add(self._connection)

            def data_received(self, data: bytes) -> None:
                connection = self._connection
                if connection.is_refused:
                    return
                if connection.begins:
                    data = in_ascii(data)
                    if len(data.partition(b"\n")[0]) > MAX_ADDRESS_BYTES:
                        connection.refuse("414 URI Too Long", LONG_ADDRESS)
                        return
                if connection.head_is_long:
                    connection.refuse("431 Request Header Fields Too Large", LONG_HEAD)
                    return
                connection.count_received(len(data))
                super().data_received(data)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.remove(self._connection)
                if not self._connection.closed.done():
                    self._connection.closed.set_result(None)
                super().connection_lost(exc)

        return Protocol


def in_ascii(data: bytes) -> bytes:
    """Return the beginning of a request, with a percent-encoded first line.

    curl and others send addresses as typed, such as ?q=狗, and all servers accept these.
    """
    line, end, rest = data.partition(b"\n")
    if line.isascii():
        return data
    return b"".join(b"%%%02X" % each if each > 127 else b"%c" % each for each in line) + end + rest


def client_of(host: str) -> str:
    """Return the identity of a client: an IPv4 address, or the network of an IPv6 address."""
    address = _address(host)
    if address is None or isinstance(address, IPv4Address):
        return str(address or host)
    return str(ip_network((address, 64), strict=False))  # a host may use any address of its network


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    ipv4 = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return ipv4 or address


def _oldest(crowd: Iterable[Connection], new: Connection) -> Connection | None:
    """Return the connection that has waited longest for its client, preferably an idle one."""
    candidates = [each for each in crowd if each.waits and each is not new]
    busy = (Phase.BODY, Phase.ANSWER)
    return min(candidates, key=lambda each: (each.phase in busy, each.moved_s), default=None)
