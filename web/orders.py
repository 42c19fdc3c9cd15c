"""The answers that are being scrolled through: put in order once, for all their stretches."""

import threading
from collections import OrderedDict
from dataclasses import replace
from time import monotonic

from search.arrangement import Order
from search.engine import Engine
from search.query import MOST_HITS
from search.records import Query
from web.cursors import digest

# An order of 10,000 pictures is 2 MB; a minute takes up concepts and adapters that were changed.
MOST_KEPT = 8
FRESH_S = 60.0


class Orders:
    """The orders last asked for, the least recently used dropped first. Safe from many threads.

    All stretches of an answer are cut from one order, so that none of its pictures is shown twice
    or left out, and ten thousand candidates are not ranked anew for fifty.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[object, tuple[float, Order]] = OrderedDict()
        self._lock = threading.Lock()

    def whole(self, query: Query) -> Order:
        """The whole answer to a query in order; raises what `Engine.answer` raises."""
        query = replace(query, offset=0, k=MOST_HITS)
        heads = self._engine.catalog.collections_with_heads(query.collections)
        key = (digest(query), tuple(heads))
        with self._lock:
            made_s, order = self._kept.pop(key, (-FRESH_S, None))
            if order is not None and monotonic() < made_s + FRESH_S:
                self._kept[key] = (made_s, order)
                return order
        order = self._engine.order(query)
        with self._lock:
            self._kept[key] = (monotonic(), order)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return order
