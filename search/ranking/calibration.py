"""The background of a collection: cosines of unrelated pairs of its own pictures and captions.

Texts are nearer to texts than to pictures, and every encoder has its own scale. So a cosine counts
by its z-score: its distance from the mean of unrelated pairs, in their standard deviations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.catalog.caption_ids import owners
from search.records import Ids, QueryKind, Scores, Vectors
from search.stores import VectorStore

# 512 captions against 512 pictures give 262,000 pairs: the mean and the deviation of the dev
# photographs came out the same to two digits from ten samples of that size.
SAMPLE = 512

# The sample is taken from this many, evenly spaced: all of them are read.
CANDIDATES = 8_192

# Fewer captions than this are too like each other to replace people's queries.
MIN_CAPTIONS = 40

# For collections too small to measure: the values of the built-in pair on Flickr8k.
USUAL_MEAN, USUAL_DEVIATION = 0.06, 0.15
USUAL_MEAN_OF_PICTURES = 0.27  # of two pictures, with the same deviation
MIN_PAIRS = 200

# Queries for a collection without captions, as people write them; no two share a subject.
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
class CosineDistribution:
    """The mean and standard deviation of the cosines of unrelated pairs."""

    mean: float = USUAL_MEAN
    deviation: float = USUAL_DEVIATION

    def z_score(self, cosines: Scores) -> Scores:
        """Return the z-scores of cosines: deviations above the mean."""
        return (cosines - np.float32(self.mean)) / np.float32(self.deviation)


USUAL = CosineDistribution()


@dataclass(frozen=True, slots=True)
class Background:
    """A sample of a collection's vectors, and the cosines of unrelated texts with them."""

    pictures: Vectors
    captions: Vectors
    text_picture: CosineDistribution
    text_caption: CosineDistribution

    def of_picture(self, query: Vectors, kind: QueryKind = "text") -> CosineDistribution:
        """Return the distribution of cosines of one query (1, width) with the pictures.

        Pictures are nearer to pictures than texts are: where a "picture" meets few of them, their
        cosines are averaged with those of the pictures with each other.
        """
        cosines = query @ self.pictures.T
        if kind == "picture" and cosines.size < MIN_PAIRS:
            return _distribution(cosines, self._among_pictures())
        return _distribution(cosines)

    def of_caption(self, query: Vectors) -> CosineDistribution:
        """Return the distribution of cosines of one query (1, width) with the captions."""
        return _distribution(query @ self.captions.T)

    def _among_pictures(self) -> CosineDistribution:
        """Return the distribution of the cosines of different pictures.

        A few pairs give a better mean than the usual one: encoders differ most in that.
        """
        pairs = np.triu_indices(len(self.pictures), 1)
        cosines = (self.pictures @ self.pictures.T)[pairs]
        mean = float(cosines.mean()) if cosines.size else USUAL_MEAN_OF_PICTURES
        return _distribution(cosines, CosineDistribution(mean, USUAL_DEVIATION))


def fit(
    pictures: Sequence[VectorStore],
    captions: Sequence[VectorStore],
    encode_texts: Callable[[Sequence[str]], Vectors],
    stock_texts: bool = False,
) -> Background:
    """Draw pictures and captions from the stores, and measure the unrelated pairs among them.

    Captions take the place of people's queries; built-in texts do where captions are too few, or
    with `stock_texts`.
    """
    picture_ids, picture_rows = _draw_sample(pictures)
    caption_ids, caption_rows = _draw_sample(captions)
    of = owners(caption_ids)
    if len(caption_ids) >= MIN_CAPTIONS and not stock_texts:
        text_picture = _distribution((caption_rows @ picture_rows.T)[of[:, None] != picture_ids])
    else:
        text_picture = _distribution(encode_texts(STOCK_TEXTS) @ picture_rows.T)
    text_caption = _distribution((caption_rows @ caption_rows.T)[of[:, None] != of])
    return Background(picture_rows, caption_rows, text_picture, text_caption)


def _distribution(
    cosines: NDArray[np.float32], usual: CosineDistribution = USUAL
) -> CosineDistribution:
    if cosines.size < MIN_PAIRS:
        # A few pairs are weak evidence: they are averaged with the usual values.
        share = cosines.size / MIN_PAIRS
        mean = float(cosines.mean()) if cosines.size else usual.mean
        deviation = float(cosines.std()) if cosines.size else usual.deviation
        return CosineDistribution(
            share * mean + (1 - share) * usual.mean,
            max(share * deviation + (1 - share) * usual.deviation, 1e-3),
        )
    return CosineDistribution(float(cosines.mean()), max(float(cosines.std()), 1e-3))


def _draw_sample(stores: Sequence[VectorStore]) -> tuple[Ids, Vectors]:
    """Return up to 512 ids and vectors, of each store in proportion to its size.

    Vectors decide the choice, not ids: a collection that was indexed in another order,
    or with interruptions, is measured on the same pictures.
    """
    total = sum(len(store) for store in stores)
    step = max(1.0, total / CANDIDATES)
    parts = []
    for store in stores:
        store_ids = store.ids()
        ids, rows = store.rows(store_ids[np.arange(0, len(store_ids), step).astype(np.int64)])
        first = np.argsort(_sign_hashes(rows), kind="stable")[
            : SAMPLE * len(store) // max(SAMPLE, total)
        ]
        parts.append((ids[first], rows[first]))
    if not parts:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _sign_hashes(rows: Vectors) -> NDArray[np.uint64]:
    """Return a number for each row (n,), by its signs alone: rounding does not change it."""
    signs = np.packbits(rows > 0, axis=1).astype(np.uint64)
    odd = np.random.default_rng(0).integers(1 << 62, size=signs.shape[1], dtype=np.uint64) | 1
    hashes: NDArray[np.uint64] = (signs * odd).sum(axis=1, dtype=np.uint64)
    return hashes
