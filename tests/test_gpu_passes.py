"""First passes on a GPU, by FAISS's CPU indexes in place of its GPU ones: the same calls."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import faiss
import numpy as np
import pytest

from search.records import Vectors
from search.stores import planner_gpu
from search.stores.faiss_gpu import DeviceCopy, gpu_count
from search.stores.faiss_store import FaissStore, Staged
from search.stores.firstpass import one_thread
from search.stores.firstpass_gpu import GpuPass, missing
from search.stores.plan import Depth, Plan, Wishes
from search.stores.planner import Planner, exact_plan, wants_plan
from search.stores.planner_gpu import GpuPlanner, planner_of
from tests.small_vectors import PICTURES, ROWS, TEXTS, WIDTH, like_photographs, recall

ALL = np.arange(ROWS)
DEPTH = Depth(32, 60, 200)


@pytest.fixture(autouse=True, scope="module")
def alone() -> Iterator[None]:
    """FAISS on one thread: what is this small is not worth sharing out."""
    with one_thread():
        yield


def lists(rows: int, sample: Vectors) -> GpuPass:
    """Lists of float16 rows, as on a GPU."""
    flat = faiss.IndexFlatIP(WIDTH)
    fp16, product = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(flat, WIDTH, 64, fp16, product, False)
    index.train(sample)
    return GpuPass("ivf", index)


def half_a_graph(rows: int, sample: Vectors) -> GpuPass:
    """What can't grow, over the first half of the rows, and a tail for all others."""
    made = lists(rows, sample)
    made.add(PICTURES[: ROWS // 2])
    return GpuPass("ivf", made._index, faiss.IndexFlatIP(WIDTH))


def on_gpu() -> FaissStore:
    """A store whose rows are copied to what stands for a GPU."""
    store = FaissStore(WIDTH, DeviceCopy(faiss.IndexFlatIP(WIDTH)))
    store.put(ALL, PICTURES)
    return store


def staged(store: FaissStore, first: GpuPass) -> FaissStore:
    plan = Plan(first.name, ROWS, text=DEPTH, picture=DEPTH, device="cuda")
    assert store.stage(Staged(first, plan), store.generation)
    return store


@pytest.fixture(params=[lists, half_a_graph])
def store(request: pytest.FixtureRequest) -> FaissStore:
    made: Callable[[int, Vectors], GpuPass] = request.param
    return staged(on_gpu(), made(ROWS, PICTURES))


def test_it_finds_nearly_all_and_no_ghost(store: FaissStore) -> None:
    assert store.staged is not None and len(store.staged.first) == ROWS
    assert recall(store, TEXTS[:100], ALL) >= 0.99
    gone = np.arange(0, ROWS, 9)
    store.remove(gone)
    assert recall(store, TEXTS[:100], np.setdiff1d(ALL, gone)) >= 0.99
    store.put(gone, PICTURES[gone])
    assert recall(store, TEXTS[:100], ALL) >= 0.99


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005])
def test_filters_are_looked_at_outside_of_it(store: FaissStore, share: float) -> None:
    allowed = np.flatnonzero(np.random.default_rng(3).random(ROWS) < share)
    assert recall(store, TEXTS[:50], ALL, allowed) >= 0.99


def test_more_than_it_proposes_is_answered_exactly(store: FaissStore) -> None:
    found, _ = store.search(TEXTS[:2], 3_000)
    best = np.argsort(-(TEXTS[:2] @ PICTURES.T), axis=1)[:, :3_000]
    assert np.mean([np.isin(*each).mean() for each in zip(best, found, strict=True)]) > 0.999


def test_many_at_once_get_each_their_own(store: FaissStore) -> None:
    asked = [TEXTS[start : start + 1 + start % 3] for start in range(0, 300, 3)]
    alone = [store.search(each, 5 + place % 7) for place, each in enumerate(asked)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(store.search, asked, [5 + place % 7 for place in range(100)]))
    for (ids, scores), (ids_again, scores_again) in zip(alone, together, strict=True):
        # Joined with one that goes deeper, a search finds as much or more.
        assert ids.shape == ids_again.shape and (scores_again >= scores - 1e-3).all()


class Failing:
    """An index that can't be asked, or can't grow, any more."""

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
    store = staged(on_gpu(), GpuPass("ivf", Failing(made._index, fails)))
    with caplog.at_level(logging.WARNING):
        store.put(np.array([ROWS]), PICTURES[:1])
        for _ in range(3):
            assert store.search(TEXTS[:5], 10)[0].min() >= 0
    assert store.staged is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "out of memory" in caplog.text


@pytest.fixture
def planned_on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner_gpu, "open_gpu_ivf", lists)
    monkeypatch.setattr(planner_gpu, "missing", lambda name: "" if name == "ivf" else "no cagra")


def plan_of(store: FaissStore, wish: str = "auto") -> Plan:
    plan = planner_of(store)(store, TEXTS, Wishes(wish), lambda _: None).run()
    assert plan is not None and plan.device == "cuda"
    return plan


@pytest.mark.usefixtures("planned_on_cpu")
def test_what_is_asked_for_is_built_and_measured() -> None:
    store = on_gpu()
    plan = plan_of(store, "ivf")
    assert plan.store == "ivf" and plan.target >= 0.99 and set(plan.measured) == {"exact", "ivf"}
    assert store.staged is not None and store.staged.plan == plan
    assert recall(store, TEXTS[200:300], ALL) >= 0.985


@pytest.mark.usefixtures("planned_on_cpu")
def test_the_quickest_is_kept_and_exact_search_is_one_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for exact_us, chosen in ((0.001, "exact"), (1e9, "ivf")):
        monkeypatch.setattr(planner_gpu, "median_us", lambda *_, us=exact_us: us)
        store = on_gpu()
        plan = plan_of(store)
        assert plan.store == chosen and (store.staged is not None) == (chosen == "ivf")
        assert "no cagra" in plan.reasons


def test_a_gpu_that_is_full_leaves_exact_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(rows: int, sample: Vectors) -> GpuPass:
        raise MemoryError("no room for 20 GB")

    monkeypatch.setattr(planner_gpu, "open_gpu_ivf", full)
    store = on_gpu()
    plan = plan_of(store, "ivf")
    assert plan.store == "exact" and store.staged is None
    assert any("no room for 20 GB" in reason for reason in plan.reasons)


def test_what_is_for_the_other_device_says_so() -> None:
    assert any("for CPUs" in reason for reason in plan_of(on_gpu(), "hnsw").reasons)
    store = FaissStore(WIDTH, "cpu")
    store.put(ALL, PICTURES)
    plan = planner_of(store)(store, TEXTS, Wishes("cagra"), lambda _: None).run()
    assert plan is not None and plan.store == "exact"
    assert any("for GPUs" in reason for reason in plan.reasons)
    assert not wants_plan(ROWS, WIDTH, plan, Wishes("cagra")), "asked for once, and not again"


def test_a_gpu_wants_a_plan_later_and_its_own() -> None:
    assert planner_of(on_gpu()) is GpuPlanner and planner_of(FaissStore(4, "cpu")) is Planner
    assert not wants_plan(10**6, 512, None, Wishes(), "cuda")
    assert wants_plan(2 * 10**7, 512, None, Wishes(), "cuda")
    assert wants_plan(2 * 10**7, 512, Plan("hnsw", 2 * 10**7), Wishes(), "cuda")
    assert "by the GPU" in exact_plan(10**6, 512, Wishes(), "cuda").reasons[0]
    plan = replace(Plan("cagra", 10), device="cuda", wished="cagra")
    assert Plan.from_json(plan.as_json()) == plan


@pytest.mark.gpu
@pytest.mark.skipif(not gpu_count(), reason="FAISS finds no GPU")
@pytest.mark.parametrize("name", ["ivf", "cagra"])
def test_a_real_gpu_plans_grows_forgets_and_filters(name: str) -> None:
    if missing(name):  # type: ignore[arg-type]
        pytest.skip(missing(name))  # type: ignore[arg-type]
    store = FaissStore(WIDTH, "cuda")
    store.put(ALL, PICTURES)
    plan = plan_of(store, name)
    assert plan.store == name and store.staged is not None
    store.remove(ALL[::9])
    store.put(ALL[::9], PICTURES[::9])
    assert len(store.staged.first) > ROWS
    assert recall(store, TEXTS[200:300], ALL) >= 0.985
    for share in (0.5, 0.05, 0.005):
        allowed = np.flatnonzero(np.random.default_rng(3).random(ROWS) < share)
        assert recall(store, TEXTS[200:300], ALL, allowed) >= 0.985
    assert store.device == "cuda" and store.staged is not None


@pytest.mark.gpu
@pytest.mark.skipif(not gpu_count(), reason="FAISS finds no GPU")
def test_a_filter_never_reaches_an_index_that_may_drop_it() -> None:
    store = FaissStore(WIDTH, "cuda")
    store.put(ALL, PICTURES)
    few = np.flatnonzero(np.random.default_rng(3).random(ROWS) < 0.3)
    assert recall(store, like_photographs(64, seed=7), ALL, few) == 1
