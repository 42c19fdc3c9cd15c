"""The comparison of two encoder pairs as lines of text that fit a terminal."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len, set_cell_size

from indexer.evaluation.compare import PairAnswers, PairComparison, PairedRecall
from indexer.evaluation.metrics import CUTS, Measure
from indexer.evaluation.report import DIRECTIONS
from search.query.records import Answer, Hit
from search.text.amounts import amount
from search.text.printable import one_line, printable

# Narrower terminals get both answers, and the figures, below each other.
TWO_COLUMNS, ONE_ROW = 56, 78

INTERVALS = (
    "95% intervals: Wilson's of each share; that of the difference is paired and excludes 0 where "
    "McNemar's exact test does."
)


def answer_lines(pair: PairAnswers, width: int) -> Iterator[str]:
    """Yield a question and both answers, beside each other where there is room."""
    yield _fit(pair.question, width)
    is_narrow = width < TWO_COLUMNS
    room = width if is_narrow else (width - 3) // 2
    columns = [
        [_pad(title, room), *_hit_lines(answer, pair.shared_ids, room)]
        for title, answer in zip(("present", "other"), pair.answers, strict=True)
    ]
    if is_narrow:
        yield from (line.rstrip() for column in columns for line in column)
        return
    height = max(map(len, columns))
    left, right = (column + [" " * room] * (height - len(column)) for column in columns)
    yield from (f"{one} | {two}".rstrip() for one, two in zip(left, right, strict=True))


def recall_lines(comparison: PairComparison, encoders: Sequence[str], width: int) -> Iterator[str]:
    """Yield the recalls of both pairs, their difference, and what it shows."""
    yield from _wrap(
        f"By {amount(comparison.captions, 'caption')} of the collection, each of another picture, "
        f"among {amount(comparison.pictures, 'picture')}, by the pictures' vectors alone. From "
        "picture to text: among these captions.",
        width,
    )
    table = _rows if width >= ONE_ROW else _narrow_rows
    for direction, title in DIRECTIONS.items():
        yield from table(title, getattr(comparison, direction))
    yield from _wrap(INTERVALS, width)
    yield from _wrap(_verdict(comparison, encoders), width)


def _hit_lines(answer: Answer, shared_ids: set[int], room: int) -> list[str]:
    if not answer.hits:
        return [_pad(str(note), room) for note in answer.notes]
    digits = len(str(answer.hits[-1].rank))
    return [_hit_line(hit, digits, hit.picture.id in shared_ids, room) for hit in answer.hits]


def _hit_line(hit: Hit, digits: int, is_shared: bool, room: int) -> str:
    """Return a hit with its rank, a sign where both have it, its file's name and confidence."""
    confidence = "   -" if hit.confidence is None else f"{hit.confidence:.2f}"
    place = f"{hit.rank:>{digits}} {'=' if is_shared else ' '} "
    name_room = room - len(place) - len(confidence) - 1
    return f"{place}{_pad(hit.picture.path.name, name_room)} {confidence}"


def _rows(title: str, recall: PairedRecall) -> Iterator[str]:
    yield f"{title:15}" + "".join(f"{f'R@{k} %':>21}" for k in CUTS)
    for name, measures, sign in _figures(recall):
        cells = (_cell(measures[f"recall@{k}"], sign) for k in CUTS)
        yield f"  {name:13}" + "".join(f"{cell:>21}" for cell in cells)


def _narrow_rows(title: str, recall: PairedRecall) -> Iterator[str]:
    yield title
    for k in CUTS:
        for name, measures, sign in _figures(recall):
            yield f"{f'R@{k}':<5}{name:11}{_cell(measures[f'recall@{k}'], sign)}"


def _figures(recall: PairedRecall) -> Iterator[tuple[str, Mapping[str, Measure], str]]:
    yield "present", recall.present, ""
    yield "other", recall.other, ""
    yield "difference", recall.difference, "+"


def _cell(measure: Measure, sign: str = "") -> str:
    value, low, high = (
        f"{part * 100:{sign}.1f}" for part in (measure.value, measure.low, measure.high)
    )
    return f"{value} [{low}, {high}]"


def _verdict(comparison: PairComparison, encoders: Sequence[str]) -> str:
    """Return what the difference in R@1 shows; one pair is better only where that is certain."""
    present, other = encoders
    difference = comparison.text_to_picture.difference["recall@1"]
    if comparison.winner is None:
        return (
            f"These captions show no difference: R@1 of {other} minus that of {present} is "
            f"{_cell(difference, '+')} points, and the interval contains 0."
        )
    winner, loser = (other, present) if comparison.winner == "other" else (present, other)
    if comparison.winner == "present":
        difference = Measure(-difference.value, -difference.high, -difference.low)
    return (
        f"{winner} is better: it finds the right picture first {_cell(difference)} points more "
        f"often than {loser}."
    )


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=True, break_on_hyphens=False)


def _fit(text: str, room: int) -> str:
    """Return the text on one line, cut to the room; letters of East Asia are two cells wide."""
    line = one_line(printable(text))
    return line if cell_len(line) <= room else set_cell_size(line, room - 1) + "…"


def _pad(text: str, room: int) -> str:
    return set_cell_size(_fit(text, room), room)
