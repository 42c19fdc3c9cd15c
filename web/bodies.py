"""How large a request may be before it is cut off: those that bring files to a collection more."""

import re
from copy import copy
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

# What a client may send before it is cut off without a word of ours. Up to here the application
# answers that the request is too large, for which its body must have been read.
SLACK_BYTES = 64 << 20

# Waitress keeps a body on the disk before anything of ours sees it, whoever sends it: only these
# addresses get room for archives.
BRINGS_FILES = re.compile(r"(/api/v1)?/collections(/[^/]+/files)?")


def channel_of(most_files_bytes: int) -> type[Any]:
    """A channel class whose requests may bring `most_files_bytes` where files are taken."""

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.command == "POST" and BRINGS_FILES.fullmatch(self.path):
                roomy: Any = copy(self.adj)
                roomy.max_request_body_size = most_files_bytes + SLACK_BYTES
                self.adj: Any = roomy

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = Parser

    return Channel
