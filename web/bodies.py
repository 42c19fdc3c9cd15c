"""Bodies of requests as they come in: what must not or can't be kept is refused at once.

waitress keeps a whole body on the disk before the application sees its request, whoever sent it,
and by itself answers what is too large in words of its own. Here the application answers, before
the body has come.
"""

import io
import re
import socket
import tempfile
from contextlib import suppress
from copy import copy
from pathlib import Path
from time import monotonic
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import RequestEntityTooLarge

from search.catalog_tokens import Tokens
from web.access import admits
from web.intake import not_kept

# Only these addresses get room for archives, whoever sends them.
BRINGS_FILES = re.compile(r"(/api/v1)?/collections(/[^/]+/files)?")

# Whoever is still sending would lose the answer if the connection were closed: what comes so much
# longer is read and thrown away.
LINGER_S = 10.0


class Unkept(io.RawIOBase):
    """A body that could not be kept, which whoever reads it is told."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise not_kept(self._error, Path(tempfile.gettempdir())) from self._error

    def getfile(self) -> "Unkept":
        return self

    def getbuf(self) -> "Unkept":
        return self


def channel_of(most_files_bytes: int, tokens: Tokens | None) -> type[Any]:
    """A channel class whose requests may bring `most_files_bytes` where files are taken.

    Where tokens are wanted, a body that has to go to the disk is taken from who shows one alone.
    """

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        def __init__(self, adj: Any, channel: Any) -> None:
            super().__init__(adj)
            self._channel = channel

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            takes_files = self.command == "POST" and BRINGS_FILES.fullmatch(self.path)
            if takes_files:
                roomy: Any = copy(self.adj)
                roomy.max_request_body_size = most_files_bytes + 1  # waitress refuses what is equal
                self.adj: Any = roomy
            large = self.chunked or self.content_length > self.adj.inbuf_overflow
            if large and not admits(tokens, self.headers, "write" if takes_files else "read"):
                self._refuse(None)

        def received(self, data: bytes) -> int:
            try:
                consumed = int(super().received(data))
            except OSError as error:
                self._refuse(Unkept(error))
                consumed = 0
            if isinstance(self.error, RequestEntityTooLarge):
                self.error: Any = None
                if self.chunked:
                    self.headers["CONTENT_LENGTH"] = str(self.body_bytes_received)
                self._refuse(None)
            # What follows is the rest of the body, and no request.
            return len(data) if self._channel.refused else consumed

        def _refuse(self, body: Unkept | None) -> None:
            """Hand the request over without its body."""
            with suppress(OSError):  # what is still to be written finds no room either
                self.close()
            self.body_rcv: Any = body
            self.expect_continue = False
            self.completed = True
            self.headers["CONNECTION"] = "close"
            self._channel.refused = True

    class Channel(HTTPChannel):  # type: ignore[misc]
        refused = False
        _until_s: float | None = None

        def parser_class(self, adj: Any) -> Parser:
            return Parser(adj, self)

        def received(self, data: bytes) -> bool:
            if self._until_s is None:
                return bool(super().received(data))
            if monotonic() > self._until_s:
                self.handle_close()
            return False

        def handle_close(self) -> None:
            # `will_close`: not the client ends it, but we, as all is answered.
            if self.refused and self.will_close and self._until_s is None:
                self._until_s = monotonic() + LINGER_S
                self.will_close: bool = False
                try:
                    self.socket.shutdown(socket.SHUT_WR)
                    return
                except OSError:
                    pass  # the client has gone
            if self.request is not None:  # broken off: the file of its body goes at once
                with suppress(OSError):
                    self.request.close()
                self.request: Any = None
            super().handle_close()

    return Channel
