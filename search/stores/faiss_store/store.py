"""The FAISS store: float16 vectors searched exactly or by an ANN index, on the CPU or a GPU."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, get_args

import numpy as np

from search.errors import BadSetting
from search.records import Device, Ids, QueryKind, Scores, Vectors
from search.stores.faiss_store.ann import AnnIndex, Refiner
from search.stores.faiss_store.float16 import widened
from search.stores.faiss_store.gpu import (
    FAILURES,
    DeviceCopy,
    SharedCopy,
    gpu_count,
    open_device_copy,
)
from search.stores.faiss_store.rows import FloatRows, SlotNumbers
from search.stores.faiss_store.rwlock import ReadersWriterLock
from search.stores.planner.plan import Computes, IndexPlan
from search.stores.serialization import pack, unpack
from search.stores.validation import checked_queries, checked_rows, padded

if TYPE_CHECKING:
    from search.stores.faiss_store.tuner import FaissTuner

logger = logging.getLogger(__name__)

# Dead rows cost as much as live ones. At a quarter of dead rows the others are copied: so a
# removal costs four copied rows in the long run.
MAX_DEAD = 0.25
MIN_DEAD = 1_000

# Candidates are ranked by rows read at random: past this part of all, an exact scan is quicker.
MAX_CANDIDATES = 0.1

# The time of an exact scan for each gathered row; or for each row that a selector checks,
# and each that passes: one thread, width 384.
GATHERED_NS, SELECTED_NS, SCORED_NS = 120, 1.6, 25

# With a selector, an exact scan can't score rows eight at a time; for a filter that passes this
# part, it costs less to find more rows and leave out those that do not pass.
WIDE = 0.1

# A filter sometimes leaves too few of the first candidates; then more are requested.
SPARE = 1.3


@dataclass(frozen=True, slots=True)
class Staged:
    """An ANN index and the plan with its depths."""

    first: AnnIndex
    plan: IndexPlan


class FaissStore:
    """Vectors in main memory or mapped from a file, an ANN index of them, and a GPU copy.

    Without an ANN index every search is exact. Searches share the rows, writes have them alone.
    Every row found is scored by its own float16 vector, whatever proposed it. Filters are never
    left to a GPU, which ignores selectors: its copy is not searched under a filter, and the
    candidates of an ANN index are filtered here. An index that has no room on a GPU is dropped
    with one warning, and the CPU goes on.
    """

    def __init__(
        self,
        width: int,
        device: Device | DeviceCopy = "auto",
        memory_bytes: int | None = None,
    ) -> None:
        """Take `device`: a device's name, or an open copy on one.

        A file whose vectors take more than `memory_bytes` is mapped, and they stay there.

        Raises:
            BadSetting: not a device, or "cuda" without a GPU that FAISS can use.
        """
        self._slots = FloatRows(width)
        self._memory_bytes = memory_bytes
        self._staged: Staged | None = None
        self._chain: Refiner | None = None
        self._gave_up = False
        self._giving_up = Lock()
        self._lock = ReadersWriterLock()
        copy = device if isinstance(device, DeviceCopy) else _open_copy(width, device)
        self._gpu = SharedCopy(copy)

    @property
    def width(self) -> int:
        """Return the number of dimensions of every vector."""
        return self._slots.width

    @property
    def device(self) -> Computes:
        """Return the device that answers plain searches now: "cuda" or "cpu"."""
        staged = self._staged
        return "cuda" if self._gpu.works or (staged and staged.first.on_gpu) else "cpu"

    @property
    def gave_up(self) -> bool:
        """Return whether an ANN index on a GPU failed: this process then builds no other."""
        return self._gave_up

    @property
    def tuner(self) -> "FaissTuner":
        """Return the tuner that measures and builds the store's ANN indexes."""
        from search.stores.faiss_store.tuner import FaissTuner

        return FaissTuner(self)

    @property
    def heavy(self) -> bool:
        """Return whether the store is over its memory limit, and should load its own dump."""
        allowed = self._memory_bytes
        return allowed is not None and self.rows_bytes > allowed

    @property
    def ann(self) -> Staged | None:
        """Return the active ANN index and its plan; None where search is exact."""
        return self._staged

    @property
    def generation(self) -> str:
        """Return the name of the current row numbering, to which an ANN index belongs."""
        return self._slots.generation

    @property
    def slot_ids(self) -> Ids:
        """Return the id of each row, -1 where it is dead; later writes do not change the array."""
        return self._slots.ids

    @property
    def rows_bytes(self) -> int:
        """Return the memory of vectors and ids, without mapped vectors."""
        return self._slots.in_memory_bytes

    @property
    def in_memory_bytes(self) -> float:
        """Return `rows_bytes` and the memory of the ANN index, without the GPU's."""
        staged = self._staged
        return self.rows_bytes + (staged.first.bytes_per_row * len(staged.first) if staged else 0)

    def __len__(self) -> int:
        return self._slots.live

    def put(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, or replace those of known ids; raises ValueError."""
        ids, rows = checked_rows(ids, vectors, self.width)
        with self._changing():
            self._slots.put(ids, rows)
            if self._staged is not None and len(ids):
                self._took_in(self._staged.first, widened(rows))
            self._sweep()

    def remove(self, ids: Ids) -> None:
        """Drop vectors; an unknown id is ignored."""
        with self._changing():
            self._slots.remove(np.asarray(ids, dtype=np.int64))
            self._sweep()

    def search(
        self, queries: Vectors, k: int, allowed: Ids | None = None, kind: QueryKind = "text"
    ) -> tuple[Ids, Scores]:
        """Return the nearest vectors, both (q, k); id -1 and score -inf pad; raises ValueError."""
        queries = checked_queries(queries, k, self.width)
        with self._lock.reading():
            if allowed is None:
                found, scores = self._nearest(queries, k, kind)
            else:
                wanted = np.asarray(allowed, np.int64)
                found, scores = self._nearest_allowed(queries, k, wanted, kind)
            ids = np.where(found < 0, -1, self._slots.ids[found]) if found.size else found
        return padded(ids, scores, k)

    def exact(self, queries: Vectors, k: int) -> tuple[Ids, Scores]:
        """Search every row, as the reference that the ANN index is measured against."""
        queries = checked_queries(queries, k, self.width)
        with self._lock.reading():
            most = min(k, self._slots.live)
            if not most:
                return _nobody(queries, k)
            found, scores = self._slots.search(queries, most)
            return padded(np.where(found < 0, -1, self._slots.ids[found]), scores, k)

    def ids(self) -> Ids:
        """Return the stored ids, ascending."""
        with self._lock.reading():
            return self._slots.sorted_ids

    def rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return the ids of `ids` in the store, in the order given, and their vectors."""
        wanted = np.asarray(ids, dtype=np.int64)
        with self._lock.reading():
            found = self._slots.find(wanted)
            held = found >= 0
            return wanted[held], self._slots.vectors(found[held])

    def items(self) -> tuple[Ids, Vectors]:
        """Return all ids, ascending, and their vectors: (n,) and (n, width)."""
        with self._lock.reading():
            return self._slots.sorted_ids.copy(), self._slots.vectors(self._slots.order())

    def slot_vectors(self, generation: str, start: int, stop: int) -> Vectors | None:
        """Return the vectors of rows, dead ones too; None once the rows are renumbered."""
        with self._lock.reading():
            if generation != self._slots.generation:
                return None
            return self._slots.vectors(np.arange(start, min(stop, len(self._slots))))

    def stage(self, staged: Staged, generation: str) -> bool:
        """Activate an ANN index, level with the rows; return False if its rows differ."""
        first = staged.first
        with self._changing():
            if generation != self._slots.generation or len(first) > len(self._slots):
                return False
            missing = np.arange(len(first), len(self._slots))
            if len(missing) and not self._took_in(first, self._slots.vectors(missing)):
                return False
            self._staged = staged
            if first.on_gpu:
                self._gpu.release()
            return True

    def unstage(self) -> None:
        """Search exactly from now on."""
        with self._changing():
            self._staged = None

    def dump(self) -> Iterator[memoryview]:
        """Return the store in pieces of bytes; read them before the next write."""
        with self._lock.reading():
            return pack(self._slots.ids, list(self._slots.parts()), self._slots.generation)

    def load(self, payload: bytes | memoryview) -> None:
        """Load what `dump` wrote; raises IndexDamaged."""
        mapped = self._memory_bytes is not None and len(payload) > self._memory_bytes
        loaded = FloatRows.of(*unpack(payload, self.width), mapped=mapped)
        with self._changing():
            first = self._staged.first if self._staged else None
            same = loaded.generation == self._slots.generation
            if first is None or not same or len(first) != len(loaded):
                self._staged = None
            self._slots = loaded
            self._gpu.forget()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the write lock; rebuild the refiner on exit."""
        with self._lock.writing():
            try:
                yield
            finally:
                if self._staged is not None and len(self._staged.first) != len(self._slots):
                    self._staged = None  # the interrupted write left it behind the rows
                rows, staged = self._slots.index, self._staged
                self._chain = staged.first.chained(rows) if staged and rows is not None else None

    def _took_in(self, first: AnnIndex, vectors: Vectors) -> bool:
        """Add vectors to an ANN index; return whether it has room, as one on a GPU may not."""
        try:
            first.add(vectors)
        except FAILURES as failure:
            self._give_up(first, failure)
            return False
        return True

    def _give_up(self, first: AnnIndex, failure: Exception) -> None:
        """Drop an ANN index whose GPU failed; raise the failure of any other."""
        if not first.on_gpu:
            raise failure
        with self._giving_up:
            if not self._gave_up:
                logger.warning(
                    "%s on the GPU failed, search goes on without it: %s", first.name, failure
                )
            self._gave_up = True
            self._staged = None

    def _sweep(self) -> None:
        """Copy the live rows, once there are many dead ones; the ANN index is then dropped."""
        slots = self._slots
        if slots.dead > max(MIN_DEAD, MAX_DEAD * len(slots)):
            held = np.flatnonzero(slots.ids >= 0)
            self._slots = FloatRows.of(slots.ids[held], slots.rows(held), None, mapped=False)
            self._staged = None
            self._gpu.forget()

    def _nearest(self, queries: Vectors, k: int, kind: QueryKind) -> tuple[SlotNumbers, Scores]:
        most = min(k, self._slots.live)
        if not most or not len(queries):
            return _nobody(queries, most)
        staged = self._staged
        if staged is not None:
            depth = staged.plan.depth(kind)
            wanted = depth.candidates(most)
            if wanted <= min(MAX_CANDIDATES * len(self._slots), staged.first.most_candidates):
                answer = self._staged_best(staged.first, queries, most, wanted, depth.effort)
                if answer is not None and (answer[0] >= 0).all():
                    return answer
        from_gpu = self._gpu.best(self._slots, queries, most)
        return self._slots.search(queries, most) if from_gpu is None else from_gpu

    def _staged_best(
        self, first: AnnIndex, queries: Vectors, k: int, wanted: int, effort: int
    ) -> tuple[SlotNumbers, Scores] | None:
        """Return the best candidates, -1 pads where too many are dead; None without candidates."""
        if self._chain is not None and not self._slots.dead:
            return self._chain.best(queries, k, wanted, effort)
        candidates = self._candidates(first, queries, wanted, effort)
        return None if candidates is None else self._slots.best_of(queries, k, candidates)

    def _nearest_allowed(
        self, queries: Vectors, k: int, allowed: Ids, kind: QueryKind
    ) -> tuple[SlotNumbers, Scores]:
        staged = self._staged
        if staged is not None and len(queries) and len(allowed):
            answer = self._staged_allowed(staged, queries, min(k, self._slots.live), allowed, kind)
            if answer is not None:
                return answer
        if len(queries) and len(allowed) >= WIDE * self._slots.live:
            answer = self._wide(queries, min(k, self._slots.live), allowed)
            if answer is not None:
                return answer
        among = self._slots.find(allowed)
        among = among[among >= 0]
        most = min(k, len(among))
        if not most or not len(queries):
            return _nobody(queries, most)
        return self._slots.search(queries, most, among)

    def _staged_allowed(
        self, staged: Staged, queries: Vectors, k: int, allowed: Ids, kind: QueryKind
    ) -> tuple[SlotNumbers, Scores] | None:
        """Return the best allowed rows among deeper candidates; None where too few of them pass."""
        depth = staged.plan.depth(kind)
        wanted = depth.candidates(k)
        rows, passing = len(self._slots), len(allowed)
        deeper = round(SPARE * wanted * self._slots.live / passing)
        exactly_ns = min(GATHERED_NS * passing, SELECTED_NS * rows + SCORED_NS * passing)
        if deeper * staged.first.ns_per_candidate > exactly_ns:
            return None
        candidates = self._candidates(staged.first, queries, deeper, depth.effort)
        if candidates is None:
            return None
        slots = self._passing(candidates, allowed)
        if ((slots >= 0).sum(axis=1) < wanted).any():
            return None  # the allowed rows are elsewhere
        return self._slots.best_of(queries, k, slots)

    def _wide(self, queries: Vectors, k: int, allowed: Ids) -> tuple[SlotNumbers, Scores] | None:
        """Return the best allowed rows among the best of all; None where fewer than k of them pass.

        Exact: every row that is better than the last was considered.
        """
        deeper = min(round(2 * k * self._slots.live / len(allowed)) + 10, self._slots.live)
        if deeper > MAX_CANDIDATES * len(self._slots):
            return None
        found, scores = self._slots.search(queries, deeper)
        out = self._passing(found, allowed) < 0
        if (out.sum(axis=1) > deeper - k).any():
            return None
        order = np.argsort(out, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(found, order, 1), np.take_along_axis(scores, order, 1)

    def _passing(self, slots: SlotNumbers, allowed: Ids) -> SlotNumbers:
        """Return the rows whose ids are among `allowed`, ascending; -1 in place of the others."""
        ids = np.where(slots < 0, -1, self._slots.ids[slots])
        places = np.searchsorted(allowed, ids).clip(max=len(allowed) - 1)
        return np.where((allowed[places] == ids) & (ids >= 0), slots, -1)

    def _candidates(
        self, first: AnnIndex, queries: Vectors, depth: int, effort: int
    ) -> SlotNumbers | None:
        """Return about the best `depth` live rows; None where a GPU fails, or has no more."""
        # Dead rows are found too: on average as many more as their part of all rows.
        deeper = round(depth * len(self._slots) / self._slots.live)
        if deeper > first.most_candidates:
            return None
        try:
            return first.candidates(queries, deeper, effort)
        except FAILURES as failure:
            self._give_up(first, failure)
            return None


def _nobody(queries: Vectors, k: int) -> tuple[SlotNumbers, Scores]:
    nobody = np.full((len(queries), k), -1, np.int64)
    return nobody, nobody.astype(np.float32)


def _open_copy(width: int, device: Device) -> DeviceCopy | None:
    if device not in get_args(Device):
        raise BadSetting(
            "unknown-faiss-device",
            "unknown device {device!r}; choose 'auto', 'cpu' or 'cuda'",
            device=device,
        )
    if device == "cpu" or (device == "auto" and not gpu_count()):
        return None
    try:
        return open_device_copy(width)
    except FAILURES as failure:
        logger.warning("the GPU can't be used, the index is searched on the CPU: %s", failure)
        return None
