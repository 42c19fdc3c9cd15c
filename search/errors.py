"""The exception tree: every error that Limn raises on purpose descends from `LimnError`.

A message says what happened, with which value, and what to do next.
"""

import re

# The folders of a path from the root on, up to its last name; those of a web address are none.
FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^/\s'\"]+/)+(?=[^/\s'\"])")


class LimnError(Exception):
    """The base of every deliberate error; its text is meant for the person at the keyboard.

    `outside` is what clients of a server are told instead, where the text says where things lie on
    this machine, or how they are reached.
    """

    OUTSIDE = ""

    def __init__(self, message: str, *, outside: str = "") -> None:
        super().__init__(message)
        self._outside = outside

    @property
    def outside(self) -> str:
        """The text for those who may not know the inside; the text itself where that tells none."""
        return self._outside or self.OUTSIDE or str(self)

    @property
    def is_inside(self) -> bool:
        """Whether there is more to it than clients are told."""
        return self.outside != str(self)


class BadSetting(LimnError):
    """A setting or an option has a value that is not allowed."""


class BadQuery(LimnError):
    """A query can't be answered as it stands: empty, cancelled out, or out of range."""


class BadPicture(LimnError):
    """A file or an upload can't be read as a picture; `reason` is one of `REASONS`."""

    REASONS = (
        "missing",
        "unreadable",
        "empty file",
        "not an image",
        "truncated",
        "too large",
        "unsupported",
        "timed out",
        "crashed",
    )

    def __init__(self, message: str, reason: str) -> None:
        if reason not in self.REASONS:
            raise ValueError(f"unknown reason {reason!r}; known: {', '.join(self.REASONS)}")
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type["BadPicture"], tuple[str, str]]:
        return type(self), (str(self), self.reason)  # worker processes send it to their parent


class BadSource(LimnError):
    """What was given to index is missing, empty, or not laid out as it must be."""


class NotFound(LimnError):
    """No collection, picture or file goes by that name or id."""


class NameTaken(LimnError):
    """Something of that name is there already."""


class CollectionBusy(LimnError):
    """Another indexer holds the collection's writer lock."""


class EncoderUnavailable(LimnError):
    """An encoder can't be opened: unknown, not downloaded, damaged, or its hub is out of reach."""

    @property
    def outside(self) -> str:
        """The text without the folders of its files: what is missing may be told."""
        return FOLDERS.sub("", str(self))


class SpaceMismatch(LimnError):
    """Vectors of two spaces were about to meet."""


class DatabaseUnavailable(LimnError):
    """The database can't be opened, is damaged, or was made by another version of Limn."""

    OUTSIDE = "the database can't be used"


class LockLost(DatabaseUnavailable):
    """The writer lock of a collection went with a connection; another process may have it now."""


class StorageFailed(LimnError):
    """A write failed: the disk is full, read-only, or not ours."""

    OUTSIDE = "the server can't write what it has to keep"


class IndexDamaged(LimnError):
    """An index file can't be used; the index is a cache, so it is rebuilt from SQL."""

    OUTSIDE = "an index can't be used"
