"""The HTTP server on uvicorn: one process, several threads, a clean stop."""

import asyncio
import errno
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from threading import Event
from time import monotonic
from types import FrameType

from flask import Flask
from uvicorn import Config, Server

from search.errors import BadSetting, LimnError, system_reason
from web.server.connections import KEEP_ALIVE_S, MAX_CONNECTIONS, POLL_INTERVAL_S, Connections
from web.server.gateway import Gateway
from web.state import WAITING

# The time for requests to finish when the server stops: a search by a picture takes a second on a
# slow machine.
PATIENCE_S = 30.0

# Files of one connection: its socket, its request body, and the file that is sent.
FILES_A_CONNECTION = 3
# Files of everything else: databases, indexes, logs.
OTHER_FILES = 200
# The least number of connections, where a process may open hardly any files.
MIN_CONNECTIONS = 32
MAX_FILES = FILES_A_CONNECTION * MAX_CONNECTIONS + OTHER_FILES


class AddressTaken(LimnError):
    """An error for an address that the server can't listen at."""


def open_server(
    app: Flask,
    host: str,
    port: int,
    threads: int,
    proxies: Sequence[str] = (),
) -> "ServerEnding":
    """Listen at an address; the server answers while `ServerEnding.serve` runs.

    Port 0 takes any free port, which `ServerEnding.port` returns. Proxies at the addresses or in
    the networks `proxies` may name the clients of their requests.

    Raises:
        AddressTaken: the port is in use, or not allowed for this user.
        BadSetting: `host` is not an address of this machine, or an entry of `proxies` is no
            address.
    """
    networks = list(map(_network, proxies))
    listener = _listen(host, port)
    gateway = Gateway(app, threads)
    app.extensions[WAITING] = lambda: gateway.queue_length
    connections = Connections(_room(), proxies=networks)
    # Clients' mistakes and broken connections are not worth a log line.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = Config(
        gateway,
        http=connections.protocol(),
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(map(str, networks)),
        server_header=False,
        headers=[("server", "limn")],
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    return ServerEnding(
        _Server(config), gateway, connections, listener, app.extensions["limn"].shutdown
    )


class _Server(Server):
    """uvicorn's server, which leaves signals to the command that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers as they are."""
        yield


class ServerEnding:
    """A server that stops cleanly on request.

    The server then accepts no more connections, and finishes its requests.
    """

    def __init__(
        self,
        server: Server,
        gateway: Gateway,
        connections: Connections,
        listener: socket.socket,
        shutdown: Event,
    ) -> None:
        self.port: int = listener.getsockname()[1]
        self._server = server
        self._gateway = gateway
        self._connections = connections
        self._listener = listener
        self._shutdown = shutdown
        self._is_done = False

    def request_stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Stop after the current requests; at the second call, stop at once."""
        if self._is_done or self._server.force_exit:
            raise KeyboardInterrupt
        self._server.force_exit = self._server.should_exit
        self._server.should_exit = True
        self._shutdown.set()

    def serve(self, patience_s: float = PATIENCE_S) -> bool:
        """Serve until `request_stop`; return False where requests were cut off after `patience_s`.

        Raises:
            KeyboardInterrupt: `request_stop` was called twice.
        """
        is_clean = asyncio.run(self._serve(patience_s))
        self._is_done = True
        self._gateway.close()
        if self._server.force_exit:
            raise KeyboardInterrupt
        return is_clean

    async def _serve(self, patience_s: float) -> bool:
        watch = asyncio.create_task(self._look_after(patience_s))
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            watch.cancel()
        with suppress(asyncio.CancelledError):
            return not await watch
        return True

    async def _look_after(self, patience_s: float) -> int:
        """Close connections of slow clients; return the number that were cut off at the end."""
        deadline_s = None
        while True:
            await asyncio.sleep(POLL_INTERVAL_S)
            self._connections.drop_overdue()
            if self._server.force_exit:
                return self._connections.drop_all()
            if self._server.should_exit:
                self._connections.is_stopping = True
                deadline_s = deadline_s or monotonic() + patience_s
                if monotonic() > deadline_s:
                    return self._connections.drop_all()


def url_of(host: str, port: int) -> str:
    """Return the address to open in a browser."""
    name = f"[{host}]" if ":" in host else host
    name = "127.0.0.1" if host == "0.0.0.0" else name  # noqa: S104 - compared only
    return f"http://{name}:{port}/"


def _network(proxy: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(proxy)
    except ValueError as error:
        raise BadSetting(
            "proxy-invalid",
            "--trust-proxy is {proxy!r}, which is no address and no network; it may be such as "
            "127.0.0.1 or 10.0.0.0/8",
            proxy=proxy,
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        # The first address of a name such as localhost: one socket, one port.
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise BadSetting(
            "unknown-host",
            "there is no host {host!r}: {reason}; try 127.0.0.1",
            host=host,
            reason=system_reason(error),
        ) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from error
    return listener


def _room() -> int:
    """Return the limit on connections, from the files that this process may open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    no_limit = resource.RLIM_INFINITY
    limit = MAX_FILES if hard == no_limit else min(MAX_FILES, hard)
    if soft != no_limit and soft < limit:
        with suppress(OSError, ValueError):  # macOS allows fewer files than its limit claims
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            soft = limit
    if soft == no_limit:
        return MAX_CONNECTIONS
    return max(MIN_CONNECTIONS, min(MAX_CONNECTIONS, (soft - OTHER_FILES) // FILES_A_CONNECTION))


def _explain(error: OSError, host: str, port: int) -> LimnError:
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(
            "port-taken", "port {port} is in use; choose another with --port", port=port
        )
    if error.errno == errno.EACCES:
        return AddressTaken(
            "port-forbidden",
            "port {port} is not for this user; choose one from 1024 with --port",
            port=port,
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return BadSetting(
            "address-not-local",
            "{host} is no address of this machine; try --host 127.0.0.1",
            host=host,
        )
    return AddressTaken(
        "cannot-listen",
        "can't listen at {host}, port {port}: {reason}",
        host=host,
        port=port,
        reason=system_reason(error),
    )
