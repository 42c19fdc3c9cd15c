"""The exception tree: every error that Limn raises on purpose descends from `LimnError`.

A message says what happened, with which value, and what to do next. It carries its code and its
values: programs and translations go by the code, never by the English text.
"""

import errno
import re
import shlex
from collections.abc import Mapping
from string import Formatter
from typing import Any

# The folders of a path, from the root up to its last name; a web address has none.
FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^/\s'\"]+/)+(?=[^/\s'\"])")

Value = str | int | float | bool | None


class _Templates(Formatter):
    """The language of `str.format` with the conversion !q, which quotes a value for a shell."""

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion == "q":
            return shell_word(str(value))
        return super().convert_field(value, conversion)


TEMPLATES = _Templates()


def shell_word(text: str) -> str:
    """Return a text as one word of a shell command: in quotes where it needs them."""
    return shlex.quote(text)


def fill_template(template: str, values: Mapping[str, Any]) -> str:
    """Return a template of `str.format` filled with values; {name!q} quotes one for a shell.

    Raises:
        KeyError: the template names a value that is not there.
        ValueError: the template is not well formed.
    """
    return TEMPLATES.vformat(template, (), values)


class Message(str):
    """An English text, with the code and the values that it is made of.

    `template` is in the language of `fill_template`, with the names of `values` as its fields.
    """

    code: str
    values: Mapping[str, Value]
    _outside: "Message | None" = None

    def __new__(cls, code: str, template: str, /, **values: object) -> "Message":
        """Fill the template with the values."""
        message = super().__new__(cls, fill_template(template, values))
        message.code = code
        message.values = {name: _plain(value) for name, value in values.items()}
        return message

    @classmethod
    def from_parts(cls, code: str, text: str, values: Mapping[str, Value]) -> "Message":
        """Return a message whose text is filled in already: stored, sent, or changed."""
        message = str.__new__(cls, text)
        message.code, message.values = code, values
        return message

    @property
    def outside(self) -> "Message":
        """Return the message for clients of a server; this one unless it has another."""
        return self._outside or self

    def with_outside(self, outside: "Message") -> "Message":
        """Return the message with another for clients, who may not read paths of this machine."""
        message = Message.from_parts(self.code, str(self), self.values)
        message._outside = outside
        return message

    def about(self, name: str) -> "Message":
        """Return the message with the name of its file, and with the value `name`."""
        text = str(self) if name in self else f"{name}: {self}"
        return Message.from_parts(self.code, text, {**self.values, "name": name})

    def without_folders(self) -> "Message":
        """Return the message with the names of files in place of their paths."""
        values = {name: _without_folders(value) for name, value in self.values.items()}
        return Message.from_parts(self.code, FOLDERS.sub("", self), values)

    def __reduce__(self) -> tuple[object, ...]:
        return Message.from_parts, (self.code, str(self), self.values)


def system_reason(error: OSError) -> Message:
    """Return the reason of the operating system, whose code names the error: `system-enoent`."""
    code = f"system-{errno.errorcode.get(error.errno or 0, 'error').lower()}"
    return Message(code, "{text}", text=error.strerror or str(error) or type(error).__name__)


def _plain(value: object) -> Value:
    if isinstance(value, LimnError):
        return value.message
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _without_folders(value: Value) -> Value:
    if isinstance(value, Message):
        return value.without_folders()
    return FOLDERS.sub("", value) if isinstance(value, str) else value


class LimnError(Exception):
    """The base of every deliberate error; its text is for the person at the keyboard.

    `outside` is the text for clients of a server, where the text names paths on this machine.
    """

    OUTSIDE: Message | None = None

    def __init__(
        self,
        code: str | Message,
        template: str = "",
        /,
        *,
        outside: Message | None = None,
        **values: object,
    ) -> None:
        """Take a message, or the code, the template and the values of one."""
        self.message = code if isinstance(code, Message) else Message(code, template, **values)
        self._outside = outside
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes send errors, without a second call of `__init__`.
        return type(self).__new__, (type(self), *self.args), self.__dict__

    @property
    def code(self) -> str:
        """Return the kind of the error, like `unknown-collection`; the same in every version."""
        return self.message.code

    @property
    def outside(self) -> Message:
        """Return the message for clients, who may not read the paths of this machine."""
        return self._outside or self.OUTSIDE or self.message

    @property
    def is_inside(self) -> bool:
        """Return whether the text has details that clients may not read."""
        return str(self.outside) != str(self)


class BadSetting(LimnError):
    """A setting or an option has a value that is not allowed."""


class BadQuery(LimnError):
    """A query can't be answered: it is empty, cancels out, or is out of range."""


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

    def __init__(
        self, reason: str, fault: str | Message, template: str = "", /, **values: object
    ) -> None:
        if reason not in self.REASONS:
            raise ValueError(f"unknown reason {reason!r}; known: {', '.join(self.REASONS)}")
        message = fault if isinstance(fault, Message) else Message(fault, template, **values)
        super().__init__(message)
        self.reason = reason

    @property
    def code(self) -> str:
        """Return the reason's code, as `picture-truncated`; `message.code` names the fault."""
        return f"picture-{self.reason.replace(' ', '-')}"


class BadSource(LimnError):
    """A source to index is missing, empty, or not laid out as required."""


class NotFound(LimnError):
    """No collection, picture or file has that name or id."""


class NameTaken(LimnError):
    """The name is already in use."""


class CollectionBusy(LimnError):
    """Another indexer holds the collection's writer lock."""


class EncoderUnavailable(LimnError):
    """An encoder can't be opened: unknown, not downloaded, damaged, or its hub is out of reach."""

    @property
    def outside(self) -> Message:
        """Return the message without the folders of its files; file names stay."""
        return self.message.without_folders()


class SpaceMismatch(LimnError):
    """Vectors of two spaces would be compared."""


class DatabaseUnavailable(LimnError):
    """The database can't be opened, is damaged, or was made by another version of Limn."""

    OUTSIDE = Message("database-fails", "the database can't be used")


class LockLost(DatabaseUnavailable):
    """The writer lock of a collection was lost with its connection; another process may have it."""


class StorageFailed(LimnError):
    """A write failed: the disk is full, read-only, or not ours."""

    OUTSIDE = Message("storage-fails", "the server can't write its data")


class IndexDamaged(LimnError):
    """An index file can't be used; the index is a cache, so it is rebuilt from SQL."""

    OUTSIDE = Message("index-fails", "an index can't be used")
