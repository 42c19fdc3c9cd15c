"""Example questions that the collections can answer, each with a picture that shows it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from threading import Lock

import regex

from search.engine import Engine
from search.errors import LimnError
from search.query.records import Hit, Query
from search.query.syntax import parse_query_text
from search.query.understanding.records import PLACE_COLUMNS
from search.records import Caption, Collection, Picture
from search.text.analysis import query_words

MAX_EXAMPLES = 6

# Each one that is tried costs a search.
MAX_TRIED = 30

# Captions of so many pictures are read for short ones.
CAPTIONED_SAMPLE = 400
SHORTEST, LONGEST = 2, 36
MAX_WORDS = 7

# While pictures come in, the examples are chosen again after this time at the earliest.
REST_S = 300.0
REST_WITHOUT_S = 10.0

LISTED = regex.compile(r"[,、]")
HAN = regex.compile(r"\p{Han}")
TAG_COLUMNS = ("tag", "tags", "keyword", "keywords", "subject")


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the words that the page shows for it, and the id of its first hit."""

    q: str
    words: str
    picture_id: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The examples that were chosen for collections with these last changes."""

    last_changes: tuple[tuple[int, int], ...]
    chosen_at: float
    examples: tuple[Example, ...]


class Examples:
    """A source of example questions for the first page, remembered by language. Thread-safe."""

    def __init__(self, engine: Engine, rest_s: float = REST_S) -> None:
        self._engine = engine
        self._rest_s = rest_s
        self._choices: dict[str, Choice] = {}
        self._lock = Lock()
        self._choosing = Lock()

    def remembered(self, language: str) -> list[tuple[Example, Picture]] | None:
        """Return the last examples with their pictures; None where new ones should be chosen."""
        choice = self._choices.get(language)
        if choice is None or self._is_due(choice):
            return None
        pictures = self._engine.catalog.pictures.by_id(
            [each.picture_id for each in choice.examples]
        )
        return [
            (example, pictures[example.picture_id])
            for example in choice.examples
            if example.picture_id in pictures
        ]

    def choose(self, language: str) -> list[tuple[Example, Picture]]:
        """Return the examples, chosen by some searches where none are remembered."""
        with self._choosing:  # a concurrent request waits here, and finds them remembered
            if self.remembered(language) is None:
                last_changes = self._last_changes()
                examples = tuple(self._sure(self._candidates(language)))
                self._choices[language] = Choice(last_changes, time.monotonic(), examples)
        return self.remembered(language) or []

    def prepare(self, languages: Iterable[str]) -> None:
        """Choose the examples of the first page before anybody asks for it."""
        self._engine.facets()
        for language in languages:
            self.choose(language)

    def _last_changes(self) -> tuple[tuple[int, int], ...]:
        rows = self._engine.catalog.collections.with_last_changes()
        return tuple((collection.id, last_change) for collection, last_change in rows)

    def _is_due(self, choice: Choice) -> bool:
        rest_s = self._rest_s if choice.examples else min(self._rest_s, REST_WITHOUT_S)
        is_old = time.monotonic() - choice.chosen_at >= rest_s
        return is_old and choice.last_changes != self._last_changes()

    def _sure(self, candidates: Iterator[tuple[str, str]]) -> Iterator[Example]:
        """Yield the first candidates with a sure first hit, no word and no picture twice."""
        words: set[str] = set()
        pictures: set[int] = set()
        tried = 0
        for q, text in candidates:
            own = set(query_words(text))
            if own & words or not own:
                continue
            tried += 1
            hit = self._first_hit(q)
            if hit is not None and hit.picture.id not in pictures:
                words |= own
                pictures.add(hit.picture.id)
                yield Example(q, text, hit.picture.id)
            if len(pictures) == MAX_EXAMPLES or tried == MAX_TRIED:
                return

    def _first_hit(self, q: str) -> Hit | None:
        query = Query(tuple(parse_query_text(q)), k=1, strictness="strict", understand=True)
        with suppress(LimnError):
            return next((hit for hit in self._engine.answer(query).hits if hit.is_sure), None)
        return None

    def _candidates(self, language: str) -> Iterator[tuple[str, str]]:
        """Yield questions and their words: of the map, of captions, then of facets, by turns."""
        collections = self._engine.collections()
        sources = (
            self._region_names(collections, language),
            self._captions(collections, language),
            chain([None], self._facet_values()),  # what is seen is a better beginning
        )
        for turn in zip_longest(*sources):
            yield from filter(None, turn)

    def _region_names(
        self, collections: Sequence[Collection], language: str
    ) -> Iterator[tuple[str, str]]:
        maps = filter(None, map(self._engine.picture_map, collections))
        regions = chain.from_iterable(picture_map.regions for picture_map in maps)
        named = [(region.names.get(language, ""), region) for region in regions]
        # Names of one thing are better questions than lists; small regions are more alike.
        for name, _ in sorted(
            named, key=lambda row: (bool(LISTED.search(row[0])), -row[1].level, -row[1].pictures)
        ):
            if name:
                yield name, name

    def _captions(
        self, collections: Sequence[Collection], language: str
    ) -> Iterator[tuple[str, str]]:
        """Yield short captions in the language, those of several pictures first."""
        catalog = self._engine.catalog
        counts: dict[str, int] = {}
        for collection in collections:
            sample = catalog.picture_samples.draw(collection, CAPTIONED_SAMPLE)
            for picture in catalog.pictures.by_id(sample).values():
                texts = {
                    shortened(each) for each in picture.facts.captions if _is_in(language, each)
                }
                for text in texts:
                    counts[text] = counts.get(text, 0) + 1
        for text in sorted(filter(_is_short, counts), key=lambda text: -counts[text]):
            yield text, text

    def _facet_values(self) -> Iterator[tuple[str, str]]:
        """Yield the commonest places and tags, and the years with the most pictures."""
        facets = self._engine.facets()
        columns = {column.name: column for column in facets.columns if column.least is None}
        places = [columns[name] for name in columns if name.casefold() in PLACE_COLUMNS]
        tags = [columns[name] for name in columns if name.casefold() in TAG_COLUMNS]
        for column in (*places, *tags):
            for value in column.values[:2]:
                quoted = f'"{value.value}"' if regex.search(r"\s", value.value) else value.value
                yield f"{column.name}:{quoted}", value.value
        years: dict[str, int] = {}
        for day in facets.dates.values if facets.dates else ():
            years[day.value[:4]] = years.get(day.value[:4], 0) + day.pictures
        if years:
            fullest = max(years, key=lambda year: years[year])
            yield fullest, fullest


def shortened(caption: Caption) -> str:
    """Return a caption without its full stop, to ask by."""
    return caption.text.strip().rstrip(" .。!！").strip()


def _is_short(text: str) -> bool:
    return SHORTEST <= len(text) <= LONGEST and len(text.split()) <= MAX_WORDS


def _is_in(language: str, caption: Caption) -> bool:
    """Return whether a caption is in a language, by its declared language or its characters."""
    if caption.language:
        return caption.language.partition("-")[0].lower() == language
    return (HAN.search(caption.text) is not None) == (language == "zh")
