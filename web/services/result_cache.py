"""The result cache: a ranked answer, computed once for all its pages."""

import threading
from dataclasses import replace
from hashlib import sha256
from weakref import WeakValueDictionary

from cachetools import TTLCache

from search.engine import Engine
from search.query.limits import MAX_HITS
from search.query.records import ConceptTerm, Query
from search.ranking.pagination import RankedResults
from web.requests.pagination import digest

# An order of 10,000 pictures is 2 MB; a minute takes up concepts and adapters that were changed.
MAX_RESULTS = 8
FRESH_S = 60.0


class ResultCache:
    """A cache of ranked results, which drops the least recently used first. Thread-safe.

    All pages of an answer come from one ranking, so that no picture appears twice or is left out,
    and fifty hits do not cost another ranking of ten thousand candidates.
    """

    def __init__(self, engine: Engine, fresh_s: float = FRESH_S) -> None:
        self._engine = engine
        self._cache: TTLCache[object, RankedResults] = TTLCache(MAX_RESULTS, fresh_s)
        self._ranking: WeakValueDictionary[object, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._cache)

    def whole(self, query: Query) -> RankedResults:
        """Return the whole answer to a query in order; raises what `Engine.answer` raises."""
        return self.snapshot(query)[1]

    def snapshot(self, query: Query, name: str = "") -> tuple[str, RankedResults]:
        """Return the whole answer as it was in the snapshot `name`, else now, with its name.

        Raises what `Engine.answer` raises.
        """
        query = replace(query, offset=0, k=MAX_HITS)
        question = digest(query)
        with self._lock:
            order = self._cache.get((question, name))
        if order is not None:
            return name, order
        catalog = self._engine.catalog
        heads = catalog.collections.with_last_changes(query.collections)
        for term in query.terms:
            if isinstance(term, ConceptTerm):
                catalog.concepts.one(term.name)  # a forgotten one is not answered from the cache
        name = sha256(repr(heads).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        key = (question, name)
        with self._lock:
            ranking = self._ranking.setdefault(key, threading.Lock())
        with ranking:  # a concurrent request for the same query waits here
            with self._lock:
                order = self._cache.get(key)
            if order is None:
                order = self._engine.order(query)
                with self._lock:
                    self._cache[key] = order
        return name, order
