"""Bodies of requests as they come in: what must not or can't be kept is refused at once.

A body is kept as a whole before a thread is asked to answer, so that a slow client takes none;
what is refused goes to the application without its body, which says why in its own words.
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
from web.services.uploads import not_kept

# What is larger goes to the disk.
KEPT_BYTES = 1 << 19

Receive = Callable[[], Awaitable[Any]]


class Unkept(io.RawIOBase):
    """A body that could not be kept, which whoever reads it is told."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise not_kept(self._error, Path(tempfile.gettempdir())) from self._error


@dataclass
class Body:
    """A body as the application reads it, and the length that it is told.

    Of a body that was refused nothing is to be read; its length is what was sent or declared.
    """

    file: Any
    length: int
    refused: bool = False

    def close(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # what is still to be written finds no room either
            self.file.close()


class Bodies:
    """Takes bodies of at most `most_bytes`, or `most_files_bytes` where files are taken.

    `admits` tells whether headers show a token that allows a scope. `off_loop` runs what may wait
    for the disk or the database.
    """

    def __init__(
        self,
        most_bytes: int,
        most_files_bytes: int,
        admits: Callable[[Mapping[str, str], Scope], bool],
        off_loop: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._most_bytes = most_bytes
        self._most_files_bytes = most_files_bytes
        self._admits = admits
        self._off_loop = off_loop

    async def take(
        self, takes_files: bool, headers: Mapping[str, str], receive: Receive
    ) -> Body | None:
        """Receive a body, where `headers` are named as in WSGI but without HTTP_.

        Only a route that takes files gets room for archives.

        Returns None where the client has gone.
        """
        most_bytes = self._most_files_bytes if takes_files else self._most_bytes
        chunked = "TRANSFER_ENCODING" in headers
        length = None if chunked else int(headers.get("CONTENT_LENGTH") or 0)
        if length == 0:
            return Body(io.BytesIO(), 0)
        if length is not None and length > most_bytes:
            return Body(io.BytesIO(), length, refused=True)
        if length is None or length > KEPT_BYTES:
            # What has to go to the disk is taken from who shows a token alone.
            scope: Scope = "write" if takes_files else "read"
            if not await self._off_loop(lambda: self._admits(headers, scope)):
                return Body(io.BytesIO(), length or 0, refused=True)
        return await self._keep(most_bytes, length, receive)

    async def _keep(self, most_bytes: int, length: int | None, receive: Receive) -> Body | None:
        file = tempfile.SpooledTemporaryFile(KEPT_BYTES)  # noqa: SIM115 - `Body` closes it
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
                if body.length > most_bytes:
                    body.close()
                    return Body(io.BytesIO(), body.length, refused=True)
                if body.length > KEPT_BYTES:
                    await self._off_loop(partial(body.file.write, piece))
                else:
                    body.file.write(piece)
            await self._off_loop(partial(body.file.seek, 0))  # writes the last of it
        except OSError as error:
            body.close()
            return Body(Unkept(error), length or body.length, refused=True)
        return body
