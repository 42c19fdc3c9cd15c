"""Answers of the WSGI application: short ones as a whole, long ones piece by piece."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from flask import Flask

# Answers up to this size are read from the application as a whole.
WHOLE_BYTES = 1 << 18

PIECE_BYTES = 1 << 17


@dataclass
class WsgiAnswer:
    """A status, headers, the beginning of a body, and the rest of a long one."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    begins: bytes = b""
    rest: Iterator[bytes] | None = None
    close: Callable[[], object] = lambda: None

    @property
    def length(self) -> int | None:
        """Return the body's length in bytes; None where it is unknown."""
        text = dict(self.headers).get(b"content-length")
        return None if text is None else int(text)


def answer_of(app: Flask, environ: dict[str, Any]) -> WsgiAnswer:
    """Run `app` on a request and return its answer."""
    answer = WsgiAnswer()

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        answer.status = int(status[:3])
        answer.headers = [(_bytes(name.lower()), _bytes(value)) for name, value in headers]

    body: Any = app(environ, start)
    answer.close = getattr(body, "close", answer.close)
    try:
        _take(answer, body)
    except BaseException:
        answer.close()
        raise
    return answer


def _take(answer: WsgiAnswer, body: Iterable[bytes]) -> None:
    pieces = iter(body)
    length = answer.length
    if length is None:
        answer.rest = pieces
    elif length <= WHOLE_BYTES:
        answer.begins = b"".join(pieces)
        answer.close()
    else:
        answer.begins, answer.rest = next(pieces, b""), pieces
        if len(answer.begins) == length:
            _put_down(answer)


def _put_down(answer: WsgiAnswer) -> None:
    """Move a long document from memory to disk, because its client may be slow."""
    file = on_disk(answer.begins)
    if file is not None:
        answer.close()
        answer.begins, answer.close = b"", file.close
        answer.rest = iter(lambda: file.read(PIECE_BYTES), b"")


def on_disk(content: bytes | memoryview) -> IO[bytes] | None:
    """Return an unnamed file with `content`; None where the disk is full."""
    with suppress(OSError):
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
        try:
            file.write(content)
            file.seek(0)
        except OSError:
            file.close()
            raise
        return file
    return None


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
