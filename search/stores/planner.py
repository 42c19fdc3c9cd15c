"""The planner: measures first passes on a store's own vectors, and builds the quickest."""

import math
from collections.abc import Callable

import numpy as np

from search.records import Ids, Vectors
from search.stores.faiss_store import FaissStore, Staged
from search.stores.firstpass import FaissPass, FirstPassName, lists, train
from search.stores.measuring import (
    ROW_US,
    TARGET,
    nearest,
    settled,
    took_us,
)
from search.stores.plan import Depth, Plan, Side, Wishes

# Rows x width that are scanned in about a millisecond, by one thread of 2024's machines: under
# this nothing is measured, and nothing would be gained.
EXACT_ENOUGH = 16_000_000

# Fewer can't teach a first pass anything, whatever was asked for.
LEAST_ROWS = 1_000

# First passes are compared on so many rows; a graph over them is built in about five seconds.
SAMPLE = 20_000

QUERIES = 200
TRAINING_QUERIES = 4_000


WIDTHS = (64, 96, 128, 192, 256, 384)

# Without texts to measure with: in every collection measured, texts wanted up to twice the depth.
UNKNOWN_TEXTS = 3

# Fewer than this told apart, and every query is searched as deep as the kind that wants more.
TOLD_APART = 0.95

# What is measured, each only if nothing before it is expected to take less than so many
# microseconds: a graph over 100,000 vectors takes half a minute to build, a scan's codes a second.
MEASURED: tuple[tuple[FirstPassName, int], ...] = (("scan", 0), ("ivf", 250), ("hnsw", 1_000))


BUILD_ROWS = 8_192

# Among five times as many vectors up to 2.6 times as many candidates hold the best ten; one costs
# so much to be kept, read and scored.
DEPTH_GROWTH = 0.6
CANDIDATE_US = 0.3

# Times of one thing differ by a tenth from run to run: what is no quicker than that takes no more
# memory for it.
STEADY = 0.9

Say = Callable[[str], None]


def wants_plan(rows: int, width: int, plan: Plan | None, wishes: Wishes) -> bool:
    """Whether a store of this size is to be measured: never yet, twice as large, or otherwise."""
    small = rows < LEAST_ROWS or (wishes.store == "auto" and rows * width < EXACT_ENOUGH)
    if small or wishes.store == "exact":
        return False
    if plan is None or rows > 2 * plan.vectors:
        return True
    return wishes.store not in ("auto", plan.store)


def exact_plan(rows: int, width: int, wishes: Wishes) -> Plan:
    """The plan of a store that is searched exactly without being measured."""
    if wishes.store == "exact":
        reason = "exact was asked for"
    elif rows < LEAST_ROWS or rows * width < EXACT_ENOUGH:
        reason = f"{rows:,} vectors of {width} are scanned in about a millisecond or less"
    else:
        reason = "it was not measured yet: a server does so in the background, or limn plan NAME"
    return Plan("exact", rows, 1.0, 2.0 * width + 8, reasons=(reason,))


class Planner:
    """Measures and builds for one store; the store is searched meanwhile, and may grow."""

    def __init__(self, store: FaissStore, texts: Vectors, wishes: Wishes, say: Say) -> None:
        """`texts` (n, width) are embeddings of texts as people ask them; there may be none."""
        self._store = store
        self._wishes = wishes
        self._say = say
        self._generation = store.generation
        self._rows = len(store.slot_ids)
        pictures = self._vectors(_spread(self._rows, SAMPLE, store.slot_ids))
        self._sample = pictures
        asked = {"picture": pictures[:: max(1, len(pictures) // (QUERIES + TRAINING_QUERIES))]}
        if len(texts) >= QUERIES:
            asked["text"] = texts
        self._asked = {kind: vectors[:QUERIES] for kind, vectors in asked.items()}
        self._taught = tuple(each[QUERIES : QUERIES + TRAINING_QUERIES] for each in asked.values())
        self._side = _side(pictures, texts) if "text" in asked else None
        # Kinds that can't be told apart go equally deep.
        kinds = tuple(self._asked)
        self._together = [(kind,) for kind in kinds] if self._side else [kinds]
        self._truth = nearest(self._sample, self._asked)
        self._reasons: list[str] = []
        self._refused: dict[str, str] = {}
        self._measured: dict[str, dict[str, float]] = {}

    def run(self) -> Plan | None:
        """Measure, build, and let the winner answer; None when the rows were numbered anew."""
        self._tell_queries()
        width = self._width()
        for name in self._order(width):
            self._say(f"building {name} over {self._rows:,} vectors")
            staged = self._build(name, width)
            if staged is None:
                return None
            if staged.plan.target >= TARGET:
                return staged.plan if self._store.stage(staged, self._generation) else None
            self._reasons.append(
                f"{name} found only {staged.plan.target:.3f} of the best ten, under {TARGET}"
            )
        self._reasons += self._refused.values()
        self._reasons.append("exact: nothing else finds enough, or fits the memory allowed")
        self._store.unstage()
        return Plan("exact", self._rows, 1.0, reasons=tuple(self._reasons), measured=self._measured)

    def _order(self, width: int) -> list[FirstPassName]:
        """The first passes that may be built, the one expected to be quickest first."""
        if self._wishes.store not in ("auto", "exact"):
            self._reasons.append(f"{self._wishes.store} was asked for")
            return [self._wishes.store]  # type: ignore[list-item]
        expected: dict[FirstPassName, float] = {}
        for name, beyond_us in MEASURED:
            if expected and min(expected.values()) < beyond_us:
                break
            expected_us = self._expected(name, width)
            if expected_us is None:
                continue
            expected[name] = expected_us
            self._measured[name] = {"expected_us": round(expected_us, 1)}
            self._say(f"{name}: {expected_us:,.0f} µs expected for a query")
        order = sorted(expected, key=expected.__getitem__)
        if order:
            listed = ", ".join(f"{name} {expected[name] / 1000:.2f} ms" for name in order)
            self._reasons.append(
                f"expected for a query over {self._rows:,} vectors, from {len(self._sample):,}: "
                + listed
            )
        return order

    def _expected(self, name: FirstPassName, width: int) -> float | None:
        """Microseconds for a query at full size; None where it won't find enough, or fit."""
        made = train(name, self._sample, self._taught, width, len(self._sample))
        if not self._fits(made):
            return None
        made.add(self._sample)
        places = np.arange(len(self._sample))
        depths = []
        for kinds in self._together:
            asked = [(self._asked[kind], self._truth[kind]) for kind in kinds]
            depth, recall = settled(made, asked, places)
            if recall < TARGET:
                return None
            depths += [(queries, depth) for queries, _ in asked]
        sampled = [took_us(made, *each) for each in depths]
        made.index.reset()
        made.add(self._sample[:LEAST_ROWS])
        fixed = [took_us(made, *each) for each in depths]
        return sum(
            self._extrapolated(name, whole, little, depth)
            for whole, little, (_, depth) in zip(sampled, fixed, depths, strict=True)
        ) / len(depths)

    def _extrapolated(
        self, name: FirstPassName, sample_us: float, fixed_us: float, depth: Depth
    ) -> float:
        """What a query takes at full size: a scan grows with it, lists and graphs far slower."""
        grown = self._rows / len(self._sample)
        growths = {"scan": grown, "ivf": math.sqrt(grown), "hnsw": 1 + math.log(grown) / 4}
        deeper = depth.of_10 * math.pow(grown, DEPTH_GROWTH)
        return fixed_us + max(0.0, sample_us - fixed_us) * growths[name] + CANDIDATE_US * deeper

    def _fits(self, made: FaissPass) -> bool:
        allowed = self._wishes.memory_bytes
        if allowed is None:
            return True
        held = self._store.in_memory_bytes
        if self._store.staged is not None:
            held -= self._store.staged.first.bytes_per_row * len(self._store.staged.first)
        wanted = held + made.bytes_per_row * self._rows
        if wanted > allowed:
            self._refused[made.name] = (
                f"{made.name} would take {wanted / 1e6:,.0f} MB, and {allowed / 1e6:,.0f} may be"
            )
        return wanted <= allowed

    def _width(self) -> int:
        """The number of directions with which a scan is quickest.

        With fewer it scans less, and has to rank more candidates.
        """
        whole = self._sample.shape[1]
        best, best_us = int(whole), math.inf
        for width in (*(each for each in WIDTHS if each < whole), int(whole)):
            expected_us = self._expected("scan", width) if width <= WIDTHS[-1] else None
            if expected_us is not None and expected_us < STEADY * best_us:
                best, best_us = width, expected_us
            elif best_us < math.inf:
                break
        self._reasons.append(f"with {best} of {whole} directions a scan is quickest")
        return best

    def _build(self, name: FirstPassName, width: int) -> Staged | None:
        sample = self._sample
        if name == "ivf" and lists(self._rows, len(sample)) < lists(self._rows, self._rows):
            wanted = min(10 * lists(self._rows, self._rows), 200_000)
            sample = self._vectors(_spread(self._rows, wanted, self._store.slot_ids))
        made = train(name, sample, self._taught, width, self._rows)
        for start in range(0, self._rows, BUILD_ROWS):
            stop = min(start + BUILD_ROWS, self._rows)
            vectors = self._store.slot_vectors(self._generation, start, stop)
            if vectors is None:
                return None
            made.add(vectors)
            self._say(f"{name}: {stop:,} of {self._rows:,} vectors")
        ids = self._store.slot_ids
        depths: dict[str, Depth] = {}
        recalls: dict[str, float] = {}
        for kinds in self._together:
            queries = [self._asked[kind] for kind in kinds]
            asked = [(each, self._store.exact(each, 100)[0]) for each in queries]
            depth, recall = settled(made, asked, ids)
            for kind, each in zip(kinds, queries, strict=True):
                depths[kind], recalls[kind] = depth, recall
                cost_us = took_us(made, each, depth) + ROW_US * depth.of_10
                self._reasons.append(
                    f"{name} finds {recall:.3f} of the best ten for {kind} queries in "
                    f"{cost_us / 1000:.2f} ms, ranking {depth.of_10} candidates"
                )
        picture = depths["picture"]
        text = depths.get("text") or picture.times(UNKNOWN_TEXTS)
        if self._side is None:
            picture = text
        plan = Plan(
            store=name,
            vectors=self._rows,
            target=min(recalls.values()),
            memory_bytes=made.bytes_per_row + self._store.in_memory_bytes / max(1, self._rows),
            text=text,
            picture=picture,
            side=self._side,
            reasons=tuple(self._reasons),
            measured=self._measured,
        )
        return Staged(made, plan)

    def _tell_queries(self) -> None:
        if "text" in self._asked:
            told = "told apart by" if self._side else "not told apart, for there is hardly"
            self._reasons.append(
                f"measured with {QUERIES} captions and {QUERIES} pictures of it, {told} a gap "
                "between texts and pictures"
            )
        else:
            self._reasons.append(
                f"measured with {len(self._asked['picture'])} pictures of it: it has too few "
                f"captions to stand for texts, which search {UNKNOWN_TEXTS} times as deep"
            )

    def _vectors(self, slots: Ids) -> Vectors:
        parts = []
        for start in range(0, len(slots), BUILD_ROWS):
            ids = self._store.slot_ids[slots[start : start + BUILD_ROWS]]
            parts.append(self._store.rows(ids)[1])
        return np.concatenate(parts)


def _spread(rows: int, count: int, ids: Ids) -> Ids:
    """Up to `count` slots with a row that counts, evenly spaced, in random order."""
    held = np.flatnonzero(ids[:rows] >= 0)
    chosen = held[np.linspace(0, len(held) - 1, min(count, len(held))).astype(np.int64)]
    return np.random.default_rng(0).permutation(chosen)


def _side(pictures: Vectors, texts: Vectors) -> Side | None:
    """The middle between the means of both kinds; None where too many would lie beyond it.

    Encoders whose texts and pictures lie close together leave no gap to tell them apart by.
    """
    ours, theirs = pictures.mean(axis=0), texts.mean(axis=0)
    direction = (theirs - ours).astype(np.float32)
    side = Side(direction, float(direction @ (ours + theirs) / 2))
    right = [(pictures @ direction < side.middle).mean(), (texts @ direction > side.middle).mean()]
    return side if min(right) >= TOLD_APART else None
