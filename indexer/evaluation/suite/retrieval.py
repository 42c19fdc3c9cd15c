"""The order of pictures by a suite's sentences and class names: recall and precision."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from indexer.evaluation.metrics import (
    Ranks,
    average_precision,
    picture_ranks,
    precision_at,
    text_ranks,
)
from indexer.evaluation.report import embedded_texts
from indexer.evaluation.suite.reading import PictureSet
from indexer.evaluation.suite.records import RowName
from indexer.evaluation.suite.sampling import Sample, mean_sample
from search.encoders import Encoder
from search.records import Scores, Vectors

RECALL_CUTS = (1, 10)
PRECISION_CUT = 10


def sentence_samples(
    part: PictureSet, language: str, pictures: Vectors, encoder: Encoder
) -> Mapping[RowName, Sample]:
    """Return the recalls of one language in both directions; `pictures` is (n, width)."""
    queries = [
        (text, row)
        for row, picture in enumerate(part.pictures)
        for text in picture.captions.get(language, ())
    ]
    owners = np.array([row for _, row in queries])
    similarities = embedded_texts(encoder, [text for text, _ in queries]) @ pictures.T
    captioned = np.unique(owners)
    ranks: dict[str, tuple[Ranks, NDArray[np.int64]]] = {
        "text to picture": (text_ranks(similarities, owners), owners),
        "picture to text": (picture_ranks(similarities, owners)[captioned], captioned),
    }
    return {
        RowName("sentences", part.name, language, f"{direction} R@{cut}"): mean_sample(
            found_ranks <= cut, units
        )
        for direction, (found_ranks, units) in ranks.items()
        for cut in RECALL_CUTS
    }


def class_samples(
    part: PictureSet, language: str, pictures: Vectors, encoder: Encoder
) -> Mapping[RowName, Sample]:
    """Return how well the pictures (n, width) of each class are found by its name in a sentence."""
    members = class_members(part, language)
    template = part.templates[language]
    texts = embedded_texts(encoder, [template.format(name) for name in members])
    similarities, right = texts @ pictures.T, list(members.values())
    flat = np.zeros(len(pictures), np.float32)
    measures: dict[str, Callable[[Scores, NDArray[np.bool_]], float]] = {
        "mAP": average_precision,
        f"P@{PRECISION_CUT}": partial(precision_at, PRECISION_CUT),
    }
    return {
        RowName("classes", part.name, language, name): mean_sample(
            np.array([figure(*each) for each in zip(similarities, right, strict=True)]),
            np.arange(len(right)),
            chance=float(np.mean([figure(flat, each) for each in right])),
        )
        for name, figure in measures.items()
    }


def class_members(part: PictureSet, language: str) -> Mapping[str, NDArray[np.bool_]]:
    """Return, for each class's name, which pictures (n,) have it."""
    names = sorted({name for each in part.pictures for name in each.captions.get(language, ())})
    return {
        name: np.array([name in each.captions.get(language, ()) for each in part.pictures])
        for name in names
    }
