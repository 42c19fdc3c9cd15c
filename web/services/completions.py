"""Completions of a question while it is typed, from what the collections hold."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Lock

import regex
from cachetools import LRUCache

from search.documents.completion import Completion, Completions
from search.encoders.knowledge import knowledge_of
from search.engine import Engine
from search.errors import BadQuery, LimnError
from search.facets.records import Facets, Folder
from search.query.limits import MAX_CHARACTERS, MAX_COMPLETIONS
from search.records import Collection
from search.text.analysis import query_words
from web.services.recent_questions import RecentQuestions
from web.services.spelling import Spelling

# So many captions have the words of a collection, but for the rarest.
CAPTIONS = 3_000
WORD = regex.compile(r"\S+")
LAST_WORDS = 3


class Completer:
    """A source of completions for the page and the API. Thread-safe."""

    def __init__(self, engine: Engine, recent_questions: RecentQuestions) -> None:
        self._engine = engine
        self._recent = recent_questions
        self._spelling: LRUCache[object, Spelling] = LRUCache(4)
        self._lock = Lock()

    def complete(self, q: str, names: Sequence[str], k: int) -> Completions:
        """Return up to `k` completions, and the question with misspelt words corrected.

        Raises:
            NotFound: a collection does not exist.
            BadQuery: `k` is out of range.
        """
        if not 1 <= k <= MAX_COMPLETIONS:
            raise BadQuery(
                "completions-out-of-range",
                "can't return {k} completions; ask for 1 to {most}",
                k=k,
                most=MAX_COMPLETIONS,
            )
        heads = self._engine.catalog.collections.with_last_changes(names)
        collections = [collection for collection, _ in heads]
        if not q.strip() or len(q) > MAX_CHARACTERS or not collections:
            return Completions(completions=(), did_you_mean=None)
        facets = self._engine.facets(names)
        results: dict[str, Completion] = {}
        for completion in self._candidates(q, collections, facets):
            results.setdefault(completion.q.casefold(), completion)
            if len(results) == k:
                break
        correction = self._spelling_of(heads, facets).correct(
            q, lambda word: self._knows(word, heads)
        )
        return Completions(completions=tuple(results.values()), did_you_mean=correction)

    def _candidates(
        self, q: str, collections: Sequence[Collection], facets: Facets
    ) -> Iterator[Completion]:
        prefix = q.strip().casefold()
        for collection in collections:
            for question in self._recent.of(collection):
                if question.casefold().startswith(prefix) and question.casefold() != prefix:
                    yield Completion(kind="recent", text=question, q=question)
        for search in self._engine.catalog.saved_searches.all():
            if _begins(search.name, prefix):
                yield Completion(kind="saved", text=search.name, q=q, address=search.address)
        values = list(self._values(facets))
        for start in _last_words(q):
            before, tail = q[:start], q[start:].strip().casefold()
            for kind, text, text_form, pictures in values:
                if _begins(text, tail) and text_form.casefold() != tail:
                    yield Completion(kind=kind, text=text, q=before + text_form, pictures=pictures)
        yield from self._file_names(q, collections)

    def _values(self, facets: Facets) -> Iterator[tuple[str, str, str, int | None]]:
        """Yield the kind, the text, the words and the pictures of every value to complete."""
        for concept in self._engine.catalog.concepts.all():
            yield "concept", concept.name, f"concept:{concept.name}", None
        for value in facets.values["cameras"]:
            yield "camera", value.value, f"camera:{_quote(value.value)}", value.pictures
        for column in facets.columns:
            for value in column.values:
                text = f"{column.name}:{_quote(value.value)}"
                yield "column", value.value, text, value.pictures
        for folder in _folders(facets.folders):
            name = folder.path.rstrip("/").rpartition("/")[2]
            yield "folder", name, f"path:{_quote(name)}", folder.pictures
        for day in facets.dates.values if facets.dates else ():
            yield "year", day.value[:4], day.value[:4], None

    def _file_names(self, q: str, collections: Sequence[Collection]) -> Iterator[Completion]:
        start = max(_last_words(q))
        words = query_words(q[start:])
        if words and len(q[start:]) > 1:
            ids = [collection.id for collection in collections]
            for name in self._engine.catalog.names.with_prefix(words[-1], ids, 5):
                if name.casefold().startswith(q[start:].casefold()):
                    yield Completion(kind="name", text=name, q=f"{q[:start]}name:{_quote(name)}")

    def _spelling_of(self, heads: Sequence[tuple[Collection, int]], facets: Facets) -> Spelling:
        key = tuple((collection.id, change) for collection, change in heads)
        with self._lock:
            if key not in self._spelling:
                ids = [collection.id for collection, _ in heads]
                captions = self._engine.catalog.vocabularies.captions(ids, CAPTIONS)
                texts = (text for _, text, _, _ in self._values(facets))
                self._spelling[key] = Spelling([*captions, *texts])
            return self._spelling[key]

    def _knows(self, word: str, heads: Sequence[tuple[Collection, int]]) -> bool:
        """Return whether an encoder of the collections knows its words, and this one."""
        for collection in {each.space.id: each for each, _ in heads}.values():
            with suppress(LimnError):
                knowledge = knowledge_of(self._engine.encoder_of(collection))
                if knowledge is not None and not knowledge.read([word]).unknown_words:
                    return True
        return False


def _last_words(q: str) -> list[int]:
    """Return where the last three, two and one words of a question begin."""
    starts = [match.start() for match in WORD.finditer(q)]
    return starts[-LAST_WORDS:]


def _begins(text: str, tail: str) -> bool:
    """Return whether a text, or one of its words, begins so; one Latin letter begins too many."""
    lower = text.casefold()
    return (len(tail) > 1 or not tail.isascii()) and (lower.startswith(tail) or f" {tail}" in lower)


def _quote(text: str) -> str:
    return f'"{text}"' if regex.search(r"[\s,，;；]", text) else text


def _folders(folders: Iterable[Folder]) -> Iterator[Folder]:
    for folder in folders:
        yield folder
        yield from _folders(folder.folders)
