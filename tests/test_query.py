"""Queries: refused ones, and one vector from several terms."""

import numpy as np
import pytest

from search.encoders.tiny import TinyEncoder
from search.errors import BadQuery
from search.query.checks import check
from search.query.records import ConceptTerm, IndexedTerm, PictureTerm, Query, Term, TextTerm
from search.query.syntax import split_weight
from search.ranking.embedding import embed_terms
from search.records import Pixels, Vectors

ENCODER = TinyEncoder()


def vector(*terms: Term) -> Vectors:
    def pixels(_: PictureTerm) -> Pixels:
        preparation = ENCODER.preparation
        shape = (preparation.height_px, preparation.width_px, 3)
        return np.full(shape, (255, 0, 0), dtype=np.uint8)

    def indexed(_: IndexedTerm | ConceptTerm) -> Vectors:
        [row] = ENCODER.encode_texts(["blue"])
        return np.asarray(row)

    return embed_terms(terms, ENCODER, pixels, indexed).vector


@pytest.mark.parametrize(
    ("text", "term", "weight"),
    [
        ("beach:0.5", "beach", 0.5),
        ("beach", "beach", 1.0),
        ("people:-1", "people", -1.0),
        ("C:/photos/me.jpg", "C:/photos/me.jpg", 1.0),
        ("a: b", "a: b", 1.0),
        (":0.5", ":0.5", 1.0),
    ],
)
def test_a_weight_is_a_number_after_the_last_colon(text: str, term: str, weight: float) -> None:
    assert split_weight(text) == (term, weight)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (Query(()), "the query is empty"),
        (Query((TextTerm(" \n\t "),)), "blank"),
        (Query((TextTerm("red " * 1001),)), "4,004 characters"),
        (Query((TextTerm("red"),) * 33), "33 terms"),
        (Query((TextTerm("red", 0.0),)), "weight is 0"),
        (Query((TextTerm("red", 101),)), "weight is 101; .* from -100 to 100"),
        (Query((TextTerm("red", float("nan")),)), "weight is nan"),
        (Query((TextTerm("red", float("inf")),)), "weight is inf"),
        (Query((TextTerm("red"),), k=0), "can't return 0"),
        (Query((TextTerm("red"),), k=1_000_000), "can't return 1000000"),
    ],
)
def test_a_query_without_an_answer_is_refused(query: Query, told: str) -> None:
    with pytest.raises(BadQuery, match=told):
        check(query)


def test_one_text_is_its_own_vector() -> None:
    np.testing.assert_allclose(
        vector(TextTerm("red wall", 3.0)), ENCODER.encode_texts(["red wall"]), atol=1e-6
    )


def test_terms_add_up_by_their_weights_in_any_order() -> None:
    red, green = ENCODER.encode_texts(["red", "green"])
    expected = 2 * red + 0.5 * green
    expected /= np.linalg.norm(expected)
    terms = (TextTerm("red", 2.0), TextTerm("green", 0.5))
    np.testing.assert_allclose(vector(*terms)[0], expected, atol=1e-6)
    np.testing.assert_allclose(vector(*terms[::-1])[0], expected, atol=1e-6)


def test_words_a_picture_and_an_indexed_picture_mix() -> None:
    mixed = vector(TextTerm("green"), PictureTerm(b""), IndexedTerm(1))
    assert mixed.shape == (1, ENCODER.space.width)
    assert mixed.dtype == np.float32
    assert np.linalg.norm(mixed) == pytest.approx(1.0, abs=1e-6)
    for word in ("green", "red", "blue"):
        assert float(mixed[0] @ ENCODER.encode_texts([word])[0]) > 0.3


def test_terms_that_cancel_out_are_refused() -> None:
    with pytest.raises(BadQuery, match="cancel out"):
        vector(TextTerm("red"), TextTerm("red", -1.0))
