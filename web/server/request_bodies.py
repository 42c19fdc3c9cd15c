"""Bodies of requests, received whole; forbidden or too large ones are refused at once.

A body is complete before a thread answers, so that a slow client occupies none; the application
gets a refused request without its body, and writes the message.
"""

import io
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from search.catalog.records import Scope
from web.services.uploads import storage_error

# Larger bodies go to the disk.
MEMORY_BYTES = 1 << 19

Receive = Callable[[], Awaitable[Any]]


class UnstoredBody(io.RawIOBase):
    """A body that could not be stored; reading it raises the error."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        """Return True: readers must get as far as the error."""
        return True

    def readinto(self, _buffer: Any) -> int:
        """Raise the error of storing the body."""
        raise storage_error(self._error, Path(tempfile.gettempdir())) from self._error


@dataclass
class Body:
    """A body for the application, with the length for its environ.

    A refused body is empty; its length is the number of bytes received or declared.
    """

    file: Any
    length: int
    is_refused: bool = False

    def close(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # a full disk can't take the last bytes either
            self.file.close()


class Bodies:
    """A receiver of bodies: at most `max_bytes`, or `max_files_bytes` for routes with files.

    `admits` returns whether headers show a token that allows a scope. `off_loop` runs calls that
    may wait for the disk or the database.
    """

    def __init__(
        self,
        max_bytes: int,
        max_files_bytes: int,
        admits: Callable[[Mapping[str, str], Scope], bool],
        off_loop: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._max_bytes = max_bytes
        self._max_files_bytes = max_files_bytes
        self._admits = admits
        self._off_loop = off_loop

    async def take(
        self, takes_files: bool, headers: Mapping[str, str], receive: Receive
    ) -> Body | None:
        """Receive a body; `headers` are named as in WSGI but without HTTP_.

        Only a route that accepts files gets room for archives.

        Returns None where the client has disconnected.
        """
        max_bytes = self._max_files_bytes if takes_files else self._max_bytes
        is_chunked = "TRANSFER_ENCODING" in headers
        length = None if is_chunked else int(headers.get("CONTENT_LENGTH") or 0)
        if length == 0:
            return Body(io.BytesIO(), 0)
        if length is not None and length > max_bytes:
            return Body(io.BytesIO(), length, is_refused=True)
        if length is None or length > MEMORY_BYTES:
            # Bodies for the disk are accepted from clients with a token alone.
            scope: Scope = "write" if takes_files else "read"
            if not await self._off_loop(lambda: self._admits(headers, scope)):
                return Body(io.BytesIO(), length or 0, is_refused=True)
        return await self._store(max_bytes, length, receive)

    async def _store(self, max_bytes: int, length: int | None, receive: Receive) -> Body | None:
        file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - `Body` closes it
        body = Body(file, 0)
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    body.close()
                    return None
                piece, more = message["body"], message["more_body"]
                body.length += len(piece)
                if body.length > max_bytes:
                    body.close()
                    return Body(io.BytesIO(), body.length, is_refused=True)
                if body.length > MEMORY_BYTES:
                    await self._off_loop(partial(body.file.write, piece))
                else:
                    body.file.write(piece)
            await self._off_loop(partial(body.file.seek, 0))  # writes the last bytes
        except OSError as error:
            body.close()
            return Body(UnstoredBody(error), length or body.length, is_refused=True)
        return body
