"""Background of a collection: its measurement depends on the collection's content alone."""

import numpy as np
import pytest

from search.catalog.caption_ids import PLACE_BITS
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


def test_stock_texts_take_the_place_of_captions_where_they_are_asked_for() -> None:
    draw = np.random.default_rng(4)
    rows = draw.standard_normal((120, WIDTH)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ids, encode = np.arange(1, 61), TinyEncoder().encode_texts
    pictures, captions = stored(ids, rows[:60]), stored(ids << PLACE_BITS, rows[60:])
    stock = fit([pictures], [], encode).text_picture
    assert fit([pictures], [captions], encode, stock_texts=True).text_picture == stock
    assert fit([pictures], [captions], encode).text_picture != stock


def test_few_pictures_are_measured_among_themselves_for_a_picture_query() -> None:
    draw = np.random.default_rng(4)
    rows = (draw.standard_normal((30, WIDTH)) / 8 + 2).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    background = fit([stored(np.arange(1, 31), rows)], [], TinyEncoder().encode_texts)
    query = rows[:1]
    assert background.of_picture(query, "picture").mean > 0.9 > background.of_picture(query).mean
    alone = fit([stored(np.arange(1, 2), query)], [], TinyEncoder().encode_texts)
    assert 0.2 < alone.of_picture(query, "picture").mean < 0.4
