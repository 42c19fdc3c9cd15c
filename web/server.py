"""Serving the application with waitress: one process, several threads, a clean end."""

import errno
import logging
import socket
from typing import Any

from flask import Flask

from search.errors import BadSetting, LimnError

# What a client may send before it is cut off without a word of ours. Up to here the application
# answers that the request is too large, for which its body must have been read.
SLACK_BYTES = 64 << 20


class AddressTaken(LimnError):
    """The server can't listen at the address that it was given."""


def open_server(app: Flask, host: str, port: int, threads: int) -> Any:
    """A waitress server that listens already; its `run` answers until the process is told to end.

    Port 0 takes any free port, which `effective_port` tells.

    Raises:
        AddressTaken: the port is in use, or not for this user.
        BadSetting: `host` is not an address of this machine.
    """
    from waitress.server import create_server

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
        return create_server(
            app,
            sockets=[listener],
            threads=threads,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + SLACK_BYTES,
            ident="limn",
        )
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from error


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
