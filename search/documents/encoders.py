"""The documents of encoder pairs: those that can be downloaded, and those that are here."""

from typing import Annotated

from msgspec import Struct

from search.documents.jobs import Job
from search.documents.members import Place, about

Languages = Annotated[tuple[str, ...], about("codes, or `many`")]


class PublishedRecall(Struct, frozen=True, kw_only=True):
    """A recall that others measured, for texts in one language."""

    language: str
    percent: float
    measure: str


class OfferedPair(Struct, frozen=True, kw_only=True):
    """An encoder pair that can be downloaded by a short name."""

    name: Annotated[str, about("the short name")]
    encoder: Annotated[str, about("its specification")]
    good_for: str
    languages: Languages
    size_bytes: Annotated[int, about("of its files here, else of the download: by its parameters")]
    memory_bytes: Annotated[int | None, about("the most that it takes, as published")]
    recall: Annotated[tuple[PublishedRecall, ...], about("as published, not measured here")]
    source: Annotated[str | None, about("the page that publishes memory and recall")]
    source_read_on: Annotated[str, about("the day on which the source was read")]
    estimate_s: Annotated[float | None, about("for so many `pictures` on this machine")]
    here: Annotated[bool, about("it is on this machine")]
    job: Annotated[Job | None, about("its newest download")]


class InstalledPair(Struct, frozen=True, kw_only=True):
    """An encoder pair on this machine, or of a collection; null is unknown."""

    encoder: Annotated[str, about("its specification, which indexing takes")]
    name: Annotated[str | None, about("its short name")]
    where: Annotated[str, about("ships, cache or collection")]
    space: str | None
    width: int | None
    size_bytes: int | None
    speed: Annotated[str | None, about("fast, medium, slow or GPU, by the work of a picture")]
    languages: Languages
    collections: Annotated[tuple[str, ...], about("collections whose pictures it has read")]
    there: Annotated[bool, about("its files exist")]
    pictures_per_s: Annotated[float | None, about("as measured, where that was asked for")] = None
    text_ms: Annotated[float | None, about("as measured, where that was asked for")] = None


class EncoderPairs(Struct, frozen=True, kw_only=True):
    """The encoder pairs that can be used."""

    offered: tuple[OfferedPair, ...]
    installed: tuple[InstalledPair, ...]
    pictures: Annotated[int | None, about("how many pictures the estimates are for")]


class PairFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for the encoder pairs."""

    pictures: Annotated[
        Place,
        about("how many to estimate the time for; without it, those of the largest collection"),
    ] = 0


class WantedPair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to download an encoder pair."""

    name: Annotated[str, about("one of the short names")]
