"""The contract of vector stores, for every backend, and FAISS's two halves."""

import logging
from collections.abc import Callable
from itertools import chain
from threading import Barrier, Event, Thread
from time import monotonic

import faiss
import numpy as np
import pytest

from search.errors import BadSetting, IndexDamaged
from search.packages.plugins import registered_points
from search.records import Collection, Ids, Scores, Space, Vectors
from search.stores import StoreBackend, StoreOptions, VectorStore
from search.stores.exact import ExactStore
from search.stores.faiss_store.gpu import DeviceCopy, gpu_count
from search.stores.faiss_store.rwlock import ReadersWriterLock
from search.stores.faiss_store.store import FaissStore
from search.stores.serialization import HEAD

WIDTH = 24
TIMEOUT_S = 60


def faiss_with_an_appending_copy(width: int) -> FaissStore:
    """Return the GPU's half of the store over an index that any machine has."""
    return FaissStore(width, DeviceCopy(faiss.IndexFlatIP(width)))


def opener(backend: type[StoreBackend]) -> Callable[[int], VectorStore]:
    """Return the function that opens a registered backend's store on the CPU."""

    def open_store(width: int) -> VectorStore:
        space = Space("a-space", "tiny", width)
        options = StoreOptions(backend.names[0], "cpu")
        return backend(options).open(Collection(1, "pictures", space), space, "pictures")

    return open_store


BACKENDS = [
    *(
        pytest.param(opener(each.load()), id=name)
        for name, each in registered_points("stores").items()
    ),
    pytest.param(ExactStore, id="exact"),
    pytest.param(faiss_with_an_appending_copy, id="faiss-copy"),
    pytest.param(lambda width: FaissStore(width, "cuda"), id="faiss-cuda", marks=pytest.mark.gpu),
]


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest) -> VectorStore:
    if request.node.get_closest_marker("gpu") and not gpu_count():
        pytest.skip("FAISS finds no GPU")
    opened: VectorStore = request.param(WIDTH)
    return opened


def unit_vectors(count: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def ids_of(*ids: int) -> Ids:
    return np.array(ids, dtype=np.int64)


def rounded(vectors: Vectors) -> Vectors:
    return vectors.astype(np.float16).astype(np.float32)


def assert_answers_as_worked_out(
    answer: tuple[Ids, Scores], held: dict[int, Vectors], queries: Vectors, k: int
) -> None:
    """Check that scores match their ids, no id repeats, and no better id is missing."""
    ids, scores = answer
    assert ids.shape == scores.shape == (len(queries), k)
    assert ids.dtype == np.int64 and scores.dtype == np.float32
    for query, found, cosines in zip(queries, ids, scores, strict=True):
        expected = {picture: float(query @ rounded(vector)) for picture, vector in held.items()}
        best = sorted(expected.values(), reverse=True)[:k]
        real = found[: len(best)].tolist()
        assert len(set(real)) == len(best) and set(real) <= set(expected)
        np.testing.assert_allclose(cosines[: len(best)], best, atol=1e-3)
        np.testing.assert_allclose(cosines[: len(best)], [expected[i] for i in real], atol=1e-3)
        assert (found[len(best) :] == -1).all() and np.isneginf(cosines[len(best) :]).all()


def test_an_empty_store_answers_with_padding(store: VectorStore) -> None:
    assert (len(store), store.width) == (0, WIDTH)
    ids, scores = store.search(unit_vectors(2), 3)
    assert (ids == -1).all() and np.isneginf(scores).all() and ids.shape == (2, 3)
    ids, _ = store.search(unit_vectors(2), 3, ids_of(1, 2))
    assert (ids == -1).all()
    if isinstance(store, FaissStore):
        ids, scores = store.exact(unit_vectors(2), 3)
        assert (ids == -1).all() and np.isneginf(scores).all() and scores.dtype == np.float32
    held, vectors = store.items()
    assert held.shape == (0,) and vectors.shape == (0, WIDTH)
    store.remove(ids_of(7))


def test_no_queries_get_no_answers(store: VectorStore) -> None:
    store.put(ids_of(1), unit_vectors(1))
    ids, scores = store.search(np.empty((0, WIDTH), np.float32), 4)
    assert ids.shape == scores.shape == (0, 4)


def test_what_was_put_is_found_first_by_itself(store: VectorStore) -> None:
    vectors = unit_vectors(50)
    store.put(np.arange(100, 150), vectors)
    ids, scores = store.search(vectors, 1)
    assert ids[:, 0].tolist() == list(range(100, 150))
    np.testing.assert_allclose(scores[:, 0], 1, atol=1e-3)


def test_putting_nothing_changes_nothing(store: VectorStore) -> None:
    store.put(ids_of(), np.empty((0, WIDTH), np.float32))
    assert len(store) == 0


def test_a_replaced_vector_leaves_no_second_row(store: VectorStore) -> None:
    old, new = unit_vectors(5), unit_vectors(3, seed=1)
    store.put(np.arange(5), old)
    store.search(old, 5)
    store.put(ids_of(4, 9, 0), new)
    assert len(store) == 6
    held = dict(enumerate(old)) | {4: new[0], 9: new[1], 0: new[2]}
    queries = np.concatenate([old, new])
    assert_answers_as_worked_out(store.search(queries, 8), held, queries, 8)


def test_a_removed_vector_leaves_no_ghost(store: VectorStore) -> None:
    vectors = unit_vectors(6)
    store.put(np.arange(6), vectors)
    store.search(vectors, 6)
    store.remove(ids_of(0, 5, 3, 0, 77, -4))
    held = {picture: vectors[picture] for picture in (1, 2, 4)}
    assert len(store) == 3
    assert_answers_as_worked_out(store.search(vectors, 6), held, vectors, 6)
    store.remove(np.arange(6))
    assert len(store) == 0 and (store.search(vectors, 2)[0] == -1).all()
    store.put(ids_of(3), vectors[3:4])
    assert store.search(vectors[3:4], 2)[0].tolist() == [[3, -1]]


def test_items_come_in_ascending_order_as_float16_holds_them(store: VectorStore) -> None:
    vectors = unit_vectors(4)
    store.put(ids_of(8, 2, 9, 5), vectors)
    store.remove(ids_of(2))
    ids, held = store.items()
    assert ids.tolist() == [5, 8, 9] and held.dtype == np.float32
    np.testing.assert_array_equal(held, rounded(vectors[[3, 0, 2]]))


@pytest.mark.slow
@pytest.mark.parametrize("queries_count", [1, 3, 40])
@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param([], id="none"),
        pytest.param([17], id="one"),
        pytest.param([-1, 4, 17, 2000], id="few, some unknown"),
        pytest.param([-1, 5000], id="only unknown"),
        pytest.param(list(range(3, 1900)), id="most"),
        pytest.param(list(range(2000)), id="all"),
    ],
)
def test_a_filter_keeps_only_what_it_allows(
    store: VectorStore, allowed: list[int], queries_count: int
) -> None:
    vectors = unit_vectors(2000)
    store.put(np.arange(2000), vectors)
    queries = unit_vectors(queries_count, seed=1)
    held = {picture: vectors[picture] for picture in allowed if 0 <= picture < 2000}
    answer = store.search(queries, 10, ids_of(*allowed))
    assert_answers_as_worked_out(answer, held, queries, 10)


@pytest.mark.slow
@pytest.mark.parametrize("queries_count", [1, 15, 16, 130])
@pytest.mark.parametrize("k", [1, 7, 5000])
def test_any_number_of_queries_and_any_k_are_answered(
    store: VectorStore, k: int, queries_count: int
) -> None:
    vectors = unit_vectors(30)
    store.put(np.arange(30), vectors)
    queries = unit_vectors(queries_count, seed=1)
    held = dict(enumerate(vectors))
    assert_answers_as_worked_out(store.search(queries, k), held, queries, k)


@pytest.mark.slow
def test_more_than_a_gpu_selects_at_once_is_answered(store: VectorStore) -> None:
    vectors = unit_vectors(6000)
    store.put(np.arange(6000), vectors)
    held = dict(enumerate(vectors))
    for queries in (vectors[:1], vectors[:16]):
        assert_answers_as_worked_out(store.search(queries, 2500), held, queries, 2500)


@pytest.mark.parametrize(
    ("ids", "vectors"),
    [
        pytest.param([1], np.ones((1, WIDTH + 1)), id="wrong width"),
        pytest.param([1, 2], np.ones((1, WIDTH)), id="fewer vectors than ids"),
        pytest.param([1], np.ones(WIDTH), id="no rows"),
        pytest.param([[1]], np.ones((1, WIDTH)), id="ids in rows"),
        pytest.param([1, 1], np.ones((2, WIDTH)), id="an id twice"),
        pytest.param([-1], np.ones((1, WIDTH)), id="a negative id"),
        pytest.param([1], np.full((1, WIDTH), np.nan), id="not a number"),
        pytest.param([1], np.full((1, WIDTH), 1e6), id="too large for float16"),
    ],
)
def test_a_bad_put_is_refused_and_changes_nothing(
    store: VectorStore, ids: list[int], vectors: Vectors
) -> None:
    with pytest.raises(ValueError):
        store.put(np.array(ids), vectors)
    assert len(store) == 0


def test_a_bad_search_is_refused(store: VectorStore) -> None:
    store.put(ids_of(1), unit_vectors(1))
    wrong_width = np.ones((1, WIDTH - 1), np.float32)
    for queries in (wrong_width, np.ones(WIDTH, np.float32), np.full((1, WIDTH), np.nan)):
        with pytest.raises(ValueError):
            store.search(queries, 1)
    with pytest.raises(ValueError):
        store.search(unit_vectors(1), 0)


def test_a_dump_brings_back_the_same_store(store: VectorStore) -> None:
    vectors = unit_vectors(20)
    store.put(np.arange(20), vectors)
    store.remove(ids_of(3))
    payload = b"".join(store.dump())
    before = store.items()
    store.put(np.arange(10, 40), unit_vectors(30, seed=1))
    store.search(vectors, 5)
    store.load(memoryview(b"-" + payload)[1:])  # the payload's address may be odd
    for found, expected in zip(store.items(), before, strict=True):
        np.testing.assert_array_equal(found, expected)
    held = {picture: vectors[picture] for picture in range(20) if picture != 3}
    assert_answers_as_worked_out(store.search(vectors, 20), held, vectors, 20)
    store.put(ids_of(3), vectors[3:4])
    assert len(store) == 20


def test_an_empty_dump_brings_back_an_empty_store(store: VectorStore) -> None:
    payload = b"".join(store.dump())
    store.put(ids_of(1), unit_vectors(1))
    store.load(payload)
    assert len(store) == 0 and (store.search(unit_vectors(1), 1)[0] == -1).all()


def test_a_damaged_dump_is_refused_and_changes_nothing(store: VectorStore) -> None:
    store.put(np.arange(3), unit_vectors(3))
    payload = b"".join(store.dump())
    ids_at = HEAD.size
    twice = payload[: ids_at + 8] + payload[ids_at : ids_at + 8] + payload[ids_at + 16 :]
    negative = payload[:ids_at] + b"\xfe" + b"\xff" * 7 + payload[ids_at + 8 :]
    other = ExactStore(WIDTH + 1)
    other.put(ids_of(1), np.ones((1, WIDTH + 1), np.float32))
    other_width = b"".join(other.dump())
    damaged = [b"", payload[:10], payload[:-1], payload + b"\0", b"?" * len(payload), payload[::-1]]
    for bad in chain(damaged, [twice, negative, other_width]):
        with pytest.raises(IndexDamaged):
            store.load(bad)
    assert store.items()[0].tolist() == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rankings_equal_those_worked_out_after_any_sequence_of_writes(
    store: VectorStore, seed: int
) -> None:
    random = np.random.default_rng(seed)
    held: dict[int, Vectors] = {}
    for step in range(60):
        ids = random.choice(200, random.integers(1, 40), replace=False)
        if random.random() < 0.6:
            vectors = unit_vectors(len(ids), seed=1000 * seed + step)
            store.put(ids, vectors)
            held |= dict(zip(ids.tolist(), vectors, strict=True))
        else:
            store.remove(ids)
            held = {picture: vector for picture, vector in held.items() if picture not in ids}
        assert len(store) == len(held)
        queries = unit_vectors(int(random.integers(1, 20)), seed=step)
        k = int(random.integers(1, 30))
        assert_answers_as_worked_out(store.search(queries, k), held, queries, k)
        allowed = np.unique(random.choice(220, random.integers(0, 100)))
        kept = {picture: held[picture] for picture in allowed.tolist() if picture in held}
        assert_answers_as_worked_out(store.search(queries, k, allowed), kept, queries, k)
    assert store.items()[0].tolist() == sorted(held)


def run_together(*works: Callable[[], None]) -> None:
    """Run each function in a thread of its own; raise the first failure."""
    failures: list[BaseException] = []

    def kept(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [Thread(target=kept, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert not any(thread.is_alive() for thread in threads), "the threads wait for each other"
    if failures:
        raise failures[0]


def test_searches_stay_right_while_another_thread_writes(store: VectorStore) -> None:
    # An id always has the same vector, so every answer can be checked by itself.
    vectors = unit_vectors(300)
    by_id = rounded(vectors)
    store.put(np.arange(100), vectors[:100])
    done = Event()

    def write() -> None:
        random = np.random.default_rng(5)
        try:
            for _ in range(150):
                put, gone = random.choice(np.arange(100, 300), (2, 20), replace=False)
                store.put(put, vectors[put])
                store.remove(gone)
        finally:
            done.set()

    def search() -> None:
        allowed = np.arange(50, 250)
        while not done.is_set():
            for permitted in (None, allowed):
                ids, scores = store.search(vectors[:4], 30, permitted)
                assert (ids >= 0).all() and (np.diff(scores, axis=1) <= 1e-6).all()
                assert all(len(set(row)) == 30 for row in ids.tolist())
                expected = np.einsum("qw,qkw->qk", vectors[:4], by_id[ids])
                np.testing.assert_allclose(scores, expected, atol=1e-3)
                if permitted is not None:
                    assert np.isin(ids, permitted).all()
            store.items()
            store.dump()

    run_together(write, search, search, search)


def test_a_writer_waits_for_readers_who_share() -> None:
    lock, order = ReadersWriterLock(), list[str]()
    reading, writer_comes = Barrier(3), Event()

    def reader() -> None:
        with lock.read_lock():
            reading.wait(TIMEOUT_S)  # all readers are active at once
            assert writer_comes.wait(TIMEOUT_S)
            order.append("reader")

    def writer() -> None:
        reading.wait(TIMEOUT_S)
        writer_comes.set()
        with lock.write_lock():
            order.append("writer")

    run_together(reader, reader, writer)
    assert order == ["reader", "reader", "writer"]


def test_a_reader_who_comes_after_a_waiting_writer_gets_in_after_it() -> None:
    lock, order, late_is_in = ReadersWriterLock(), list[str](), Event()

    def first_reader() -> None:
        with lock.read_lock():
            writing.start()
            deadline = monotonic() + TIMEOUT_S
            while not lock.writer_waits:
                assert monotonic() < deadline, "the writer never came"
            reading_late.start()
            assert not late_is_in.wait(0.2)

    def writer() -> None:
        with lock.write_lock():
            order.append("writer")

    def late_reader() -> None:
        with lock.read_lock():
            late_is_in.set()
            order.append("late reader")

    writing = Thread(target=writer, daemon=True)
    reading_late = Thread(target=late_reader, daemon=True)
    run_together(first_reader)
    for thread in (writing, reading_late):
        thread.join(TIMEOUT_S)
    assert order == ["writer", "late reader"]


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(BadSetting, match="'tpu'"):
        FaissStore(WIDTH, "tpu")  # type: ignore[arg-type]


@pytest.mark.skipif(gpu_count() > 0, reason="FAISS finds a GPU")
def test_cuda_without_a_gpu_is_refused_with_the_choices() -> None:
    with pytest.raises(BadSetting, match="choose 'cpu', or 'auto'"):
        FaissStore(WIDTH, "cuda")


def test_auto_takes_what_is_there() -> None:
    store = FaissStore(WIDTH)
    assert store.device == ("cuda" if gpu_count() else "cpu")


def test_a_copy_that_fails_is_given_up_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    # An untrained index raises RuntimeError on add, as a full GPU does.
    failing = faiss.IndexPQ(WIDTH, 4, 8, faiss.METRIC_INNER_PRODUCT)
    store = FaissStore(WIDTH, DeviceCopy(failing))
    vectors = unit_vectors(10)
    store.put(np.arange(10), vectors)
    held = dict(enumerate(vectors))
    devices = [store.device]
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert_answers_as_worked_out(store.search(vectors, 4), held, vectors, 4)
    assert [*devices, store.device] == ["cuda", "cpu"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_copy_gets_only_the_rows_that_were_appended() -> None:
    index = faiss.IndexFlatIP(WIDTH)
    store = FaissStore(WIDTH, DeviceCopy(index))
    vectors = unit_vectors(30)
    for start, on_copy in ((0, 10), (10, 20)):
        store.put(np.arange(start, start + 10), vectors[start : start + 10])
        store.search(vectors[:1], 1)
        assert index.ntotal == on_copy
    store.remove(ids_of(0))
    assert store.search(vectors[:1], 19)[0].min() == 1 and index.ntotal == 20
    assert (store.search(vectors[:1], 20)[0] == -1).sum() == 1


@pytest.mark.gpu
@pytest.mark.skipif(not gpu_count(), reason="FAISS finds no GPU")
def test_the_gpu_answers_as_the_reference_does_at_size() -> None:
    vectors = unit_vectors(50_000)
    store, reference = FaissStore(WIDTH, "cuda"), ExactStore(WIDTH)
    for each in (store, reference):
        each.put(np.arange(50_000), vectors)
        each.remove(np.arange(0, 50_000, 7))
    queries = unit_vectors(64, seed=1)
    np.testing.assert_allclose(
        store.search(queries, 100)[1], reference.search(queries, 100)[1], atol=1e-3
    )
    assert store.device == "cuda"
