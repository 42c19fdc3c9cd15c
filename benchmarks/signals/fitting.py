"""The scales of the signals under which right pictures are the likeliest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.signals.questions import Question
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.ranking.fusion import CONSTANTS, captioned_share
from search.ranking.signals import SIGNALS

CANDIDATES = 300
MEASURED = 10
RIDGE = 0.03

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The n candidates of a question: what they have without signals (n,), and by each of them.

    `parts` (n, signals) are log odds with the weights that ship; a scale multiplies them.
    `is_right` (n,) tells the right ones, of which `right_count` exist.
    """

    question: Question
    constant: Rows
    parts: Rows
    is_right: NDArray[np.bool_]

    def odds(self, scales: Rows) -> Rows:
        """Return the log odds (n,) with the signals scaled by `scales` (signals,)."""
        odds: Rows = self.constant + self.parts @ scales
        return odds

    def found(self, scales: Rows) -> tuple[float, float]:
        """Return whether the first is right, and the share of right ones among ten, 0 to 1."""
        best = self.is_right[np.argsort(-self.odds(scales), kind="stable")[:MEASURED]]
        return float(best[:1].sum()), best.sum() / min(MEASURED, len(self.question.right))


def candidates_of(engine: Engine, collection: str, question: Question) -> Candidates:
    """Ask a question and return the evidence for its candidates."""
    query = Query((TextTerm(question.text),), (collection,), k=CANDIDATES)
    ranking = engine.order(query).ranking
    if ranking is None:  # no word is known
        nothing = np.zeros((0, len(SIGNALS)))
        return Candidates(question, nothing[:, 0], nothing, np.zeros(0, np.bool_))
    assert ranking.evidence is not None, f"{question.text!r} is ranked by its vector alone"
    signals = ranking.evidence.signals
    caption_strength = next(
        scores.strength
        for signal, scores in zip(SIGNALS, signals, strict=True)
        if signal.name == "caption"
    )
    captioned = captioned_share(caption_strength, 1.0)
    constants, share = CONSTANTS["relevance"], captioned.share
    parts = [
        signal.log_odds(scores, captioned, "relevance")
        for signal, scores in zip(SIGNALS, signals, strict=True)
    ]
    pictures = engine.catalog.pictures.by_id(ranking.ids.tolist())
    paths = ["/".join(pictures[each].path.parts[-2:]) for each in ranking.ids.tolist()]
    return Candidates(
        question,
        constants.captioned * share + constants.bare * (1.0 - share),
        np.stack(parts, axis=1).astype(np.float64),
        np.array([path in question.right for path in paths]),
    )


def loss(scales: Rows, asked: Sequence[Candidates]) -> float:
    """Return the mean negative log likelihood of right pictures; each kind of question counts 1."""
    by_kind: dict[str, list[float]] = {}
    for each in asked:
        if each.is_right.any():
            odds = each.odds(scales)
            total, right = (np.logaddexp.reduce(part) for part in (odds, odds[each.is_right]))
            by_kind.setdefault(each.question.kind, []).append(total - right)
    return float(np.mean([np.mean(losses) for losses in by_kind.values()]))


def fit(asked: Sequence[Candidates], are_free: NDArray[np.bool_]) -> Rows:
    """Return the scales (signals,) with the least loss, 1 for signals that are not free.

    A ridge on their logarithms keeps what few questions tell near 1.
    """

    def scales_of(free: Rows) -> Rows:
        scales = np.ones(len(are_free))
        scales[are_free] = np.exp(free)
        return scales

    def objective(free: Rows) -> float:
        return loss(scales_of(free), asked) + RIDGE * float(free @ free)

    return scales_of(minimize(objective, np.zeros(are_free.sum()), method="Powell").x)
