"""Retrieval metrics against rankings worked out by hand."""

import numpy as np
import pytest

from indexer.evaluation.metrics import (
    average_precision,
    intervals,
    picture_ranks,
    precision_at,
    summary,
    text_ranks,
)

# Three pictures (columns) and four texts (rows); the last two texts are of picture 2.
SIMILARITIES = np.array(
    [
        [0.9, 0.1, 0.2],  # text of picture 0: its picture is first
        [0.8, 0.3, 0.5],  # text of picture 1: 0.8 and 0.5 exceed 0.3, so third
        [0.7, 0.2, 0.6],  # text of picture 2: 0.7 exceeds 0.6, so second
        [0.1, 0.4, 0.3],  # text of picture 2: 0.4 exceeds 0.3, so second
    ],
    np.float32,
)
OWNERS = np.array([0, 1, 2, 2])


def test_text_ranks_are_those_worked_by_hand() -> None:
    assert text_ranks(SIMILARITIES, OWNERS).tolist() == [1, 3, 2, 2]


def test_picture_ranks_take_the_best_own_text_among_all_texts() -> None:
    # Picture 0: 0.9 is the best of its column. Picture 1: 0.4 exceeds its 0.3. Picture 2: its best
    # own text, 0.6, is the best of its column.
    assert picture_ranks(SIMILARITIES, OWNERS).tolist() == [1, 2, 1]


def test_summary_is_that_worked_by_hand() -> None:
    found = summary(text_ranks(SIMILARITIES, OWNERS))
    assert found["recall@1"] == 0.25
    assert found["recall@5"] == found["recall@10"] == 1.0
    assert found["median_rank"] == 2.0
    assert found["mrr"] == pytest.approx((1 + 1 / 3 + 1 / 2 + 1 / 2) / 4)


def test_ties_share_the_mean_of_their_places() -> None:
    flat = np.zeros((3, 3), np.float32)
    assert text_ranks(flat, np.arange(3)).tolist() == [2, 2, 2]
    assert picture_ranks(flat, np.arange(3)).tolist() == [2, 2, 2]


def test_an_encoder_that_says_nothing_does_not_score() -> None:
    ranks = text_ranks(np.zeros((50, 50), np.float32), np.arange(50))
    assert summary(ranks)["recall@10"] == 0.0


def test_a_picture_without_a_text_is_never_found() -> None:
    ranks = picture_ranks(SIMILARITIES, np.array([0, 0, 2, 2]))
    assert ranks[1] == np.inf
    assert summary(ranks)["recall@10"] == pytest.approx(2 / 3)


def test_intervals_hold_the_figure_and_resample_whole_pictures() -> None:
    ranks = np.array([1.0, 20.0] * 100)
    alone = intervals(ranks, np.arange(200), draws=200)["recall@1"]
    together = intervals(ranks, np.repeat(np.arange(100), 2), draws=200)["recall@1"]
    assert alone.low < alone.value == 0.5 < alone.high
    # Every picture has one hit and one miss: resampling whole pictures changes nothing.
    assert together.low == together.value == together.high == 0.5


def test_intervals_are_the_same_each_time() -> None:
    ranks = np.arange(1.0, 60.0)
    assert intervals(ranks, np.arange(59), draws=50) == intervals(ranks, np.arange(59), draws=50)


def test_no_ranks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no ranks"):
        summary(np.array([]))


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_precision_is_that_worked_by_hand() -> None:
    right = np.array([True, False, True, False])
    # In order, right ones are at places 1 and 3: (1/1 + 2/3) / 2.
    assert average_precision(scores(0.9, 0.8, 0.7, 0.6), right) == pytest.approx(5 / 6)
    assert precision_at(2, scores(0.9, 0.8, 0.7, 0.6), right) == 0.5
    assert precision_at(10, scores(0.9, 0.8, 0.7, 0.6), right) == 0.2
    # The last two change places half of the time: (1 + 2/3) / 2 and (1 + 2/4) / 2.
    assert average_precision(scores(0.9, 0.8, 0.7, 0.7), right) == pytest.approx(
        (5 / 6 + 3 / 4) / 2
    )
    assert precision_at(3, scores(0.9, 0.8, 0.7, 0.7), right) == pytest.approx(1.5 / 3)
    assert average_precision(scores(np.nan, 0.8, 0.7, 0.6), right) == pytest.approx(
        (1 / 2 + 2 / 4) / 2
    )


def test_ties_are_the_mean_of_all_their_orders() -> None:
    right = np.array([True, True, False, False, False])
    draw = np.random.default_rng(0)
    orders = [scores(*draw.permutation(5)) for _ in range(4_000)]
    chance = average_precision(np.zeros(5, np.float32), right)
    assert chance == pytest.approx(np.mean([average_precision(o, right) for o in orders]), abs=0.02)
    assert precision_at(2, np.zeros(5, np.float32), right) == pytest.approx(0.4)
