"""FAISS on a GPU: detection, memory and failures, and the copy of a store's rows."""

import logging
from typing import Any, get_args

import faiss as faiss_module
import numpy as np

from search.batching import Batcher
from search.errors import BadSetting
from search.records import Device, Scores, Vectors
from search.stores.faiss_store.row_ids import RowNumbers
from search.stores.faiss_store.rows import FloatRows

# A build without GPU code lacks half of these names.
faiss: Any = faiss_module

logger = logging.getLogger(__name__)

FAILURES = (RuntimeError, MemoryError)
"""The errors of FAISS for a GPU that has no room or can't be used; an error of CUDA itself ends
the process."""

MAX_K = 2048
"""The most neighbours that FAISS selects on a GPU (its GPU_MAX_SELECTION_K)."""

# FAISS reserves 1.5 GiB of GPU memory for each StandardGpuResources by default, and each open
# collection has one. A flat search cuts its work into tiles that fit.
TEMPORARY_BYTES = 256 << 20

# Rows are sent as float32, the only type that add() takes: 256 MB of them at once.
CHUNK_FLOATS = 64 << 20


class DeviceCopy:
    """A copy of the rows on a GPU, in an index that can only grow and be emptied.

    GpuIndexFlat has neither remove_ids nor add_with_ids: rows are only appended, and new ones
    follow before the next search. One caller at a time, reads included: `SharedCopy`
    joins callers. Any failure is one of `FAILURES`; the copy can't be used after one.
    """

    def __init__(self, index: Any) -> None:
        self._index = index
        self._stale = False

    def forget(self) -> None:
        """Copy all rows before the next search, because their numbers have changed."""
        self._stale = True

    def release(self) -> None:
        """Free the GPU's memory until the next search, which copies the rows again."""
        self._index.reset()

    def search(self, rows: FloatRows, queries: Vectors, k: int) -> tuple[RowNumbers, Scores]:
        """Return the best rows, dead rows among them: (q, k), row -1 pads."""
        self._catch_up(rows)
        scores, places = self._index.search(queries, min(k, len(rows)))
        return places, scores

    def _catch_up(self, rows: FloatRows) -> None:
        if self._stale:
            self._index.reset()
            self._stale = False
        chunk_rows = max(1, CHUNK_FLOATS // rows.width)
        for start in range(self._index.ntotal, len(rows), chunk_rows):
            chunk = np.arange(start, min(start + chunk_rows, len(rows)))
            self._index.add(rows.vectors(chunk))


Answer = tuple[RowNumbers, Scores]


class SharedCopy:
    """A GPU copy that answers concurrent searches in one call, and is dropped if the GPU fails."""

    def __init__(self, copy: DeviceCopy | None) -> None:
        self._copy = copy
        self._batcher = Batcher(self._answer)

    @property
    def works(self) -> bool:
        """Return whether a copy exists on a GPU that has not failed."""
        return self._copy is not None

    def best(self, rows: FloatRows, queries: Vectors, k: int) -> Answer | None:
        """Return the best live rows: (q, k); None where the GPU can't answer.

        The rows must not change meanwhile.
        """
        if self._copy is None or k + rows.ids.dead > MAX_K:
            return None
        return self._batcher.ask((rows, queries, k))

    def forget(self) -> None:
        """Drop the copy of the rows, whose numbers have changed; no search may be running."""
        if self._copy is not None:
            self._copy.forget()

    def release(self) -> None:
        """Free the GPU's memory until the next search; none may be running."""
        if self._copy is not None:
            self._copy.release()

    def _answer(self, requests: list[tuple[FloatRows, Vectors, int]]) -> list[Answer | None]:
        if self._copy is None:  # another search has given it up meanwhile
            return [None] * len(requests)
        rows = requests[0][0]
        try:
            most = max(k for _, _, k in requests) + rows.ids.dead
            queries = np.concatenate([each for _, each, _ in requests])
            places, scores = self._copy.search(rows, queries, most)
        except FAILURES as failure:
            self._copy = None
            logger.warning("the GPU failed, the index goes on with the CPU: %s", failure)
            return [None] * len(requests)
        answers: list[Answer | None] = []
        for _, vectors, k in requests:
            mine, places = places[: len(vectors)], places[len(vectors) :]
            cosines, scores = scores[: len(vectors)], scores[len(vectors) :]
            dead = (mine < 0) | (rows.ids.by_row[mine] < 0)
            order = np.argsort(dead, axis=1, kind="stable")[:, :k]
            answers.append(
                (np.take_along_axis(mine, order, 1), np.take_along_axis(cosines, order, 1))
            )
        return answers


def gpu_count() -> int:
    """Return the number of GPUs that FAISS can use; 0 in a build without GPU code."""
    return int(faiss.get_num_gpus()) if hasattr(faiss, "GpuIndexFlatIP") else 0


def open_copy(width: int, device: Device) -> DeviceCopy | None:
    """Return an empty copy on the first GPU; None where the CPU alone searches.

    Raises:
        BadSetting: not a device, or "cuda" without a GPU that FAISS can use.
    """
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


def open_device_copy(width: int) -> DeviceCopy:
    """Return an empty float16 copy on the first GPU.

    Raises:
        BadSetting: there is no GPU that FAISS can use.
        RuntimeError, MemoryError: the GPU has no room or does not answer.
    """
    if not gpu_count():
        raise BadSetting(
            "cuda-missing-faiss",
            "device 'cuda' was asked for, but FAISS finds no CUDA GPU on this machine; "
            "choose 'cpu', or 'auto' to take a GPU only where there is one",
        )
    return DeviceCopy(flat_index(width))


def flat_index(width: int) -> Any:
    """Return an empty index of float16 rows on the first GPU; raise RuntimeError or MemoryError."""
    config = on_first(faiss.GpuIndexFlatConfig())
    config.useFloat16 = True
    return faiss.GpuIndexFlatIP(resources(), width, config)


def resources() -> Any:
    """Return GPU resources for one index, which shares their ownership and lifetime."""
    gpu_resources = faiss.StandardGpuResources()
    gpu_resources.setTempMemory(TEMPORARY_BYTES)
    return gpu_resources


def on_first(config: Any) -> Any:
    """Return a configuration of an index, set to the first GPU."""
    config.device = 0
    return config
