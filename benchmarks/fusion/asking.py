"""Questions to photographs of which half have captions, and the evidence for every photograph."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.builtin.confidence.questions import (
    HeldOutCollection,
    LabelledQuestion,
    Questioner,
)
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.ranking.signals import SIGNALS
from search.ranking.signals.words import FROM_COVERAGE

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's n candidates: z-scores of pictures and captions, BM25, coverage above a half.

    `evidence` is (n, 4), with NaN captions where there are none; `is_right` (n,) is the label,
    `is_own` (n,) whether it is the picture that the caption is of; `sure` (n,) the confidence now.
    """

    question: LabelledQuestion
    evidence: Rows
    is_right: NDArray[np.bool_]
    is_own: NDArray[np.bool_]
    sure: Rows

    @property
    def has_caption(self) -> NDArray[np.bool_]:
        """Return which candidates have captions (n,)."""
        return ~np.isnan(self.evidence[:, 1])


def ask(
    engine: Engine, pairs: Sequence[CaptionedPicture], language: str, questioner: Questioner
) -> Iterator[Asked]:
    """Ask one caption of each picture, and the other questions of a language."""
    first = [CaptionedPicture(pair.path, {language: pair.captions[language][:1]}) for pair in pairs]
    whole = HeldOutCollection(pairs, range(len(pairs)), len(pairs), True)
    others = [
        each
        for each in questioner.questions(whole)
        if each.language == language and each.kind != "sentences"
    ]
    sentences = [
        each
        for each in questioner.questions(
            HeldOutCollection(first, range(len(pairs)), len(pairs), True)
        )
        if each.language == language and each.kind == "sentences"
    ]
    rows = {pair.path.name: row for row, pair in enumerate(pairs)}
    names = [signal.name for signal in SIGNALS]
    captions = {pair.captions[language][0]: row for row, pair in enumerate(pairs)}
    for question in (*sentences, *others):
        query = Query((TextTerm(question.text),), k=len(pairs))
        ranking = engine.order(query).ranking
        if ranking is None or ranking.evidence is None or ranking.confidence is None:
            continue
        scores = [ranking.evidence.signals[names.index(name)] for name in names[:3]]
        coverage = np.maximum(scores[2].score - FROM_COVERAGE, 0) / (1 - FROM_COVERAGE)
        pictures = engine.catalog.pictures.by_id(ranking.ids.tolist())
        places = [rows[pictures[each].path.name] for each in ranking.ids.tolist()]
        yield Asked(
            question,
            np.column_stack([*(each.strength for each in scores), coverage]).astype(float),
            np.array([question.is_right(row) for row in places]),
            np.array([row == captions.get(question.text) for row in places]),
            ranking.confidence.astype(float),
        )
