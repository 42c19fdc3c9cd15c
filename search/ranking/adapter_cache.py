"""The query adapters in use, read from the catalog from time to time."""

import math
from collections.abc import Sequence
from time import monotonic

from search.catalog.catalog import Catalog
from search.catalog.query_adapter import Adapter
from search.records import Collection

# An adapter that another process has installed is used within this many seconds.
FRESH_S = 60.0


class AdapterCache:
    """The adapters of a catalog's collections. Safe to call from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._snapshot: tuple[float, dict[tuple[int, str], Adapter]] = (-math.inf, {})

    def adapter_of(self, collections: Sequence[Collection]) -> Adapter | None:
        """Return the adapter of the only collection searched; those of several would disagree."""
        if len(collections) != 1:
            return None
        read_s, adapters = self._snapshot
        if monotonic() > read_s + FRESH_S:
            adapters = self._catalog.adapters.in_use()
            self._snapshot = (monotonic(), adapters)
        return adapters.get((collections[0].id, collections[0].space.id))

    def clear(self) -> None:
        """Read the adapters again at the next search."""
        self._snapshot = (-math.inf, {})
