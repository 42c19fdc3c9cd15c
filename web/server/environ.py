"""WSGI environs, made from the scopes of ASGI requests."""

import sys
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from werkzeug.wsgi import FileWrapper

from web.server.responses import PIECE_BYTES, WHOLE_BYTES, on_disk

# The separator between the values of a repeated header.
SEPARATORS = {"HTTP_COOKIE": "; "}


def environ_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's environ, still without the body."""
    host, port = scope["server"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _in_pieces,
    }
    for name, value in scope["headers"]:
        _add(environ, name, value.decode("latin-1"))
    return environ


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return a request's headers, named as in WSGI but without HTTP_."""
    headers = {
        name.removeprefix("HTTP_"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if "CONTENT_LENGTH" in environ:
        headers["CONTENT_LENGTH"] = environ["CONTENT_LENGTH"]
    return headers


def _add(environ: dict[str, Any], name: bytes, value: str) -> None:
    if b"_" in name:  # would collide with the hyphenated header, which a proxy may have checked
        return
    key = name.decode("latin-1").upper().replace("-", "_")
    if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        key = f"HTTP_{key}"
    if key in environ:
        value = f"{environ[key]}{SEPARATORS.get(key, ', ')}{value}"
    environ[key] = value


def _in_pieces(file: IO[bytes], _size_bytes: int) -> FileWrapper:
    """Read a file in larger pieces than werkzeug's, since each piece takes a turn of a thread.

    Pictures unpacked from an archive are written to disk, because their client may be slow.
    """
    if isinstance(file, BytesIO) and file.getbuffer().nbytes > WHOLE_BYTES:
        file = on_disk(file.getbuffer()) or file
    return FileWrapper(file, PIECE_BYTES)
