"""The confidence of the best picture, by the functions of the engine, on pictures alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.evaluation.report import embedded_texts
from indexer.evaluation.suite.reading import PictureSet, QuestionSet
from indexer.evaluation.suite.records import RowName
from indexer.evaluation.suite.retrieval import class_members
from indexer.evaluation.suite.same_sense import SameSense
from indexer.evaluation.suite.sampling import Sample, calibration_sample, mean_sample
from search.encoders import Encoder
from search.encoders.knowledge import knowledge_of
from search.indexes.collection_indexes import CollectionIndexes
from search.query.records import Query, TextTerm
from search.ranking.background_cache import BackgroundCache
from search.ranking.candidates import rank_function
from search.ranking.context import SearchContext
from search.ranking.embedding import EmbeddedQuery
from search.records import Ids, Scores, Vectors
from search.stores.exact import ExactStore


class BareCollection:
    """Pictures (n, width) without captions, in a store in memory; an id is a row."""

    def __init__(self, pictures: Vectors, encoder: Encoder) -> None:
        self._encoder, self._knowledge = encoder, knowledge_of(encoder)
        store = ExactStore(pictures.shape[1])
        store.put(np.arange(len(pictures)), pictures)
        self._indexes = (CollectionIndexes(store, None, None, len(pictures), 0),)
        self._background = BackgroundCache().of(self._indexes, encoder.encode_texts)

    def best_hits(self, texts: Sequence[str]) -> tuple[Ids, Scores]:
        """Return the best picture of each text, and its confidence, both (n,)."""
        vectors = embedded_texts(self._encoder, texts)
        hits = [self._best_hit(*each) for each in zip(texts, vectors, strict=True)]
        return np.array([row for row, _ in hits]), np.array([sure for _, sure in hits], np.float32)

    def _best_hit(self, text: str, vector: Vectors) -> tuple[int, float]:
        # Its words are left out, because they are searched in captions alone.
        embedded_query = EmbeddedQuery(
            vector[None],
            vector[None],
            words=(),
            text_share=1.0,
            plain=True,
            knowledge=self._knowledge,
            reading=self._knowledge.read([text]) if self._knowledge else None,
        )
        context = SearchContext(
            Query((TextTerm(text),)),
            embedded_query,
            self._indexes,
            words=None,
            background=lambda: self._background,
        )
        ranking = rank_function(context)(1)
        assert ranking.confidence is not None, "words alone have a confidence"
        # A search shows nothing where no word is known.
        confidence = float(ranking.confidence[0]) if context.is_understood else 0.0
        return int(ranking.ids[0]), confidence


JUDGED = "sentences, same sense"


class BestHits:
    """The best picture's confidence, and whether it was right, by kind and language of question.

    With a `judge`, sentences are counted a second time, as `JUDGED`: other pictures that suit them
    are right too.
    """

    def __init__(self, judge: SameSense | None = None) -> None:
        self._judge = judge
        self._hits: dict[tuple[str, str], list[tuple[str, float, bool]]] = {}

    def ask_sentences(self, part: PictureSet, language: str, collection: BareCollection) -> None:
        """Ask for each picture by its first caption; that picture alone is right."""
        firsts = {
            row: picture.captions[language][0]
            for row, picture in enumerate(part.pictures)
            if language in picture.captions
        }
        texts = list(firsts.values())
        best, confidence = collection.best_hits(texts)
        self._add("sentences", language, texts, confidence, best == np.array(list(firsts)))
        if self._judge is not None:
            pictures = part.pictures
            suits = [
                self._judge.suits(pictures[hit], pictures[own], text)
                for hit, (own, text) in zip(best, firsts.items(), strict=True)
            ]
            self._add(JUDGED, language, texts, confidence, np.array(suits))

    def ask_words(self, part: PictureSet, language: str, collection: BareCollection) -> None:
        """Ask for each class by its name alone; every picture of it is right."""
        members = class_members(part, language)
        texts = list(members)
        best, confidence = collection.best_hits(texts)
        right = np.array(list(members.values()))[np.arange(len(texts)), best]
        self._add("single words", language, texts, confidence, right)

    def ask_questions(self, questions: QuestionSet, collection: BareCollection) -> None:
        """Ask questions that no picture answers."""
        _, confidence = collection.best_hits(questions.texts)
        nothing = np.zeros(len(confidence), bool)
        self._add(questions.kind, questions.language, questions.texts, confidence, nothing)

    def samples(self, cutoff: float) -> Mapping[RowName, Sample]:
        """Return the shares that pass the cutoff, then the errors of calibration.

        A question is one unit, however many collections it was asked on.
        """
        passes, errors = {}, {}
        for (kind, language), hits in self._hits.items():
            texts, confidences, rights = zip(*hits, strict=True)
            confidence, right = np.array(confidences), np.array(rights)
            units = np.unique(texts, return_inverse=True)[1]
            if kind != JUDGED:  # they pass as often as the same sentences
                passes[RowName("passes", kind, language, "share")] = mean_sample(
                    confidence >= cutoff, units, is_share=True
                )
            errors[RowName("calibration", kind, language, "ECE")] = calibration_sample(
                confidence, right, units
            )
        return passes | errors

    def _add(
        self,
        kind: str,
        language: str,
        texts: Sequence[str],
        confidence: Scores,
        right: NDArray[np.bool_],
    ) -> None:
        hits = zip(texts, confidence.tolist(), right.tolist(), strict=True)
        self._hits.setdefault((kind, language), []).extend(hits)
