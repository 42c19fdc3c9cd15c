"""The index planner: measures ANN indexes on a store's own vectors, and builds the quickest."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from search.records import Ids, QueryKind, Vectors
from search.stores.faiss_store.ann import AnnIndex, Slots32, lists
from search.stores.faiss_store.ann_cpu import FaissPass, FirstPassName, train
from search.stores.faiss_store.locality import CACHE_BYTES, Clusters
from search.stores.faiss_store.store import FaissStore, Staged
from search.stores.planner.cost_model import MIN_ROWS, Expectation
from search.stores.planner.measure import GRAPHS, ROW_US, TARGET, settled, took_us
from search.stores.planner.plan import Computes, Depth, IndexOptions, IndexPlan
from search.text.amounts import amount

# Rows x width that are scanned in one or two milliseconds, by one thread of 2024's machines or
# by a GPU: below this nothing is measured, for nothing would be gained.
EXACT_ENOUGH = {"cpu": 16_000_000, "cuda": 5_000_000_000}

# ANN indexes are compared on this many rows; a graph over them is built in about five seconds.
SAMPLE = 20_000

QUERIES, FEWEST_QUERIES = 400, 200
TRAINING_QUERIES = 4_000

# Without texts to measure with: in every collection measured, texts needed up to twice the depth.
UNKNOWN_TEXTS = 3

# A collection's own pictures may be close together, and are found sooner than others. Half
# of the texts' effort found 98.5 to 99.4% of photographs from elsewhere, in four graphs.
STRANGE = 0.5

# The indexes to measure, each only if none before it is expected to take less than so many
# microseconds: a graph over 100,000 vectors takes half a minute to build, a scan's codes a second.
MEASURED: tuple[tuple[FirstPassName, int], ...] = (("scan", 0), ("hnsw", 80), ("ivf", 250))

BUILD_ROWS = 8_192
AT_ONCE = 32

# A graph takes five times a scan's memory, and fifty times as long to build: it must be this much
# quicker.
WORTH = 0.75

Say = Callable[[str], None]


def wants_plan(
    rows: int, width: int, plan: IndexPlan | None, options: IndexOptions, device: Computes = "cpu"
) -> bool:
    """Whether a store of this size is to be measured: never yet, twice as large, or otherwise."""
    small = rows < MIN_ROWS or (options.store == "auto" and rows * width < EXACT_ENOUGH[device])
    if small or options.store == "exact":
        return False
    return plan is None or rows > 2 * plan.vectors or not plan.suits(options, device)


def exact_plan(rows: int, width: int, options: IndexOptions, device: Computes = "cpu") -> IndexPlan:
    """Return the plan of a store that is searched exactly without measurement."""
    if options.store == "exact":
        reason = "exact was asked for"
    elif rows < MIN_ROWS or rows * width < EXACT_ENOUGH[device]:
        time = "a millisecond" if device == "cpu" else "two milliseconds by the GPU"
        reason = f"{rows:,} vectors of {width} are scanned in about {time} or less"
    else:
        reason = "it was not measured yet: a server does so in the background, or limn plan NAME"
    return IndexPlan("exact", rows, 1.0, 2.0 * width + 8, reasons=(reason,), device=device)


class _NumberedAnew(Exception):
    """The rows were renumbered since planning began, so that nothing built fits them."""


class IndexPlanner:
    """A planner that measures and builds for a store, which is searched and may grow meanwhile."""

    cache_bytes = CACHE_BYTES

    def __init__(self, store: FaissStore, texts: Vectors, options: IndexOptions, say: Say) -> None:
        """Take `texts` (n, width), embeddings of typical text queries, or none."""
        self._store = store
        self._options = options
        self._say = say
        self._device = options.device(store.device)
        self._generation = store.generation
        self._ids = store.slot_ids
        self._rows = len(self._ids)
        chosen = _spread(self._rows, SAMPLE, self._ids)
        # These rows are queries, and are added only after all measurements: a graph finds its own
        # rows too easily. A scan is not affected.
        late = np.sort(chosen[:QUERIES])
        self._late = late.astype(np.int32)
        self._asked: dict[QueryKind, Vectors] = {"picture": self._vectors(late)}
        self._sample = self._vectors(chosen[QUERIES:])
        self._taught: tuple[Vectors, ...] = (self._sample[:TRAINING_QUERIES],)
        if len(texts) >= FEWEST_QUERIES:
            self._asked["text"] = texts[:QUERIES]
            self._taught += (texts[QUERIES : QUERIES + TRAINING_QUERIES],)
        self._truth: dict[QueryKind, Ids] = {}
        self._reasons: list[str] = []
        self._refused: dict[str, str] = {}
        self._measured: dict[str, dict[str, float]] = {}
        self._widths: dict[FirstPassName, int] = {}

    def run(self) -> IndexPlan | None:
        """Measure, build and activate the best ANN index; None if the rows were renumbered."""
        self._tell_queries()
        try:
            return self._planned()
        except _NumberedAnew:
            return None

    def _planned(self) -> IndexPlan | None:
        for name in self._order():
            self._say(f"building {name} over {self._rows:,} vectors")
            staged = self._build(name)
            if staged.plan.target >= TARGET:
                return staged.plan if self._store.stage(staged, self._generation) else None
            self._reasons.append(
                f"{name} found only {staged.plan.target:.3f} of the best ten, under {TARGET}"
            )
        self._reasons += self._refused.values()
        return self._exact("nothing else finds enough, or fits the memory allowed")

    def _exact(self, why: str) -> IndexPlan:
        """Search exactly from now on."""
        self._reasons.append(f"exact: {why}")
        self._store.unstage()
        return IndexPlan(
            *("exact", self._rows, 1.0),
            reasons=tuple(self._reasons),
            measured=self._measured,
            device=self._device,
            wished=self._options.store,
        )

    def _order(self) -> list[FirstPassName]:
        """Return the ANN indexes that may be built, the one expected to be quickest first."""
        measured = MEASURED
        if self._options.store not in ("auto", "exact"):
            self._reasons.append(f"{self._options.store} was asked for")
            measured = tuple((name, 0) for name, _ in MEASURED if name == self._options.store)
            if not measured:
                self._reasons.append(f"{self._options.store} is for GPUs, and this store has none")
        expectation = Expectation(self._sample, self._asked, self._taught, self._rows)
        expected: dict[FirstPassName, float] = {}
        for name, beyond_us in measured:
            if min(expected.values(), default=math.inf) < beyond_us:
                break
            found = expectation.quickest(name, self._fits)
            if found is None:
                continue
            self._widths[name], expected_us = found
            self._reasons.append(
                f"{name} is quickest with {found[0]} of {self._sample.shape[1]} directions"
            )
            expected[name] = expected_us
            self._measured[name] = {"expected_us": round(expected_us, 1)}
            self._say(f"{name}: {expected_us:,.0f} µs expected for a query")
        order = sorted(expected, key=lambda name: expected[name] / (WORTH if name == "hnsw" else 1))
        if order:
            listed = ", ".join(f"{name} {expected[name] / 1000:.2f} ms" for name in order)
            self._reasons.append(
                f"expected for a query over {self._rows:,} vectors, from {len(self._sample):,}: "
                + listed
            )
        return order

    def _fits(self, made: FaissPass) -> bool:
        allowed = self._options.memory_bytes
        if allowed is None:
            return True
        wanted = self._store.rows_bytes + made.bytes_per_row * self._rows
        if wanted > allowed:
            self._refused[made.name] = (
                f"{made.name} would take {wanted / 1e6:,.0f} MB, and {allowed / 1e6:,.0f} may be"
            )
        return wanted <= allowed

    def _build(self, name: FirstPassName) -> Staged:
        """Return an ANN index over all rows, and its depths."""
        sample = self._sample
        if name == "ivf" and lists(self._rows, len(sample)) < lists(self._rows, self._rows):
            sample = self._vectors(self._for_lists())
        made = train(name, sample, self._taught, self._widths[name], self._rows)
        if name == "hnsw":
            return self._graph(made)
        for _, vectors in self._blocks(name):
            made.add(vectors)
        return self._settled(made)

    def _graph(self, made: FaissPass) -> Staged:
        """Add all rows, laid out for the caches; the rows it is measured with come last."""
        far = made.bytes_per_row * self._rows > self.cache_bytes
        cells = Clusters(made.reduction.vectors(self._sample)) if far else None
        lying: list[Ids] = []
        for slots, vectors in self._early_blocks(made.name):
            made.add(vectors, slots)
            if cells is not None:
                lying.append(cells.of(made.reduction.vectors(vectors)))
        if lying:
            made.arrange(np.concatenate(lying))
        staged = self._settled(made)
        made.add(self._asked["picture"], self._late)
        return staged

    def _for_lists(self) -> Ids:
        """Return as many rows as the training of lists needs."""
        wanted = min(10 * lists(self._rows, self._rows), 200_000)
        return _spread(self._rows, wanted, self._ids)

    def _blocks(self, name: str) -> Iterator[tuple[Slots32, Vectors]]:
        """Yield all vectors in order, each block with its row numbers; raises _NumberedAnew."""
        for start in range(0, self._rows, BUILD_ROWS):
            stop = min(start + BUILD_ROWS, self._rows)
            vectors = self._store.slot_vectors(self._generation, start, stop)
            if vectors is None:
                raise _NumberedAnew
            yield np.arange(start, stop, dtype=np.int32), vectors
            self._say(f"{name}: {stop:,} of {self._rows:,} vectors")

    def _early_blocks(self, name: str) -> Iterator[tuple[Slots32, Vectors]]:
        """Yield the blocks of `_blocks` without the rows to measure with."""
        for slots, vectors in self._blocks(name):
            early = ~np.isin(slots, self._late)
            yield slots[early], vectors[early]

    def _settled(self, made: AnnIndex) -> Staged:
        """Return the ANN index with the depth for each kind of query that reaches the target."""
        depths: dict[QueryKind, Depth] = {}
        recalls: dict[str, float] = {}
        for kind, queries in sorted(self._asked.items(), reverse=True):  # texts first
            depth, recall = settled(made, queries, self._nearest(kind), self._ids)
            if kind == "picture" and "text" in depths and made.name in GRAPHS:
                least = round(STRANGE * depths["text"].effort)
                depth = replace(depth, effort=max(depth.effort, least))
            depths[kind], recalls[kind] = depth, recall
            cost_us = took_us(made, queries, depth) + ROW_US * depth.of_10
            self._reasons.append(
                f"{made.name} finds {recall:.3f} of the best ten for {kind} queries in "
                f"{cost_us / 1000:.2f} ms, ranking {depth.of_10} candidates"
            )
        picture = depths["picture"]
        plan = IndexPlan(
            store=made.name,
            vectors=self._rows,
            target=min(recalls.values()),
            memory_bytes=made.bytes_per_row + self._store.rows_bytes / max(1, self._rows),
            text=depths.get("text") or picture.times(UNKNOWN_TEXTS),
            picture=picture,
            reasons=tuple(self._reasons),
            measured=self._measured,
            device=self._device,
            wished=self._options.store,
        )
        return Staged(made, plan)

    def _nearest(self, kind: QueryKind) -> Ids:
        """Return the ids of the best 100 rows (q, 100), without the queries' own and newer rows."""
        if kind not in self._truth:
            queries, late = self._asked[kind], self._ids[self._late]
            found = np.concatenate(
                [  # a few at once: a waiting write blocks all searches
                    self._best(queries[start : start + AT_ONCE], 100 + len(late))
                    for start in range(0, len(queries), AT_ONCE)
                ]
            )
            out = np.isin(found, late) | ~np.isin(found, self._ids)
            order = np.argsort(out, axis=1, kind="stable")[:, :100]
            self._truth[kind] = np.take_along_axis(found, order, 1)
        return self._truth[kind]

    def _best(self, queries: Vectors, k: int) -> Ids:
        return self._store.exact(queries, k)[0]

    def _tell_queries(self) -> None:
        pictures = len(self._asked["picture"])
        if "text" in self._asked:
            texts = len(self._asked["text"])
            self._reasons.append(
                f"measured with {amount(texts, 'caption')} and {amount(pictures, 'picture')} of it"
            )
        else:
            self._reasons.append(
                f"measured with {amount(pictures, 'picture')} of it: it has too few "
                f"captions to stand for texts, which search {UNKNOWN_TEXTS} times as deep"
            )

    def _vectors(self, slots: Ids) -> Vectors:
        parts = []
        for start in range(0, len(slots), BUILD_ROWS):
            ids = self._ids[slots[start : start + BUILD_ROWS]]
            found, vectors = self._store.rows(ids)
            part = np.zeros((len(ids), self._store.width), np.float32)
            part[np.isin(ids, found)] = vectors  # rows removed just now stay zero
            parts.append(part)
        return np.concatenate(parts)


def _spread(rows: int, count: int, ids: Ids) -> Ids:
    """Return up to `count` live rows, evenly spaced, in random order."""
    held = np.flatnonzero(ids[:rows] >= 0)
    chosen = held[np.linspace(0, len(held) - 1, min(count, len(held))).astype(np.int64)]
    return np.random.default_rng(0).permutation(chosen)
