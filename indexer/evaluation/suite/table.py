"""A measured suite as a table: a row for each figure, a column for each encoder."""

from collections.abc import Iterator

from indexer.evaluation.metrics import Measure
from indexer.evaluation.suite.records import Group, RowName, SuiteReport, SuiteRow
from search.text.amounts import amount

TITLES: dict[Group, str] = {
    "sentences": "sentences: recall, interval by bootstrap over pictures",
    "classes": "classes by name: interval by bootstrap over classes",
    "passes": "best picture passes the cutoff of {cutoff:g}, without captions: Wilson's interval",
    "calibration": "expected calibration error of the best picture's confidence, without captions: "
    "interval by bootstrap over questions",
}
PERCENT: tuple[Group, ...] = ("sentences", "passes")

LABEL_CELLS, QUESTION_CELLS, CHANCE_CELLS, FIGURE_CELLS = 52, 10, 8, 26

# The bootstrap of fewer is too narrow to call a difference certain.
MARKED_UNITS = 10


def suite_table(report: SuiteReport) -> str:
    """Return the report as lines of text, with a + or - where a difference is certain."""
    return "\n".join(_lines(report))


def _lines(report: SuiteReport) -> Iterator[str]:
    yield f"{amount(report.pictures, 'picture')}; 95% intervals in brackets"
    if len(report.spaces) > 1:
        yield "+ or -: higher or lower than the first, by a paired interval that excludes 0"
    heads = "".join(f"{_fit(space):>{FIGURE_CELLS}}" for space in report.spaces)
    yield f"{'':{LABEL_CELLS}}{'questions':>{QUESTION_CELLS}}{'chance':>{CHANCE_CELLS}}{heads}"
    group = None
    for row in report.rows:
        if row.name.group != group:
            group = row.name.group
            yield TITLES[group].format(cutoff=report.cutoff)
        yield _line(row)


def _line(row: SuiteRow) -> str:
    is_percent = row.name.group in PERCENT
    is_marked = row.units >= MARKED_UNITS
    marks = ["", *(_mark(difference) if is_marked else "" for difference in row.differences)]
    cells = (
        f"{_interval(figure, is_percent)} {mark:1}"
        for figure, mark in zip(row.figures, marks, strict=True)
    )
    chance = "" if row.chance is None else f"{row.chance:.3f}"
    return (
        f"  {_label(row.name, is_percent):{LABEL_CELLS - 2}}{row.questions:>{QUESTION_CELLS},}"
        f"{chance:>{CHANCE_CELLS}}" + "".join(f"{cell:>{FIGURE_CELLS}}" for cell in cells)
    ).rstrip()


def _label(name: RowName, is_percent: bool) -> str:
    return f"{name.part}, {name.language}: {name.measure}{' %' if is_percent else ''}"


def _interval(measure: Measure, is_percent: bool) -> str:
    scale, digits = (100, 1) if is_percent else (1, 3)
    value, low, high = (
        f"{each * scale:.{digits}f}" for each in (measure.value, measure.low, measure.high)
    )
    return f"{value} [{low}, {high}]"


def _mark(difference: Measure) -> str:
    if difference.low > 0:
        return "+"
    return "-" if difference.high < 0 else ""


def _fit(space: str) -> str:
    return space if len(space) < FIGURE_CELLS else f"{space[: FIGURE_CELLS - 2]}…"
