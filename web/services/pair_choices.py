"""The encoder pairs that a collection can change to, and what each costs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache, cachedmethod

from search.catalog.records import CollectionSummary
from search.encoders import EncoderInfo
from search.encoders.inventory import known_encoders
from search.encoders.inventory.estimate import gmacs_per_s, seconds, work_of
from search.encoders.inventory.offers import offers, short_name_of
from search.encoders.inventory.recommendation import SAMPLE, recommend
from search.engine import Engine
from search.library.upgrades import room_bytes
from search.packages.editions import BUILTIN, EARLIER
from search.records import Collection

# Each pair's files are looked at for the inventory, which changes with downloads alone.
INVENTORY_S = 20.0

# The widest of the pairs under short names, for the room of one whose width is not known yet.
WIDEST = 1152

# The pair for tests, of which nobody wants an answer.
FOR_TESTS = "tiny"


@dataclass(frozen=True, slots=True)
class PairChoice:
    """A pair that a collection can change to, with what it costs; None is unknown.

    `name` is a short name, or the specification; `download_bytes` is 0 where the pair is here.
    """

    name: str
    good_for: str
    download_bytes: int
    seconds: float | None
    room_bytes: int


class PairChoices:
    """The pairs under short names, those on this machine, and the one of new collections."""

    def __init__(self, engine: Engine, usual: str) -> None:
        """Take the engine, and the pair of new collections, as the settings name it."""
        self._engine = engine
        self._usual = usual
        self._cache: TTLCache[object, list[EncoderInfo]] = TTLCache(1, INVENTORY_S)
        self._lock = Lock()

    def list_choices(self, summary: CollectionSummary) -> list[PairChoice]:
        """Return the pairs that a collection can change to."""
        own = summary.space.encoder
        infos = self._inventory()
        short_names = [
            PairChoice(
                offer.name,
                offer.row.good_for,
                0 if offer.installed is not None else offer.size_bytes,
                offer.seconds(summary.pictures),
                _room(summary, offer.installed),
            )
            for offer in offers(infos)
            if not is_same_pair(offer.name, own)
        ]
        others = [
            PairChoice(spec, "", 0, _took_s(summary, info), _room(summary, info))
            for spec, info in self._others(infos)
            if not is_same_pair(spec, own)
        ]
        # The current edition of the built-in pair is among the others, and recommended to an
        # earlier one: it comes first.
        return [*others, *short_names] if own in EARLIER else [*short_names, *others]

    def recommended(self, name: str) -> str:
        """Return the name of the pair to choose by default, by the captions' languages.

        For an earlier edition of the built-in pair it is the current one.
        """
        catalog = self._engine.catalog
        collection = catalog.collections.one(name)
        if collection.space.encoder in EARLIER:
            return BUILTIN
        return recommend(catalog.pictures.newest_captions(collection, SAMPLE))

    def _others(self, infos: list[EncoderInfo]) -> Iterator[tuple[str, EncoderInfo | None]]:
        """Yield the specifications of the pairs without short names, with their facts if known."""
        here = {info.encoder: info for info in infos if info.there}
        for spec in dict.fromkeys((*here, self._usual)):
            if short_name_of(spec) is None:
                yield spec, here.get(spec)

    @cachedmethod(lambda self: self._cache, lock=lambda self: self._lock)
    def _inventory(self) -> list[EncoderInfo]:
        return pairs_for_clients((), self._usual)


def pairs_for_clients(collections: Iterable[Collection], usual: str) -> list[EncoderInfo]:
    """Return the known pairs; the one for tests only where it is the usual one, or in use."""
    return [
        info
        for info in known_encoders(collections)
        if info.encoder != FOR_TESTS or usual == FOR_TESTS or info.collections
    ]


def is_same_pair(encoder: str, other: str) -> bool:
    """Return whether two specifications name the same pair, at any version."""
    name = short_name_of(encoder)
    return encoder == other or (name is not None and name == short_name_of(other))


def _took_s(summary: CollectionSummary, info: EncoderInfo | None) -> float | None:
    work = work_of(info.speed) if info is not None else None
    return None if work is None else seconds(summary.pictures, work, gmacs_per_s())


def _room(summary: CollectionSummary, info: EncoderInfo | None) -> int:
    width = info.width if info is not None else None
    return room_bytes(summary.pictures, summary.captions, width or WIDEST)
