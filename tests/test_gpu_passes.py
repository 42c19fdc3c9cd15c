"""ANN indexes on a GPU, with FAISS's CPU indexes in place of its GPU ones: the same calls."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from search.records import Vectors
from search.stores.faiss_store.ann import PlannedAnn
from search.stores.faiss_store.ann_gpu import GpuAnn, missing
from search.stores.faiss_store.ann_training import one_thread
from search.stores.faiss_store.gpu import DeviceCopy, gpu_count
from search.stores.faiss_store.store import FaissStore
from search.stores.planner.cpu import IndexPlanner
from search.stores.planner.gpu import GpuPlanner, planner_of
from search.stores.planner.plan import Depth, IndexOptions, IndexPlan
from search.stores.planner.thresholds import exact_plan, wants_plan
from search.stores.validation import Rows16
from tests.small_vectors import PICTURES, ROWS, TEXTS, WIDTH, like_photographs, meanwhile, recall

pytestmark = pytest.mark.slow

ALL = np.arange(ROWS)
DEPTH = Depth(32, 60, 200)


@pytest.fixture(autouse=True, scope="module")
def alone() -> Iterator[None]:
    """Run FAISS on one thread: rows this few gain nothing from several."""
    with one_thread():
        yield


def lists(rows: int, sample: Vectors) -> GpuAnn:
    """Return lists of float16 rows, as on a GPU."""
    flat = faiss.IndexFlatIP(WIDTH)
    fp16, product = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(flat, WIDTH, 64, fp16, product, False)
    index.train(sample)
    return GpuAnn("ivf", index)


def half_a_graph(rows: int, sample: Vectors) -> GpuAnn:
    """Return an index that can't grow, over half of the rows, with a tail for the others."""
    made = lists(rows, sample)
    order = np.random.default_rng(4).permutation(ROWS).astype(np.int32)
    made.add(PICTURES[order[: ROWS // 2]])
    graph = GpuAnn("ivf", made._index, faiss.IndexFlatIP(WIDTH), order[: ROWS // 2])
    graph.add(PICTURES[order[ROWS // 2 :]], order[ROWS // 2 :])
    return graph


def on_gpu(copy: faiss.Index | None = None) -> FaissStore:
    """Return a store whose rows are copied to the stand-in for a GPU."""
    store = FaissStore(WIDTH, DeviceCopy(copy or faiss.IndexFlatIP(WIDTH)))
    store.put(ALL, PICTURES)
    return store


def staged(store: FaissStore, first: GpuAnn) -> FaissStore:
    plan = IndexPlan(first.name, ROWS, text=DEPTH, picture=DEPTH, device="cuda")
    assert store.activate(PlannedAnn(first, plan), store.generation)
    return store


@pytest.fixture(params=[lists, half_a_graph])
def both(request: pytest.FixtureRequest) -> tuple[FaissStore, faiss.Index]:
    """Return a store and its copy of rows, which is empty while the ANN index answers."""
    made: Callable[[int, Vectors], GpuAnn] = request.param
    copy = faiss.IndexFlatIP(WIDTH)
    return staged(on_gpu(copy), made(ROWS, PICTURES)), copy


def test_it_finds_nearly_all_and_no_ghost(both: tuple[FaissStore, faiss.Index]) -> None:
    store, copy = both
    assert store.ann is not None and len(store.ann.index) == ROWS
    assert recall(store, TEXTS[:100], ALL) >= 0.99
    gone = np.arange(0, ROWS, 9)
    store.remove(gone)
    assert recall(store, TEXTS[:100], np.setdiff1d(ALL, gone)) >= 0.99
    store.put(gone, PICTURES[gone])
    assert recall(store, TEXTS[:100], ALL) >= 0.99
    assert copy.ntotal == 0, "nothing was answered by all rows"


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005])
def test_filters_are_looked_at_outside_of_it(
    both: tuple[FaissStore, faiss.Index], share: float
) -> None:
    allowed = np.flatnonzero(np.random.default_rng(3).random(ROWS) < share)
    assert recall(both[0], TEXTS[:50], ALL, allowed) >= 0.99


def test_more_than_it_proposes_is_answered_exactly(both: tuple[FaissStore, faiss.Index]) -> None:
    store, copy = both
    found, _ = store.search(TEXTS[:2], 2_000)
    best = np.argsort(-(TEXTS[:2] @ PICTURES.T), axis=1)[:, :2_000]
    assert np.mean([np.isin(*each).mean() for each in zip(best, found, strict=True)]) > 0.999
    assert copy.ntotal == ROWS


def test_those_who_come_while_it_works_are_answered_together() -> None:
    made = lists(ROWS, PICTURES)
    made.add(PICTURES)
    slow = Slow(made._index)
    store = staged(on_gpu(), GpuAnn("ivf", slow))
    asked = [TEXTS[start : start + 1 + start % 3] for start in range(0, 60, 3)]
    alone = [store.search(each, 5 + place % 7) for place, each in enumerate(asked)]
    slow.opened.clear()
    calls = slow.calls
    with ThreadPoolExecutor(len(asked)) as pool:
        coming = [pool.submit(store.search, each, 5 + i % 7) for i, each in enumerate(asked)]
        ends = time.monotonic() + 60
        while store.ann.index._batcher.queue_length < len(asked) - 1:  # type: ignore[union-attr]
            assert time.monotonic() < ends
        slow.opened.set()
        together = [each.result() for each in coming]
    assert slow.calls == calls + 2
    for (ids, scores), (ids_again, scores_again) in zip(alone, together, strict=True):
        # Joined with a deeper search, a search finds as much or more.
        assert ids.shape == ids_again.shape and (scores_again >= scores - 1e-3).all()


class Slow:
    """An index that answers when the test allows."""

    def __init__(self, index: Any) -> None:
        self._index, self.calls = index, 0
        self.opened = Event()
        self.opened.set()

    def search(self, *asked: Any, **parameters: Any) -> Any:
        self.calls += 1
        assert self.opened.wait(60)
        return self._index.search(*asked, **parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


class Failing:
    """An index whose searches or additions fail from now on."""

    def __init__(self, index: Any, fails: str) -> None:
        self._index, self._fails = index, fails

    def __getattr__(self, name: str) -> Any:
        if name == self._fails:
            raise RuntimeError("CUDA error 2 out of memory")
        return getattr(self._index, name)


@pytest.mark.parametrize("fails", ["search", "add"])
def test_one_that_fails_is_given_up_with_one_warning(
    fails: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = lists(ROWS, PICTURES)
    made.add(PICTURES)
    store = staged(on_gpu(), GpuAnn("ivf", Failing(made._index, fails)))
    with caplog.at_level(logging.WARNING):
        store.put(np.array([ROWS]), PICTURES[:1])
        for _ in range(3):
            assert store.search(TEXTS[:5], 10)[0].min() >= 0
    assert store.ann is None and store.gave_up
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "out of memory" in caplog.text


class OnCpu(GpuPlanner):
    """A builder of the GPU's indexes on a CPU, with exact search reported as slow or instant."""

    open_ivf = staticmethod(lists)
    exact_us = 1e9

    def _exact_us(self) -> float:
        return self.exact_us


class AtOnce(OnCpu):
    exact_us = 0.001


class Full(OnCpu):
    @staticmethod
    def open_ivf(rows: int, sample: Vectors) -> GpuAnn:
        raise MemoryError("no room for 20 GB")


def plan_of(store: FaissStore, wish: str, planner: type[IndexPlanner]) -> IndexPlan:
    plan = planner(store, TEXTS, IndexOptions(wish), lambda _: None).run()
    assert plan is not None and plan.device == "cuda"
    return plan


def test_what_is_asked_for_is_built_and_measured() -> None:
    store = on_gpu()
    plan = plan_of(store, "ivf", AtOnce)
    assert plan.store == "ivf" and plan.target >= 0.99 and set(plan.measured) == {"exact", "ivf"}
    assert store.ann is not None and store.ann.plan == plan
    assert recall(store, TEXTS[200:300], ALL) >= 0.985


@pytest.mark.skipif(not missing("cagra"), reason="this FAISS has CAGRA")
@pytest.mark.parametrize(("planner", "chosen"), [(AtOnce, "exact"), (OnCpu, "ivf")])
def test_the_quickest_is_kept_and_exact_search_is_one_of_them(
    planner: type[IndexPlanner], chosen: str
) -> None:
    store = on_gpu()
    plan = plan_of(store, "auto", planner)
    assert plan.store == chosen and (store.ann is not None) == (chosen == "ivf")
    assert any("faiss-gpu-cuvs" in reason for reason in plan.reasons)


def test_a_gpu_that_is_full_leaves_exact_search() -> None:
    store = on_gpu()
    plan = plan_of(store, "ivf", Full)
    assert plan.store == "exact" and store.ann is None
    assert any("no room for 20 GB" in reason for reason in plan.reasons)


@pytest.mark.parametrize("wish", ["ivf", "cagra"])
def test_rows_that_are_numbered_anew_while_they_are_planned_are_planned_later(wish: str) -> None:
    store = on_gpu()
    say = meanwhile(wish, partial(store.remove, np.arange(ROWS // 2)))
    assert Built(store, TEXTS, IndexOptions(wish), say).run() is None
    assert store.ann is None and not store.gave_up
    assert recall(store, TEXTS[:50], np.arange(ROWS // 2, ROWS)) >= 0.999


def test_a_graph_that_main_memory_can_t_build_is_refused() -> None:
    options = IndexOptions("cagra", memory_bytes=1_000)
    plan = Built(on_gpu(), TEXTS, options, lambda _: None).run()
    assert plan is not None and any("to build, and 0 may be" in each for each in plan.reasons)


class Graph:
    """A stand-in for CAGRA's graph: the same query type, and at most its queue's length."""

    def __init__(self, rows: Rows16) -> None:
        self._index = faiss.IndexFlatIP(WIDTH)
        self._index.add(rows.astype(np.float32))
        self.ntotal = self._index.ntotal

    def search(self, queries: Vectors, k: int, params: Any, numeric_type: int) -> Any:
        assert numeric_type == faiss.Float16 and k <= params == 512
        return self._index.search(queries, k)


class GraphPass(GpuAnn):
    def _parameters(self, depth: int, effort: int) -> Any:
        return 512


class Built(OnCpu):
    missing = staticmethod(lambda name: "")

    @staticmethod
    def open_cagra(vectors: Rows16, rows: NDArray[np.int32]) -> GpuAnn:
        return GraphPass("cagra", Graph(vectors), faiss.IndexFlatIP(WIDTH), rows)


def test_a_graph_is_built_without_the_pictures_it_is_measured_with_and_gets_them() -> None:
    store = on_gpu()
    plan = plan_of(store, "cagra", Built)
    assert plan.store == "cagra" and plan.target >= 0.99 and plan.picture is not None
    assert store.ann is not None and len(store.ann.index) == ROWS
    assert recall(store, PICTURES[::7], ALL) >= 0.985
    store.remove(ALL[::9])
    store.put(ALL[::9], PICTURES[::9])
    assert recall(store, PICTURES[::7], ALL) >= 0.985


def test_a_graph_that_finds_too_little_is_not_said_to_find_all() -> None:
    class Mistaken(Built):
        @staticmethod
        def open_cagra(vectors: Rows16, rows: NDArray[np.int32]) -> GpuAnn:
            return GraphPass("cagra", Graph(vectors[::-1]), faiss.IndexFlatIP(WIDTH), rows)

    plan = plan_of(on_gpu(), "cagra", Mistaken)
    assert plan.store == "exact"


def test_a_gpu_that_has_no_room_to_grow_leaves_exact_search() -> None:
    class Growing(OnCpu):
        @staticmethod
        def open_ivf(rows: int, sample: Vectors) -> GpuAnn:
            made = lists(rows, sample)
            made.add(PICTURES)
            return GpuAnn("ivf", NoMore(made._index, "add"))

    class NoMore(Failing):
        """An index with the planner's rows, which fails at further ones."""

        def __getattr__(self, name: str) -> Any:
            if name == "add" and not grown:
                return lambda _: None
            return super().__getattr__(name)

    grown: list[str] = []
    store = on_gpu()

    def say(told: str) -> None:
        if told.startswith(f"ivf: {ROWS:,}"):
            grown.append(told)
            store.put(np.array([ROWS]), PICTURES[:1])

    plan = Growing(store, TEXTS, IndexOptions("ivf"), say).run()
    assert plan is not None and plan.store == "exact" and "no room to grow" in plan.reasons[-1]
    assert store.gave_up and store.ann is None
    assert store.search(TEXTS[:5], 10)[0].min() >= 0


def test_a_store_that_has_no_gpu_says_so_once() -> None:
    store = FaissStore(WIDTH, "cpu")
    store.put(ALL, PICTURES)
    options = IndexOptions("cagra")
    plan = planner_of(store, options)(store, TEXTS, options, lambda _: None).run()
    assert plan is not None and plan.store == "exact"
    assert any("for GPUs" in reason for reason in plan.reasons)
    assert not wants_plan(ROWS, WIDTH, plan, options) and plan.suits(options, "cpu")


def test_a_gpu_wants_a_plan_later_and_its_own() -> None:
    assert planner_of(on_gpu(), IndexOptions()) is GpuPlanner
    assert planner_of(FaissStore(4, "cpu"), IndexOptions()) is IndexPlanner
    assert planner_of(on_gpu(), IndexOptions("hnsw")) is IndexPlanner, (
        "a CPU's, where it is asked for"
    )
    assert not wants_plan(10**6, 512, None, IndexOptions(), "cuda")
    assert wants_plan(2 * 10**7, 512, None, IndexOptions(), "cuda")
    assert wants_plan(2 * 10**7, 512, IndexPlan("hnsw", 2 * 10**7), IndexOptions(), "cuda")
    assert "by the GPU" in exact_plan(10**6, 512, IndexOptions(), "cuda").reasons[0]
    plan = replace(IndexPlan("cagra", 10), device="cuda", wished="cagra")
    assert IndexPlan.from_json(plan.as_json()) == plan


@pytest.mark.gpu
@pytest.mark.skipif(not gpu_count(), reason="FAISS finds no GPU")
@pytest.mark.parametrize("name", ["ivf", "cagra"])
def test_a_real_gpu_plans_grows_forgets_and_filters(name: str) -> None:
    if missing(name):  # type: ignore[arg-type]
        pytest.skip(missing(name))  # type: ignore[arg-type]
    store = FaissStore(WIDTH, "cuda")
    store.put(ALL, PICTURES)
    plan = plan_of(store, name, GpuPlanner)
    assert plan.store == name and store.ann is not None
    store.remove(ALL[::9])
    store.put(ALL[::9], PICTURES[::9])
    assert len(store.ann.index) > ROWS
    assert recall(store, TEXTS[200:300], ALL) >= 0.985
    for share in (0.5, 0.05, 0.005):
        allowed = np.flatnonzero(np.random.default_rng(3).random(ROWS) < share)
        assert recall(store, TEXTS[200:300], ALL, allowed) >= 0.985
    assert store.device == "cuda" and store.ann is not None


@pytest.mark.gpu
@pytest.mark.skipif(not gpu_count(), reason="FAISS finds no GPU")
def test_a_filter_never_reaches_an_index_that_may_drop_it() -> None:
    store = FaissStore(WIDTH, "cuda")
    store.put(ALL, PICTURES)
    few = np.flatnonzero(np.random.default_rng(3).random(ROWS) < 0.3)
    assert recall(store, like_photographs(64, seed=7), ALL, few) == 1
