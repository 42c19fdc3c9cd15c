"""A collection's two encoder pairs: their answers, and their recall by its own captions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from indexer.evaluation.metrics import (
    CUTS,
    Measure,
    Ranks,
    paired_difference,
    picture_ranks,
    share,
)
from search.catalog.second_space_errors import answering_by_second
from search.engine import Engine
from search.query.limits import SIGNAL_NAMES, SignalName
from search.query.records import Answer, Query
from search.query.syntax import parse_query_text
from search.records import Collection, Ids, Vectors
from search.stores import VectorStore

MAX_CAPTIONS = 1_000

# Pictures compared at once: 8,192 by 1,000 cosines are 33 MB.
BLOCK = 8_192

# Cosines of equal vectors differ by rounding, according to where they are in a product.
EQUAL = 2e-6


@dataclass(frozen=True, slots=True)
class PairAnswers:
    """The answers of a collection's present pair and of its other one to one question."""

    question: str
    present: Answer
    other: Answer

    @property
    def shared_ids(self) -> set[int]:
        """Return the ids of the pictures that both answers show."""
        present, other = ({hit.picture.id for hit in each.hits} for each in self.answers)
        return present & other

    @property
    def answers(self) -> tuple[Answer, Answer]:
        """Return both answers, the present pair's first."""
        return self.present, self.other


@dataclass(frozen=True, slots=True)
class PairedRecall:
    """The recalls at each of `CUTS` by the same questions, and how much more the other pair has."""

    present: Mapping[str, Measure]
    other: Mapping[str, Measure]
    difference: Mapping[str, Measure]


@dataclass(frozen=True, slots=True)
class PairComparison:
    """The recalls of both pairs by captions of as many pictures, among all `pictures`.

    From a picture to a text, its caption is searched among these captions alone.
    """

    captions: int
    pictures: int
    text_to_picture: PairedRecall
    picture_to_text: PairedRecall

    @property
    def winner(self) -> str | None:
        """Return the pair that finds the right picture first more often, None if neither surely."""
        difference = self.text_to_picture.difference["recall@1"]
        if difference.low > 0:
            return "other"
        return "present" if difference.high < 0 else None


def ask_both(
    engine: Engine,
    name: str,
    question: str,
    k: int,
    by: tuple[SignalName, ...] = SIGNAL_NAMES,
) -> PairAnswers:
    """Ask both pairs of a collection the same words; raise what `Engine.answer` raises."""
    query = Query(tuple(parse_query_text(question)), (name,), k, by=by)
    return PairAnswers(question, engine.answer(query), engine.answer(query, second=True))


def measure_both(engine: Engine, collection: Collection) -> PairComparison | None:
    """Measure both pairs of a collection by up to 1,000 of its captions; None if it has none.

    Pictures are ranked by their own vectors alone: captions would answer for themselves. No
    encoder is opened.

    Raises:
        SpaceMismatch: the collection has no second space that is filled.
    """
    both = (collection, answering_by_second(collection))
    stores = [engine.store(each) for each in both]
    ids = np.intersect1d(stores[0].ids(), stores[1].ids(), assume_unique=True)
    spaces = [each.space for each in both]
    sample = engine.catalog.caption_samples.draw(collection, spaces, MAX_CAPTIONS)
    is_ranked = np.isin(sample.picture_ids, ids)
    owners = sample.picture_ids[is_ranked]
    if not len(owners):
        return None
    texts = [np.ascontiguousarray(vectors[is_ranked]) for vectors in sample.vectors]
    of_texts, of_pictures = [], []
    for store, vectors in zip(stores, texts, strict=True):
        own = store.rows(owners)[1]
        of_texts.append(_text_ranks(store, ids, vectors, own))
        of_pictures.append(picture_ranks(vectors @ own.T, np.arange(len(owners))))
    recalls = (_paired_recall(*of_texts), _paired_recall(*of_pictures))
    return PairComparison(len(owners), len(ids), *recalls)


def _text_ranks(store: VectorStore, ids: Ids, texts: Vectors, own: Vectors) -> Ranks:
    """Return the ranks of the texts' own pictures among those with these ids; ties share a rank."""
    right = np.einsum("nw,nw->n", texts, own)[:, None]
    above, level = np.zeros(len(texts)), np.zeros(len(texts))
    for start in range(0, len(ids), BLOCK):
        cosines = texts @ store.rows(ids[start : start + BLOCK])[1].T
        higher = (cosines > right + EQUAL).sum(1)
        above += higher
        level += (cosines >= right - EQUAL).sum(1) - higher
    ranks: Ranks = above + (level + 1) / 2  # the right picture is level with itself
    return ranks


def _paired_recall(present: Ranks, other: Ranks) -> PairedRecall:
    hits = {f"recall@{k}": (present <= k, other <= k) for k in CUTS}
    return PairedRecall(
        present={name: share(ours) for name, (ours, _) in hits.items()},
        other={name: share(theirs) for name, (_, theirs) in hits.items()},
        difference={name: paired_difference(theirs, ours) for name, (ours, theirs) in hits.items()},
    )
