"""Serving the application with waitress: one process, several threads, a clean end."""

import errno
import logging
import socket
from threading import Event
from time import monotonic
from types import FrameType
from typing import Any

from flask import Flask

from search.errors import BadSetting, LimnError

# How long an end waits for requests: a search by a picture takes a second on a slow machine.
PATIENCE_S = 30.0

# What is taken from a connection at once; with waitress' own 8 KiB a file takes long to arrive.
RECEIVED_BYTES = 1 << 16


class AddressTaken(LimnError):
    """The server can't listen at the address that it was given."""


def open_server(app: Flask, host: str, port: int, threads: int) -> Any:
    """A waitress server that listens already; `Ending` runs it until it is told to end.

    Port 0 takes any free port, which `effective_port` tells.

    Raises:
        AddressTaken: the port is in use, or not for this user.
        BadSetting: `host` is not an address of this machine.
    """
    from waitress.server import create_server

    from web.bodies import channel_of
    from web.metrics import WAITING

    # A page asks for all its thumbnails at once: that some wait is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        # The first of the addresses that a name such as localhost has: one socket, one port.
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise BadSetting(f"there is no host {host!r}: {error.strerror}; try 127.0.0.1") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        server = create_server(
            app,
            sockets=[listener],
            threads=threads,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + 1,
            recv_bytes=RECEIVED_BYTES,
            ident="limn",
        )
        server.channel_class = channel_of(
            app.config["MAX_SENT_LENGTH"], app.extensions["limn"].tokens
        )
        app.extensions[WAITING] = lambda: len(server.task_dispatcher.queue)
        return server
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from error


class Ending:
    """How a running server is told to end: it takes no more requests, and finishes those it has."""

    def __init__(self, server: Any, ending: Event) -> None:
        self._server = server
        self._ending = ending
        self._told = False

    def tell(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End soon; told a second time, end at once."""
        if self._told:
            raise KeyboardInterrupt
        self._told = True
        self._ending.set()
        self._server.pull_trigger()  # wakes the loop up

    def serve(self, patience_s: float = PATIENCE_S) -> bool:
        """Answer until told to end; False where requests were cut off after `patience_s`."""
        while not self._told:
            self._turn(1.0)
        self._server.del_channel()  # the port is free for a successor
        self._server.socket.close()
        deadline_s = monotonic() + patience_s
        while self._busy() and monotonic() < deadline_s:
            self._let_go()
            self._turn(0.1)
        finished = not self._busy()
        self._server.task_dispatcher.shutdown(timeout=0 if not finished else 5)
        return finished

    def _turn(self, timeout_s: float) -> None:
        server = self._server
        use_poll = server.adj.asyncore_use_poll
        server.asyncore.loop(timeout=timeout_s, map=server._map, use_poll=use_poll, count=1)

    def _let_go(self) -> None:
        """Close the connections that are only kept for requests to come."""
        for channel in list(self._server.active_channels.values()):
            if not _answering(channel):
                channel.handle_close()

    def _busy(self) -> bool:
        """Whether an answer is being made, or has not yet been taken as a whole."""
        return any(map(_answering, list(self._server.active_channels.values())))


def _answering(channel: Any) -> bool:
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)


def url_of(host: str, port: int) -> str:
    """The address to open in a browser."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{'127.0.0.1' if name == '0.0.0.0' else name}:{port}/"


def _explain(error: OSError, host: str, port: int) -> LimnError:
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(f"port {port} is in use; choose another with --port")
    if error.errno == errno.EACCES:
        return AddressTaken(f"port {port} is not for this user; choose one from 1024 with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return BadSetting(f"{host} is no address of this machine; try --host 127.0.0.1")
    return AddressTaken(f"can't listen at {host}, port {port}: {error.strerror}")
