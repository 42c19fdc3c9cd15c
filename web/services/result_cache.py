"""The answers that are being scrolled through: put in order once, for all their stretches."""

import threading
from collections import OrderedDict
from dataclasses import replace
from time import monotonic
from weakref import WeakValueDictionary

from search.engine import Engine
from search.query.checks import MOST_HITS
from search.query.records import Query
from search.ranking.pagination import Order
from web.requests.pagination import digest

# An order of 10,000 pictures is 2 MB; a minute takes up concepts and adapters that were changed.
MOST_KEPT = 8
FRESH_S = 60.0


class Orders:
    """The orders last asked for, the least recently used dropped first. Safe from many threads.

    All stretches of an answer are cut from one order, so that none of its pictures is shown twice
    or left out, and ten thousand candidates are not ranked anew for fifty.
    """

    def __init__(self, engine: Engine, fresh_s: float = FRESH_S) -> None:
        self._engine = engine
        self._fresh_s = fresh_s
        self._kept: OrderedDict[object, tuple[float, Order]] = OrderedDict()
        self._ranking: WeakValueDictionary[object, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def whole(self, query: Query) -> Order:
        """The whole answer to a query in order; raises what `Engine.answer` raises."""
        query = replace(query, offset=0, k=MOST_HITS)
        heads = self._engine.catalog.collections.with_last_changes(query.collections)
        key = (digest(query), tuple(heads))
        with self._lock:
            ranking = self._ranking.setdefault(key, threading.Lock())
        with ranking:  # who asks for the same meanwhile waits for it
            order = self._fresh(key)
            if order is None:
                order = self._engine.order(query)
                self._keep(key, order)
        return order

    def _fresh(self, key: object) -> Order | None:
        with self._lock:
            made_s, order = self._kept.get(key, (0.0, None))
            if order is None or monotonic() >= made_s + self._fresh_s:
                return None
            self._kept.move_to_end(key)
            return order

    def _keep(self, key: object, order: Order) -> None:
        with self._lock:
            now_s = monotonic()
            for other, (made_s, _) in list(self._kept.items()):
                if now_s >= made_s + self._fresh_s:
                    del self._kept[other]
            self._kept[key] = (now_s, order)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
