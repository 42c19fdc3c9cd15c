"""What a server answers with, as frozen records; members that this version does not know are left
out, so that a newer server can be asked too."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Caption:
    text: str
    language: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the server knows it; `path` is where its file is on the server."""

    id: int
    collection: str
    path: str
    width_px: int
    height_px: int
    format: str
    size_bytes: int
    taken_at: str | None
    latitude: float | None
    longitude: float | None
    camera: str | None
    content_hash: str
    colours: tuple[str, ...]
    fields: Mapping[str, str | float]
    captions: tuple[Caption, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: its place from 1, its score as `measure` says, and the picture."""

    rank: int
    score: float
    measure: str
    cosine: float | None
    confidence: float | None
    copies: tuple[int, ...]
    picture: Picture


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of hits; `next` is the cursor of the page after it."""

    hits: tuple[Hit, ...]
    confidence: float | None
    more: bool
    notes: tuple[str, ...]
    next: str | None
    took_ms: float


@dataclass(frozen=True, slots=True)
class Collection:
    name: str
    encoder: str
    pictures: int
    captions: int
    failures: int
    missing: int
    size_bytes: int
    created_at: str
    updated_at: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """Work of the indexer: queued, running, done, failed, cancelled or interrupted."""

    id: int
    collection: str | None
    kind: str
    state: str
    total: int | None
    found: int
    added: int
    changed: int
    removed: int
    missing: int
    failed: int
    left_s: float | None
    message: str | None

    @property
    def ended(self) -> bool:
        return self.state not in ("queued", "running")


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be indexed, and why."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A question of the page: what stands after the "?" of its address."""

    id: int
    name: str
    address: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Board:
    """A board and how many pictures are on it; `cover` is the first one's id.

    `missing` more are on it, whose files are not there now.
    """

    id: int
    name: str
    created_at: str
    pictures: int
    missing: int
    cover: int | None


@dataclass(frozen=True, slots=True)
class Pinned:
    """A picture on a board: its place from 0, what is noted of it, and the picture."""

    place: int
    note: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class TextTerm:
    """Words with a weight of their own; a negative one leads away from them."""

    text: str
    weight: float = 1.0


def record(kind: type[Record], told: Mapping[str, Any]) -> Record:
    """A record of the members of a JSON object that it has."""
    values = {
        each.name: told[each.name]
        for each in fields(kind)  # type: ignore[arg-type]
        if each.name in told
    }
    return kind(**values)


def picture(told: Mapping[str, Any]) -> Picture:
    captions = tuple(record(Caption, each) for each in told["captions"])
    colours = tuple(told["colours"])
    return record(Picture, {**told, "captions": captions, "colours": colours})


def hit(told: Mapping[str, Any]) -> Hit:
    return record(Hit, {**told, "copies": tuple(told["copies"]), "picture": picture(told)})


def pinned(told: Mapping[str, Any]) -> Pinned:
    return record(Pinned, {**told, "picture": picture(told)})


def answer(told: Mapping[str, Any]) -> Answer:
    hits, notes = tuple(map(hit, told["hits"])), tuple(told["notes"])
    return record(Answer, {**told, "hits": hits, "notes": notes})
