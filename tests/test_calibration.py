"""Background of a collection: its measurement depends on the collection's content alone."""

import numpy as np
import pytest

from search.encoders.tiny import WIDTH, TinyEncoder
from search.ranking.calibration import SAMPLE, fit
from search.records import Ids, Vectors
from search.stores.exact import ExactStore

PICTURES = 3 * SAMPLE


def stored(ids: Ids, rows: Vectors) -> ExactStore:
    store = ExactStore(WIDTH)
    store.put(ids, rows)
    return store


def test_chance_hangs_on_no_order_of_indexing() -> None:
    draw = np.random.default_rng(3)
    rows = draw.standard_normal((PICTURES, WIDTH)).astype(np.float32)
    rows[: PICTURES // 2, 0] += 4  # the first half differs from the second
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ids = np.arange(1, PICTURES + 1)
    encode = TinyEncoder().encode_texts
    one = fit([stored(ids, rows)], [], encode)
    other = fit([stored(draw.permutation(ids), rows)], [], encode)
    assert len(one.pictures) == len(other.pictures) == SAMPLE
    assert one.text_picture.mean == pytest.approx(other.text_picture.mean, abs=1e-6)
    assert one.text_picture.deviation == pytest.approx(other.text_picture.deviation, abs=1e-6)
    halves = np.mean(one.pictures[:, 0] > 0.2)
    assert 0.4 < halves < 0.6, "both halves are in the sample as they are in the collection"
