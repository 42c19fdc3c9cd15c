"""Records of a measured suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from indexer.evaluation.metrics import Measure

Group = Literal["sentences", "classes", "passes", "calibration"]


@dataclass(frozen=True, slots=True)
class RowName:
    """The name of a figure; `part` is a set of pictures, or the kind of the questions."""

    group: Group
    part: str
    language: str
    measure: str


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """A figure by each encoder, and how much more each later one has than the first.

    `questions` counts each as often as it was asked. `units` counts what is independent: pictures
    with their captions, or questions once. `chance` is the figure of a random order.
    """

    name: RowName
    questions: int
    units: int
    chance: float | None
    figures: Sequence[Measure]
    differences: Sequence[Measure]


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """The figures of a suite by encoders; `spaces` are their ids, in the order of the columns."""

    spaces: Sequence[str]
    pictures: int
    cutoff: float
    rows: Sequence[SuiteRow]
