"""The confidence of a pair on pictures without captions: a logistic model of a few cosines.

Whether a picture shows what a text says depends on more than their cosine: a text may be near to
all pictures or unlike every text that the pair has learned, and the best of many pictures is nearer
by chance. The bank of training pictures and texts that ships with the pair tells the first two.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.encoders.knowledge import TextReading
from search.encoders.onnx_pair.querybank import Querybank, nearness
from search.records import Scores, Vectors

FEATURES = (
    "cosine",  # of the picture
    "cosine squared",
    "best of the bank",  # the text's highest cosine with a training picture
    "mean of the bank",
    "best text",  # its highest cosine with a training text: low for what is no text of this world
    "nearness to texts",
    "length",  # the logarithm of its tokens
    "length squared",
    "size",  # the logarithm of the number of pictures
    "size times length",
    "commonness",  # of its tokens in the captions of training pictures
)
"""What the model weighs, in the order of its weights."""

RISING = ("cosine", "cosine squared")
"""Features whose weights are not negative: a nearer picture of one answer is not less sure."""

FEWEST = 10
"""Smaller collections count as so many pictures: the model was not fitted on smaller ones."""

LONGEST = 48


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The weights of the features and a constant; their sum is the log odds of a confidence."""

    weights: tuple[float, ...]
    constant: float

    def probabilities(self, features: NDArray[np.float32]) -> Scores:
        """Return the confidences (n,) of pictures with these features (n, features)."""
        odds = features @ np.array(self.weights, np.float32) + np.float32(self.constant)
        confidences: Scores = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        return confidences


def features_of(
    query: Vectors, reading: TextReading, cosines: Scores, pictures: int, bank: Querybank
) -> NDArray[np.float32]:
    """Return the features (n, features) of pictures by their cosines (n,) with a query (1, width).

    `reading` is that of the query's texts, `pictures` the number that was searched.
    """
    of_pictures = query @ bank.pictures.T
    of_texts = query @ bank.texts.T
    length = np.log(min(max(reading.tokens, 1), LONGEST))
    size = np.log(max(pictures, FEWEST))
    above_zero = np.maximum(cosines, 0)
    query_features = (
        of_pictures.max(),
        of_pictures.mean(),
        of_texts.max(),
        nearness(query, bank.texts, bank.sharpness)[0],
        length,
        length**2,
        size,
        size * length,
        reading.commonness,
    )
    features = np.empty((len(cosines), len(FEATURES)), np.float32)
    features[:, 0], features[:, 1], features[:, 2:] = above_zero, above_zero**2, query_features
    return features
