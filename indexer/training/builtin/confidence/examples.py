"""The best pictures of questions as examples: their features, and whether they are right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.evaluation.suite.sampling import calibration_sample
from indexer.training.builtin.confidence.logistic import fit_logistic
from indexer.training.builtin.confidence.questions import LabelledQuestion
from search.encoders.onnx_pair.confidence import FEATURES, RISING, ConfidenceModel, features_of
from search.encoders.onnx_pair.knowledge import PairKnowledge
from search.encoders.onnx_pair.querybank import Querybank
from search.records import Scores, Vectors

CUTOFF = 0.5

Group = tuple[str, str]
"""A kind of question, and its language."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Questions to one collection or to several, each with its best picture.

    `features` is (n, features); `right` and `understood` (n,) are whether the picture is right, and
    whether the pair knows a word of the question; `groups` and `texts` are the questions';
    `shares` (n,) what each counts: every group as much as another, within it every collection.
    """

    features: NDArray[np.float32]
    right: NDArray[np.bool_]
    understood: NDArray[np.bool_]
    groups: Sequence[Group]
    texts: Sequence[str]
    shares: NDArray[np.float64]

    @classmethod
    def concatenate(cls, parts: "Sequence[Examples]") -> "Examples":
        """Return the examples of several collections as one."""
        groups = [group for part in parts for group in part.groups]
        shares = np.concatenate([part.shares for part in parts])
        for group in set(groups):
            of_group = np.array([each == group for each in groups])
            shares[of_group] /= shares[of_group].sum()
        return cls(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.understood for part in parts]),
            groups,
            [text for part in parts for text in part.texts],
            shares,
        )

    def model(self, chosen: NDArray[np.bool_] | None = None) -> ConfidenceModel:
        """Fit the model on the questions that are understood, or on those of them in `chosen`."""
        mask = self.understood if chosen is None else self.understood & chosen
        rising = [FEATURES.index(name) for name in RISING]
        weights, constant = fit_logistic(
            self.features[mask].astype(np.float64),
            self.right[mask].astype(np.float64),
            self.shares[mask],
            rising,
        )
        return ConfidenceModel(tuple(weights.tolist()), constant)

    def report(self) -> Iterator[str]:
        """Yield for each group its error of calibration, fitted on the other half of the texts."""
        units = np.unique(self.texts, return_inverse=True)[1]
        half = np.random.default_rng(0).permutation(units.max() + 1)[units] % 2 == 0
        confidence = np.zeros(len(units), np.float32)
        for part in (half, ~half):
            confidence[part] = self.model(~part).probabilities(self.features[part])
        confidence[~self.understood] = 0
        for group in sorted(set(self.groups)):
            chosen = np.array([each == group for each in self.groups])
            sure, right = confidence[chosen], self.right[chosen]
            error = calibration_sample(sure, right, np.arange(len(sure))).value
            pass_share = float((sure >= CUTOFF).mean())
            yield (
                f"{', '.join(group)}: {len(sure)} questions, {right.mean():.1%} right, mean "
                f"confidence {sure.mean():.3f}, calibration error {error:.3f}, {pass_share:.1%} "
                f"pass {CUTOFF}"
            )


def ask(
    questions: Sequence[LabelledQuestion],
    vectors: Vectors,
    queries: Mapping[str, Vectors],
    knowledge: PairKnowledge,
    bank: Querybank,
) -> Examples:
    """Ask questions of a collection, whose pictures have these vectors (n, width).

    `queries` has the vector (width,) of each question's text.
    """
    features = np.empty((len(questions), len(FEATURES)), np.float32)
    right, understood = np.zeros((2, len(questions)), bool)
    for row, question in enumerate(questions):
        query = queries[question.text]
        cosines: Scores = vectors @ query
        best = int(cosines.argmax())
        reading = knowledge.read([question.text])
        features[row] = features_of(query[None], reading, cosines[[best]], len(vectors), bank)[0]
        right[row], understood[row] = question.is_right(best), reading.is_understood
    groups = [(each.kind, each.language) for each in questions]
    counts = {group: groups.count(group) for group in set(groups)}
    shares = np.array([1 / counts[group] for group in groups])
    return Examples(features, right, understood, groups, [each.text for each in questions], shares)
