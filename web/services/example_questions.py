"""Example questions that the collections can answer, each with a picture that shows it."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from search.engine import Engine
from search.errors import LimnError
from search.query.records import Hit, Query
from search.query.syntax import parse_query_text
from search.records import Picture
from search.text.analysis import query_words
from web.services.example_candidates import candidates

MAX_EXAMPLES = 6

# Each candidate that is tried costs a search.
MAX_SEARCHES = 30

# While pictures come in, the examples are chosen again after this time at the earliest.
REST_S = 300.0
REST_WITHOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class ExampleQuestion:
    """A question, the words that the page shows for it, and the id of its first hit."""

    q: str
    words: str
    picture_id: int


@dataclass(frozen=True, slots=True)
class ExampleChoice:
    """The examples that were chosen for collections with these last changes."""

    last_changes: tuple[tuple[int, int], ...]
    time_s: float
    examples: tuple[ExampleQuestion, ...]


class ExampleQuestions:
    """A source of example questions for the first page, by language. Thread-safe."""

    def __init__(self, engine: Engine, rest_s: float = REST_S) -> None:
        self._engine = engine
        self._rest_s = rest_s
        self._choices: dict[str, ExampleChoice] = {}
        self._lock = Lock()

    def current(self, language: str) -> list[tuple[ExampleQuestion, Picture]] | None:
        """Return the last examples with their pictures; None where others should be chosen."""
        choice = self._choices.get(language)
        if choice is None or self._is_due(choice):
            return None
        ids = [example.picture_id for example in choice.examples]
        pictures = self._engine.catalog.pictures.by_id(ids)
        return [
            (example, pictures[example.picture_id])
            for example in choice.examples
            if example.picture_id in pictures
        ]

    def choose(self, language: str) -> list[tuple[ExampleQuestion, Picture]]:
        """Return the examples; some searches choose them where there are no current ones."""
        with self._lock:  # a concurrent request waits here, and then has current ones
            if self.current(language) is None:
                last_changes = self._last_changes()
                examples = tuple(self._sure(language))
                self._choices[language] = ExampleChoice(last_changes, time.monotonic(), examples)
        return self.current(language) or []

    def prepare(self, languages: Iterable[str]) -> None:
        """Choose the examples, and count the facets, before anybody asks for the first page."""
        self._engine.facets()
        for language in languages:
            self.choose(language)

    def _last_changes(self) -> tuple[tuple[int, int], ...]:
        rows = self._engine.catalog.collections.with_last_changes()
        return tuple((collection.id, last_change) for collection, last_change in rows)

    def _is_due(self, choice: ExampleChoice) -> bool:
        rest_s = self._rest_s if choice.examples else min(self._rest_s, REST_WITHOUT_S)
        is_old = time.monotonic() - choice.time_s >= rest_s
        return is_old and choice.last_changes != self._last_changes()

    def _sure(self, language: str) -> Iterator[ExampleQuestion]:
        """Yield the first candidates with a sure first hit, no word and no picture twice."""
        words: set[str] = set()
        ids: set[int] = set()
        searches = 0
        for candidate in candidates(self._engine, language):
            own_words = set(query_words(candidate.words))
            if own_words & words or not own_words:
                continue
            searches += 1
            hit = self._first_hit(candidate.q)
            if hit is not None and hit.picture.id not in ids:
                words |= own_words
                ids.add(hit.picture.id)
                yield ExampleQuestion(candidate.q, candidate.words, hit.picture.id)
            if len(ids) == MAX_EXAMPLES or searches == MAX_SEARCHES:
                return

    def _first_hit(self, q: str) -> Hit | None:
        query = Query(tuple(parse_query_text(q)), k=1, strictness="strict", understand=True)
        with suppress(LimnError):
            return next((hit for hit in self._engine.answer(query).hits if hit.is_sure), None)
        return None
