"""How high cosines stand in a collection by chance: fitted on its own pictures and captions.

Texts lie nearer to texts than to pictures, and every encoder has its own scale. What a cosine says
is how far above the cosines of unrelated pairs it stands, in their standard deviations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.catalog.caption_ids import owners
from search.records import Ids, Scores, Vectors
from search.stores import VectorStore

# 512 captions against 512 pictures give 262,000 pairs: the mean and the deviation of the dev
# photographs came out the same to two digits from ten samples of that size.
SAMPLE = 512

# Of so many, evenly spaced, the sample is taken: all of them are read.
CANDIDATES = 8_192

# Fewer captions than this are too like each other to stand for what people ask.
LEAST_CAPTIONS = 40

# For collections too small to say anything: those of the built-in pair on Flickr8k.
USUAL_MEAN, USUAL_DEVIATION = 0.06, 0.15
LEAST_PAIRS = 200

# Queries of a collection without captions, as people ask them; none is about the same thing.
STOCK_TEXTS = (
    "a dog runs on the beach",
    "a woman with an umbrella",
    "a city street at night",
    "a plate of food on a table",
    "mountains behind a lake",
    "children play football",
    "a red car",
    "a document with text",
    "a cat sleeps on a sofa",
    "people at a wedding",
    "an old church",
    "flowers in a garden",
    "a man rides a bicycle",
    "an aeroplane in the sky",
    "a computer on a desk",
    "snow on the trees",
    "a crowd at a concert",
    "a bird on a branch",
    "the portrait of a man",
    "boats in a harbour",
    "a map",
    "a baby laughs",
    "a horse jumps over a fence",
    "a train at the station",
)


@dataclass(frozen=True, slots=True)
class Chance:
    """Mean and standard deviation of the cosines of unrelated pairs."""

    mean: float = USUAL_MEAN
    deviation: float = USUAL_DEVIATION

    def above(self, cosines: Scores) -> Scores:
        """How many deviations above chance cosines stand."""
        return (cosines - np.float32(self.mean)) / np.float32(self.deviation)


@dataclass(frozen=True, slots=True)
class Background:
    """Vectors drawn from a collection, and what a text's cosines with them are by chance."""

    pictures: Vectors
    captions: Vectors
    text_picture: Chance
    text_caption: Chance

    def of_picture(self, query: Vectors) -> Chance:
        """Chance for one query (1, width) of whatever kind against pictures."""
        return _chance(query @ self.pictures.T)

    def of_caption(self, query: Vectors) -> Chance:
        """Chance for one query (1, width) of whatever kind against captions."""
        return _chance(query @ self.captions.T)


def fit(
    pictures: Sequence[VectorStore],
    captions: Sequence[VectorStore],
    encode_texts: Callable[[Sequence[str]], Vectors],
) -> Background:
    """Draw pictures and captions from the stores, and measure the unrelated pairs among them.

    The captions stand for what people ask; where there are too few, a stock of texts does.
    """
    picture_ids, picture_rows = _drawn(pictures)
    caption_ids, caption_rows = _drawn(captions)
    of = owners(caption_ids)
    if len(caption_ids) >= LEAST_CAPTIONS:
        text_picture = _chance((caption_rows @ picture_rows.T)[of[:, None] != picture_ids])
    else:
        text_picture = _chance(encode_texts(STOCK_TEXTS) @ picture_rows.T)
    text_caption = _chance((caption_rows @ caption_rows.T)[of[:, None] != of])
    return Background(picture_rows, caption_rows, text_picture, text_caption)


def _chance(cosines: NDArray[np.float32]) -> Chance:
    if cosines.size < LEAST_PAIRS:
        # Few pairs say little: they are weighed against the usual figures.
        share = cosines.size / LEAST_PAIRS
        mean = float(cosines.mean()) if cosines.size else USUAL_MEAN
        deviation = float(cosines.std()) if cosines.size else USUAL_DEVIATION
        return Chance(
            share * mean + (1 - share) * USUAL_MEAN,
            max(share * deviation + (1 - share) * USUAL_DEVIATION, 1e-3),
        )
    return Chance(float(cosines.mean()), max(float(cosines.std()), 1e-3))


def _drawn(stores: Sequence[VectorStore]) -> tuple[Ids, Vectors]:
    """Up to 512 ids and vectors, of each store as many as its size asks for.

    Which ones hangs on what the vectors hold, not on their ids: a collection that was indexed in
    another order, or with interruptions, is measured on the same pictures.
    """
    total = sum(len(store) for store in stores)
    step = max(1.0, total / CANDIDATES)
    parts = []
    for store in stores:
        held = store.ids()
        ids, rows = store.rows(held[np.arange(0, len(held), step).astype(np.int64)])
        first = np.argsort(_marks(rows), kind="stable")[: SAMPLE * len(store) // max(SAMPLE, total)]
        parts.append((ids[first], rows[first]))
    if not parts:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _marks(rows: Vectors) -> NDArray[np.uint64]:
    """A number for each row (n,), by the signs in it alone: rounding does not change it."""
    signs = np.packbits(rows > 0, axis=1).astype(np.uint64)
    odd = np.random.default_rng(0).integers(1 << 62, size=signs.shape[1], dtype=np.uint64) | 1
    marks: NDArray[np.uint64] = (signs * odd).sum(axis=1, dtype=np.uint64)
    return marks
