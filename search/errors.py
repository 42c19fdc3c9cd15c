"""The exception tree: every error that Limn raises on purpose descends from `LimnError`.

A message says what happened, with which value, and what to do next.
"""


class LimnError(Exception):
    """The base of every deliberate error; its text is meant for the person at the keyboard."""


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


class SpaceMismatch(LimnError):
    """Vectors of two spaces were about to meet."""


class DatabaseUnavailable(LimnError):
    """The database can't be opened, is damaged, or was made by another version of Limn."""


class LockLost(DatabaseUnavailable):
    """The writer lock of a collection went with a connection; another process may have it now."""


class StorageFailed(LimnError):
    """A write failed: the disk is full, read-only, or not ours."""


class IndexDamaged(LimnError):
    """An index file can't be used; the index is a cache, so it is rebuilt from SQL."""
