"""The dates of an answer as a histogram, with the ends of what is chosen of it."""

from dataclasses import dataclass

from search.facets.records import Facets
from search.query.filters.grammar import conditions, parse


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the date histogram, with its height in percent."""

    value: str
    pictures: int
    height: float
    inside: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """The dates as bars, with the positions of the first and the last chosen bar."""

    bars: tuple[Bar, ...]
    first: int
    last: int

    @property
    def pictures(self) -> int:
        """Return the number of pictures in the chosen bars."""
        return sum(bar.pictures for bar in self.bars if bar.inside)


def histogram_of(facets: Facets, filters: tuple[str, ...]) -> Histogram | None:
    """Return the histogram of the dates; None where none is known."""
    if facets.dates is None:
        return None
    values = facets.dates.values
    most = max(value.pictures for value in values) or 1
    first, last = 0, len(values) - 1
    for text in filters:
        for condition in conditions(parse(text)):
            # A date may be longer or shorter than the bars' dates: the common prefix is compared.
            length = min(len(condition.value), len(values[0].value))
            edge, steps = condition.value[:length], [value.value[:length] for value in values]
            if condition.operator in (">", ">=", "="):
                first = sum(step < edge for step in steps)
            if condition.operator in ("<", "<=", "="):
                last = sum(step <= edge for step in steps) - 1
    bars = (
        Bar(value.value, value.pictures, round(100 * value.pictures / most, 1), first <= n <= last)
        for n, value in enumerate(values)
    )
    return Histogram(tuple(bars), min(first, len(values) - 1), max(last, 0))
