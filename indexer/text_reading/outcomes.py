"""Tasks of a process that reads text, and their outcomes."""

from dataclasses import dataclass
from pathlib import Path

from search.errors import Message
from search.records import TextLine


@dataclass(frozen=True, slots=True)
class TextTask:
    """A picture to read: its file, its content's hash, and whether it must look like text."""

    path: Path
    content_hash: bytes
    is_gated: bool = False


@dataclass(frozen=True, slots=True)
class ReadText:
    """The lines of a picture that was read."""

    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class LooksPlain:
    """A picture that was not read, because it looks like one without text."""


@dataclass(frozen=True, slots=True)
class NotReadable:
    """A picture that could not be read, with the reason."""

    detail: Message


@dataclass(frozen=True, slots=True)
class NotNow:
    """A file that is not there, or not as it was indexed: the next run tries it again."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """A sign of life from a process that starts or reads."""


Outcome = ReadText | LooksPlain | NotReadable | NotNow
