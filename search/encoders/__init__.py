"""Encoder pairs: the protocols of a pair and its backend, and the function that opens one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, cast

from search.encoders.preparation import Preparation
from search.packages import plugins
from search.records import Pixels, Space, Vectors


class Encoder(Protocol):
    """A picture tower and a text tower that share one space. Safe to call from many threads."""

    @property
    def space(self) -> Space:
        """Return the space of this pair."""

    @property
    def preparation(self) -> Preparation:
        """Return the preparation of pictures for the picture tower; worker processes may get it."""

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0. Text past the tower's limit is cut."""

    def characters_read(self, text: str) -> int:
        """Return the number of a text's first characters that fit in the tower's limit."""


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """The facts of a pair that are known without opening it; None or empty where unknown.

    `encoder` is its specification; `where` is "ships", "cache" or "collection"; `speed` is a class
    of `inventory.speed`; `languages` has codes, or "many". `there` is False for a pair whose files
    no longer exist.
    """

    encoder: str
    where: str
    space: str | None = None
    width: int | None = None
    size_bytes: int | None = None
    speed: str | None = None
    languages: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    there: bool = True


class EncoderBackend(Protocol):
    """A kind of encoder, registered as an entry point of the group `limn.encoders`.

    A class derived from this one needs `names` and `open` alone. The registered module postpones
    slow imports to the methods.
    """

    names: ClassVar[tuple[str, ...]]
    """The forms of its specifications: "tiny", or "onnx:/path/to/exported/pair"."""

    def open(self, spec: str, device: str) -> Encoder:
        """Open the pair that a specification names on "auto", "cpu" or "cuda".

        Raises:
            BadSetting: the specification names no encoder, or the device is "cuda" and not there.
            EncoderUnavailable: the pair can't be loaded; the message names the alternatives.
        """

    def check(self, spec: str) -> None:
        """Refuse a specification that names no encoder, without opening the pair.

        Raises:
            BadSetting, EncoderUnavailable: as `open` does.
        """

    def fetch(self, spec: str, report: Callable[[int, int], None]) -> None:
        """Download what the pair needs and this machine lacks; nothing for most.

        `report` is called with the received bytes and their total, again and again. What it raises
        ends the download; the next one continues from there.

        Raises:
            BadSetting, EncoderUnavailable: as `open` does.
            StorageFailed: the disk is full, or the cache can't be written.
        """

    def list_installed(self) -> Iterable[EncoderInfo]:
        """Yield the pairs on this machine, without a network, and without opening one."""
        return ()

    def describe(self, spec: str) -> EncoderInfo:
        """Return the facts of the pair of a collection, without opening it."""
        return EncoderInfo(spec, "collection")

    def suggest(self, text: str) -> Sequence[str]:
        """Return the specifications that an unknown encoder's text may mean, the best first."""
        return ()


def open_encoder(spec: str, device: str = "auto") -> Encoder:
    """Open the pair that `spec` names on `device` ("auto", "cpu" or "cuda").

    The backend is imported here, at its first use: torch costs seconds.

    Raises:
        BadSetting: no registered encoder has a name of this form; or the device is not there.
        EncoderUnavailable: the pair can't be loaded; the message names the alternatives.
    """
    return backend_of(spec).open(spec, device)


def backend_of(spec: str) -> EncoderBackend:
    """Return the backend that opens a specification; raises BadSetting without one."""
    backend = plugins.find("encoders", spec)
    if backend is None:
        from search.encoders.suggestions import unknown

        raise unknown(spec)
    return cast(EncoderBackend, backend())
