"""ANN indexes: their candidates, no removed rows after any write, and the planner's choices."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import BadSetting, IndexDamaged
from search.records import Vectors
from search.settings import Settings, memory_size
from search.stores import VectorStore
from search.stores.exact import ExactStore
from search.stores.faiss_store.ann import AnnIndex, PlannedAnn
from search.stores.faiss_store.ann_cpu import CpuAnnName, load_ann
from search.stores.faiss_store.ann_file import read_ann, read_plan, write_ann
from search.stores.faiss_store.ann_training import one_thread, train
from search.stores.faiss_store.float16 import to_float32
from search.stores.faiss_store.locality import Clusters
from search.stores.faiss_store.store import FaissStore
from search.stores.index_file import IndexHeader, read_index, write_index
from search.stores.planner.cpu import IndexPlanner
from search.stores.planner.plan import Depth, IndexOptions, IndexPlan
from search.stores.planner.thresholds import exact_plan, wants_plan
from tests.small_vectors import PICTURES, ROWS, TEXTS, WIDTH, like_photographs, meanwhile, recall

NAMES: tuple[CpuAnnName, ...] = ("scan", "ivf", "hnsw")
HEADER = IndexHeader("0" * 32, 1, "a space", WIDTH, 0, 0, "FaissStore of pictures")


@pytest.fixture(autouse=True, scope="module")
def alone() -> Iterator[None]:
    """Run FAISS on one thread: rows this few gain nothing from several."""
    with one_thread():
        yield


@cache
def taught(name: CpuAnnName) -> bytes:
    """Return a trained ANN index without rows."""
    return train(name, PICTURES, (PICTURES[:1000], TEXTS), WIDTH, ROWS).dump()


def staged_store(name: CpuAnnName, memory_bytes: int | None = None) -> FaissStore:
    """Return an empty store with a trained ANN index, which gets the stored rows."""
    store = FaissStore(WIDTH, "cpu", memory_bytes)
    first = load_ann(taught(name))
    depth = Depth(128, 120, 300)
    assert store.activate(
        PlannedAnn(first, IndexPlan(name, ROWS, text=depth, picture=depth)), store.generation
    )
    return store


@pytest.fixture(params=NAMES)
def staged(request: pytest.FixtureRequest) -> FaissStore:
    store = staged_store(request.param)
    store.put(np.arange(ROWS), PICTURES)
    assert store.ann is not None and len(store.ann.index) == ROWS
    return store


def test_every_half_is_widened_to_the_bit() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    np.testing.assert_array_equal(to_float32(finite), finite.astype(np.float32))


@pytest.mark.slow
def test_a_first_pass_finds_nearly_all(staged: FaissStore) -> None:
    assert recall(staged, TEXTS[:100], np.arange(ROWS)) >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.05, 0.005, 0.0005])
def test_filters_of_any_width_keep_the_recall(staged: FaissStore, share: float) -> None:
    allowed = np.flatnonzero(np.random.default_rng(3).random(ROWS) < share)
    assert recall(staged, TEXTS[:50], np.arange(ROWS), allowed) >= 0.99


def test_a_filter_that_keeps_only_what_lies_far_away_keeps_the_recall(staged: FaissStore) -> None:
    far = np.sort(np.argsort(PICTURES @ TEXTS[0])[: ROWS // 2])
    assert recall(staged, TEXTS[:1], np.arange(ROWS), far) >= 0.99


@pytest.mark.slow
def test_what_is_removed_or_replaced_is_never_found(staged: FaissStore) -> None:
    gone = np.arange(0, ROWS, 9)
    staged.remove(gone)
    assert staged.ann is not None, "a few removals cost no first pass"
    held = np.setdiff1d(np.arange(ROWS), gone)
    assert recall(staged, TEXTS[:50], held) >= 0.99
    staged.put(gone, PICTURES[gone])
    staged.put(np.arange(20), PICTURES[:20])
    assert len(staged) == ROWS
    assert recall(staged, TEXTS[:50], np.arange(ROWS)) >= 0.99


@pytest.mark.slow
def test_many_removals_leave_a_store_that_answers_exactly(staged: FaissStore) -> None:
    staged.remove(np.arange(ROWS // 2))
    assert staged.ann is None, "its slots are numbered anew"
    assert recall(staged, TEXTS[:50], np.arange(ROWS // 2, ROWS)) == 1


@pytest.mark.slow
def test_all_that_lies_close_to_a_query_may_be_removed(staged: FaissStore) -> None:
    near = np.argsort(-(PICTURES @ TEXTS[0]))[:900]
    staged.remove(near)
    held = np.setdiff1d(np.arange(ROWS), near)
    assert recall(staged, TEXTS[:1], held) >= 0.99


@pytest.mark.slow
def test_a_first_pass_survives_its_bytes(staged: FaissStore) -> None:
    assert staged.ann is not None
    again = load_ann(staged.ann.index.dump())
    assert again.name == staged.ann.plan.store and len(again) == ROWS
    staged.activate(PlannedAnn(again, staged.ann.plan), staged.generation)
    assert recall(staged, TEXTS[:50], np.arange(ROWS)) >= 0.99
    with pytest.raises(IndexDamaged):
        load_ann(again.dump()[:200])
    with pytest.raises(IndexDamaged, match="another version"):
        load_ann(b"\xcb\x00\x00\x00" + again.dump())


@pytest.mark.slow
def test_rows_of_a_graph_keep_their_slots_wherever_they_lie() -> None:
    late = np.sort(np.random.default_rng(5).permutation(ROWS)[:300]).astype(np.int32)
    early = np.setdiff1d(np.arange(ROWS, dtype=np.int32), late)
    first = train("hnsw", PICTURES, (PICTURES[:1000], TEXTS), WIDTH, ROWS)
    first.add(PICTURES[early], early)
    first.arrange(
        Clusters(first.reduction.vectors(PICTURES)).of(first.reduction.vectors(PICTURES[early]))
    )
    assert not np.isin(first.candidates(PICTURES[late], 50, 128), late).any()
    first.add(PICTURES[late], late)
    asked = PICTURES[[7, 70, 700]]
    first.add(asked)
    for each in (first, load_ann(first.dump())):
        found = each.candidates(PICTURES, 10, 64)
        assert np.mean([slot in row for slot, row in enumerate(found)]) >= 0.99
        found = each.candidates(asked, 50, 128)
        for slot, added, row in zip((7, 70, 700), range(ROWS, ROWS + 3), found, strict=True):
            assert slot in row and added in row


@pytest.mark.slow
def test_a_first_pass_of_other_rows_is_refused(staged: FaissStore) -> None:
    other = FaissStore(WIDTH, "cpu")
    assert staged.ann is not None
    assert not other.activate(staged.ann, staged.generation)
    other.load(b"".join(staged.dump()))
    assert other.activate(staged.ann, staged.generation)


def test_a_first_pass_that_lags_takes_in_what_came_since() -> None:
    store = staged_store("scan")
    assert store.ann is not None
    lagging = store.ann
    store.deactivate()
    store.put(np.arange(ROWS), PICTURES)
    assert store.activate(lagging, store.generation) and len(lagging.index) == ROWS
    assert recall(store, TEXTS[:50], np.arange(ROWS)) >= 0.99


def test_rows_that_exceed_the_memory_stay_in_their_file(tmp_path: Path) -> None:
    full = FaissStore(WIDTH, "cpu")
    full.put(np.arange(ROWS), PICTURES)
    write_index(tmp_path / "a.index", HEADER, full.dump())
    store = FaissStore(WIDTH, "cpu", memory_bytes=100_000)
    found = read_index(tmp_path / "a.index")
    assert found is not None
    store.load(found[1])
    assert store.in_memory_bytes < 100_000 < full.in_memory_bytes
    assert recall(store, TEXTS[:50], np.arange(ROWS)) == 1
    store.remove(np.arange(100))
    store.put(np.arange(50), PICTURES[:50])
    held = np.setdiff1d(np.arange(ROWS), np.arange(50, 100))
    for queries in (TEXTS[:3], TEXTS[:40]):
        assert recall(store, queries, held) == 1
        assert recall(store, queries, held, np.arange(20, 3000)) == 1


# -- any sequence of writes, restarts and damages equals NumPy's result

STORES: dict[str, Callable[[], VectorStore]] = {
    "exact": lambda: ExactStore(WIDTH),
    "faiss": lambda: FaissStore(WIDTH, "cpu"),
    "mapped": lambda: FaissStore(WIDTH, "cpu", memory_bytes=1),
    "scan": lambda: staged_store("scan"),
    "ivf": lambda: staged_store("ivf"),
    "hnsw": lambda: staged_store("hnsw", memory_bytes=1),
}
ids = st.lists(st.integers(0, 60), max_size=40, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), ids),
        st.tuples(st.just("remove"), ids),
        st.tuples(st.sampled_from(["save", "crash", "cut", "garble"]), st.integers(0, 5_000)),
    ),
    max_size=15,
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", STORES)
@given(steps=steps)
@settings(max_examples=25, deadline=None)
def test_any_sequence_of_writes_crashes_and_damages_equals_numpy(
    kind: str, steps: list[tuple[str, list[int] | int]]
) -> None:
    store = STORES[kind]()
    held: dict[int, Vectors] = {}
    saved: dict[int, Vectors] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.index"
        for number, (what, with_what) in enumerate(steps):
            if isinstance(with_what, list) and what == "put":
                vectors = like_photographs(len(with_what), seed=number)
                store.put(np.array(with_what, np.int64), vectors)
                held |= dict(zip(with_what, vectors, strict=True))
            elif isinstance(with_what, list):
                store.remove(np.array(with_what, np.int64))
                held = {each: row for each, row in held.items() if each not in with_what}
            elif what == "save":
                write_index(file, HEADER, store.dump())
                saved = dict(held)
            else:
                store, held = _opened_again(kind, file, what, with_what, held, saved)
            _assert_equals(store, held)


def _opened_again(
    kind: str,
    file: Path,
    damage: str,
    place: int,
    held: dict[int, Vectors],
    saved: dict[int, Vectors],
) -> tuple[VectorStore, dict[int, Vectors]]:
    """Return a store opened from the file as it is; a damaged file is refused and rebuilt."""
    whole = file.read_bytes() if file.exists() else b""
    if whole and damage == "cut":
        file.write_bytes(whole[: place % len(whole)])
    elif whole and damage == "garble":
        place %= len(whole)
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
    store = STORES[kind]()
    try:
        found = read_index(file)
        assert found is None or damage == "crash"
        if found is not None:
            store.load(found[1])
            return store, dict(saved)
        return store, {}
    except IndexDamaged:
        assert damage != "crash"
        file.unlink()
        if held:
            store.put(np.array(list(held), np.int64), np.array(list(held.values())))
        return store, held


def _assert_equals(store: VectorStore, held: dict[int, Vectors]) -> None:
    known = np.array(sorted(held), np.int64)
    np.testing.assert_array_equal(store.ids(), known)
    found, scores = store.search(TEXTS[:3], 5)
    if not held:
        assert (found == -1).all()
        return
    rows = np.array([held[each] for each in known.tolist()]).astype(np.float16).astype(np.float32)
    cosines = -np.sort(-(TEXTS[:3] @ rows.T), axis=1)[:, :5]
    np.testing.assert_allclose(scores[:, : len(known)], cosines, atol=1e-3)
    assert np.isin(found[:, : len(known)], known).all()
    np.testing.assert_array_equal(store.rows(known)[1], rows)


# -- the planner


def filled() -> FaissStore:
    store = FaissStore(WIDTH, "cpu")
    store.put(np.arange(ROWS), PICTURES)
    return store


@pytest.mark.slow
@pytest.mark.parametrize("name", ["auto", *NAMES])
def test_what_the_planner_builds_reaches_its_target(name: str) -> None:
    store, told = filled(), list[str]()
    plan = IndexPlanner(store, TEXTS, IndexOptions(name), told.append).run()
    assert plan is not None and plan.target >= 0.99 and plan.text and plan.picture
    assert store.ann is not None and store.ann.plan == plan and told
    assert name in ("auto", plan.store)
    assert recall(store, TEXTS[400:500], np.arange(ROWS)) >= 0.985
    assert any("400 captions" in reason for reason in plan.reasons)
    assert IndexPlan.from_json(plan.as_json()).text == plan.text


class Uncached(IndexPlanner):
    """A planner that lays a graph out as if caches were empty."""

    cache_bytes = 0


@pytest.mark.slow
def test_a_graph_that_was_laid_out_for_the_caches_grows_and_forgets() -> None:
    store = filled()
    plan = Uncached(store, TEXTS, IndexOptions("hnsw"), lambda _: None).run()
    assert plan is not None and plan.store == "hnsw" and plan.target >= 0.99
    assert recall(store, TEXTS[400:500], np.arange(ROWS)) >= 0.985
    gone = np.arange(0, ROWS, 9)
    store.remove(gone)
    store.put(gone, PICTURES[gone])
    assert store.ann is not None and len(store.ann.index) == ROWS + len(gone)
    assert recall(store, TEXTS[400:500], np.arange(ROWS)) >= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_store_that_grows_while_it_is_planned_is_planned(name: str) -> None:
    store = FaissStore(WIDTH, "cpu")
    store.put(np.arange(ROWS - 500), PICTURES[:-500])
    say = meanwhile(name, partial(store.put, np.arange(ROWS - 500, ROWS), PICTURES[-500:]))
    plan = IndexPlanner(store, TEXTS, IndexOptions(name), say).run()
    assert plan is not None and plan.store == name and plan.target >= 0.99
    assert store.ann is not None and len(store.ann.index) == ROWS
    assert recall(store, TEXTS[400:500], np.arange(ROWS)) >= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_rows_that_are_numbered_anew_while_they_are_planned_are_planned_later(name: str) -> None:
    store = filled()
    say = meanwhile(name, partial(store.remove, np.arange(ROWS // 2)))
    assert IndexPlanner(store, TEXTS, IndexOptions(name), say).run() is None
    assert store.ann is None
    assert recall(store, TEXTS[:50], np.arange(ROWS // 2, ROWS)) == 1


class Broken:
    """An ANN index without memory for more rows."""

    def __init__(self, first: AnnIndex) -> None:
        self._first = first

    def __len__(self) -> int:
        return len(self._first)

    def __getattr__(self, name: str) -> object:
        if name == "add":
            raise MemoryError
        return getattr(self._first, name)


def test_a_first_pass_that_could_not_grow_is_not_asked_again(staged: FaissStore) -> None:
    assert staged.ann is not None
    broken = PlannedAnn(Broken(staged.ann.index), staged.ann.plan)  # type: ignore[arg-type]
    assert staged.activate(broken, staged.generation)
    with pytest.raises(MemoryError):
        staged.put(np.arange(10), PICTURES[:10])
    assert staged.ann is None
    assert recall(staged, TEXTS[:50], np.arange(ROWS)) == 1


def test_what_a_wish_left_exact_is_planned_anew_without_it() -> None:
    failed = IndexPlan("exact", 10**6, wished="ivf")
    assert failed.suits(IndexOptions("ivf"), "cpu") and not failed.suits(IndexOptions(), "cpu")
    assert IndexPlan("exact", 10**6).suits(IndexOptions(), "cpu")
    assert not IndexPlan("scan", 10**6).suits(IndexOptions(), "cuda")


@pytest.mark.slow
def test_without_captions_the_planner_says_what_stood_for_texts() -> None:
    plan = IndexPlanner(filled(), TEXTS[:0], IndexOptions("scan"), lambda _: None).run()
    assert plan is not None and plan.text and plan.picture
    assert any("too few captions" in reason for reason in plan.reasons)
    assert plan.text.of_10 >= 3 * 10


@pytest.mark.slow
def test_what_exceeds_the_memory_is_not_built() -> None:
    store = filled()
    plan = IndexPlanner(
        store, TEXTS, IndexOptions("auto", memory_bytes=ROWS * 20), lambda _: None
    ).run()
    assert plan is not None and plan.store == "exact" and store.ann is None
    assert any("scan would take" in reason for reason in plan.reasons)


def test_a_plan_is_wanted_by_size_and_by_what_was_asked() -> None:
    auto = IndexOptions()
    assert not wants_plan(20_000, 512, None, auto)
    assert wants_plan(100_000, 512, None, auto)
    known = IndexPlan("scan", 100_000)
    assert not wants_plan(150_000, 512, known, auto)
    assert wants_plan(250_000, 512, known, auto)
    assert wants_plan(150_000, 512, known, IndexOptions("hnsw"))
    assert not wants_plan(10**6, 512, None, IndexOptions("exact"))
    assert not wants_plan(500, 512, None, IndexOptions("hnsw"))
    assert "about a millisecond" in exact_plan(500, 512, auto).reasons[0]
    assert "limn plan" in exact_plan(10**6, 512, auto).reasons[0]


@pytest.mark.slow
def test_a_plan_and_its_first_pass_survive_their_file(staged: FaissStore, tmp_path: Path) -> None:
    assert staged.ann is not None
    path, plan = tmp_path / "a.first", replace(staged.ann.plan, reasons=("so",))
    write_ann(path, HEADER, plan, staged.ann, staged.generation)
    read = read_plan(path)
    assert read is not None and read.reasons == ("so",)
    found = read_ann(path)
    assert found is not None and found[1] == staged.generation and found[3] is not None
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert read_plan(path) is None
    with pytest.raises(IndexDamaged):
        read_ann(path)


# -- settings


@pytest.mark.parametrize(
    ("text", "size"), [("512M", 512 << 20), ("2G", 2 << 30), ("1.5g", 3 << 29), ("", None)]
)
def test_memory_is_read_as_people_write_it(text: str, size: int | None) -> None:
    assert memory_size("--memory", text) == size
    assert Settings.from_environment({"LIMN_MEMORY": text}).memory_bytes == size


def test_unknown_stores_and_sizes_are_refused_with_the_choices() -> None:
    for environment in ({"LIMN_STORE": "annoy"}, {"LIMN_MEMORY": "much"}, {"LIMN_MEMORY": "0"}):
        with pytest.raises(BadSetting, match=r"it may be"):
            Settings.from_environment(environment)
    with pytest.raises(BadSetting, match="choose"):
        IndexOptions("annoy")
