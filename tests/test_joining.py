"""Batching of concurrent calls, each with its own answer."""

from collections.abc import Sequence
from threading import Event, Thread

import numpy as np

from search.batching import Batcher
from search.encoders.batching import CACHE_SIZE, BatchingEncoder
from search.encoders.tiny import TinyEncoder
from search.records import Vectors

TIMEOUT_S = 60


class Squares:
    """A batch function that can be blocked, and records its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go_on = Event(), Event()

    def __call__(self, asked: list[int]) -> list[int]:
        self.batches.append(asked)
        self.begun.set()
        assert self.go_on.wait(TIMEOUT_S)
        if 13 in asked:
            raise ValueError("13 is not squared")
        return [each * each for each in asked]


def asked_while_busy(work: Squares, joining: Batcher[int, int], numbers: list[int]) -> list[object]:
    """Call with the first number, and with the rest during its call; return answers and errors."""
    answers: list[object] = [None] * len(numbers)

    def ask(place: int) -> None:
        try:
            answers[place] = joining.ask(numbers[place])
        except ValueError as error:
            answers[place] = str(error)

    threads = [Thread(target=ask, args=(place,), daemon=True) for place in range(len(numbers))]
    threads[0].start()
    assert work.begun.wait(TIMEOUT_S)
    for thread in threads[1:]:
        thread.start()
    while joining.queue_length < len(numbers) - 1:
        pass
    work.go_on.set()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def test_who_comes_alone_is_answered_alone() -> None:
    work = Squares()
    work.go_on.set()
    joining = Batcher(work)
    assert [joining.ask(3), joining.ask(4)] == [9, 16] and work.batches == [[3], [4]]


def test_those_who_come_while_one_works_share_the_next_call() -> None:
    work = Squares()
    joining = Batcher(work)
    assert asked_while_busy(work, joining, [1, 2, 3, 4, 5]) == [1, 4, 9, 16, 25]
    assert work.batches[0] == [1] and sorted(work.batches[1]) == [2, 3, 4, 5]


def test_a_call_takes_no_more_than_it_may() -> None:
    work = Squares()
    joining = Batcher(work, most=2)
    assert asked_while_busy(work, joining, [1, 2, 3, 4, 5]) == [1, 4, 9, 16, 25]
    assert max(map(len, work.batches)) == 2


def test_an_error_reaches_those_it_concerns_and_nobody_else() -> None:
    work = Squares()
    joining = Batcher(work, most=1)
    answers = asked_while_busy(work, joining, [1, 13, 3])
    assert answers == [1, "13 is not squared", 9]
    assert joining.ask(5) == 25


def test_texts_that_are_joined_have_the_vectors_they_have_alone() -> None:
    plain = TinyEncoder()
    joined = BatchingEncoder(plain)
    words = [f"red and word {number}" for number in range(24)]
    found: list[object] = [None] * len(words)

    def ask(place: int) -> None:
        found[place] = joined.encode_texts([words[place]])

    threads = [Thread(target=ask, args=(place,), daemon=True) for place in range(len(words))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    np.testing.assert_allclose(np.concatenate(found), plain.encode_texts(words), atol=1e-6)  # type: ignore[arg-type]
    assert joined.encode_texts([]).shape == (0, 64) and joined.space == plain.space


class Counting(TinyEncoder):
    """A tiny encoder that records every text."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().encode_texts(texts)


def test_a_text_that_is_asked_again_is_not_embedded_again() -> None:
    plain, counting = TinyEncoder(), Counting()
    joined = BatchingEncoder(counting)
    first = joined.encode_texts(["a red wall", "snow"])
    first[:] = 0  # the caller may overwrite its own copy
    again = joined.encode_texts(["snow", "a dog", "snow"])
    assert counting.texts == ["a red wall", "snow", "a dog"]
    np.testing.assert_array_equal(again, plain.encode_texts(["snow", "a dog", "snow"]))


def test_no_more_texts_are_kept_than_there_may_be() -> None:
    counting = Counting()
    joined = BatchingEncoder(counting)
    for number in range(CACHE_SIZE + 1):
        joined.encode_texts([f"word {number}"])
        joined.encode_texts(["word 0"])  # a recently used text stays cached
    joined.encode_texts(["word 0", f"word {CACHE_SIZE}"])
    assert len(counting.texts) == CACHE_SIZE + 1
    joined.encode_texts(["word 1"])
    assert len(counting.texts) == CACHE_SIZE + 2
