"""The reader of questions: every kind of reading in its order, and the words that are left."""

import re
from collections.abc import Collection, Iterator
from datetime import date

from search.errors import Message
from search.query.filters.grammar import parse
from search.query.filters.tree import Condition, Filter, all_of
from search.query.reading import Reading, ReadingKind
from search.query.records import Term
from search.query.syntax import USUAL_MINUS, parse_query_text
from search.query.understanding import conditions, pieces
from search.query.understanding.dates import bare_year, dates_in
from search.query.understanding.negations import negations
from search.query.understanding.records import QuestionParts, Vocabulary, WordLists

EXACT = re.compile(
    r'(?<![\w"])"(?P<ascii>[^"]*\w[^"]*)"(?!\w)|“(?P<curly>[^“”]*\w[^“”]*)”'
    r"|「(?P<corner>[^「」]*\w[^「」]*)」"
)
YEAR = re.compile(r"\d{4}")
EDGES = " \t\r\n,，;；、"
JOINTS = re.compile(
    r"^(?:and|but|or|的|和|但|而且|且)(?=\s|$|[\u3400-\u9fff])|\s(?:and|but|or)$", re.IGNORECASE
)
# A character of no language in place of what was read: a date cuts no word in two.
GAP = "\0"

# A question that is longer is a text; reading it would take time, and what is in it is a subject.
MAX_CHARACTERS = 1_000


def read_question(
    text: str,
    today: date,
    vocabulary: Vocabulary | None = None,
    plain: Collection[str] = (),
) -> QuestionParts:
    """Return what a question asks: words to rank by, a filter, and the readings.

    `plain` are pieces that stay words, as the `text` of their readings, without case.
    """
    if len(text) > MAX_CHARACTERS:
        return QuestionParts(tuple(parse_query_text(text)))
    reader = _Reader(text, today, vocabulary or WordLists(), {each.casefold() for each in plain})
    readings = tuple(sorted(reader.read(), key=lambda reading: reading.start))
    rest = _rest(text, readings)
    terms: list[Term] = parse_query_text(rest) if rest else []
    for reading in readings:
        for thing in reading.minus:
            terms += parse_query_text(thing, -USUAL_MINUS)
    filters: list[Filter] = [
        parse(each.where) for each in readings if each.where and each.is_applied
    ]
    return QuestionParts(tuple(terms), all_of(filters), readings)


class _Reader:
    """A reader of one question, with the parts that were read so far."""

    def __init__(self, text: str, today: date, vocabulary: Vocabulary, plain: set[str]) -> None:
        self._text = text
        self._today = today
        self._vocabulary = vocabulary
        self._plain = plain
        self._marks = bytearray(len(text))
        self._is_applied = False

    def read(self) -> Iterator[Reading]:
        """Yield the readings; what comes first takes its part of the text."""
        text, is_taken, words = self._text, self._is_taken, self._vocabulary
        for match in EXACT.finditer(text):
            phrase = next(filter(None, match.groups())).strip()
            where = conditions.filter_text(Condition("exact", "~", phrase))
            if not text[: match.start()].endswith(("-", ":", "：")):
                means = Message("reading-exact", "the words “{words}”", words=phrase)
                yield from self._take("exact", match.start(), match.end(), means, where)
        for start, end, condition in conditions.written_conditions(text, is_taken, words):
            yield from self._condition("field", start, end, conditions.filter_text(condition))
        for start, end, span in dates_in(text, self._today, is_taken):
            means = Message("reading-date", "date {days}", days=span.words)
            is_named = self._is_name_with_year(text[start:end])
            yield from self._take(
                "date", start, end, means, span.filter_text, is_applied=not is_named
            )
        for start, end, things in negations(text, is_taken):
            means = Message("reading-without", "without {things}", things=", ".join(things))
            yield from self._take("minus", start, end, means, minus=things)
        for piece in pieces.phrases(text, is_taken, words):
            yield from self._piece(piece)
        yield from self._year()
        for piece in list(pieces.pieces(text, is_taken, words)):
            yield from self._piece(piece)
        if self._is_applied:
            for start, end in list(pieces.fillers(text, is_taken)):
                means = Message("reading-filler", "any picture")
                yield from self._take("filler", start, end, means)

    def _year(self) -> Iterator[Reading]:
        """Yield the offer of a year that is the whole question, before digital cameras."""
        start = len(self._text) - len(self._text.lstrip())
        end = len(self._text.rstrip())
        span = bare_year(self._text, start, end)
        if span is not None and span.start is not None and span.start <= self._today:
            means = Message("reading-date", "date {days}", days=span.words)
            yield from self._take("date", start, end, means, span.filter_text, is_applied=False)

    def _is_name_with_year(self, year: str) -> bool:
        """Return whether the question is a name with a year, as of the album Rome 2019."""
        question = self._text.strip()
        is_part = YEAR.fullmatch(year.strip()) is not None and question != year.strip()
        return is_part and self._vocabulary.is_name(question)

    def _piece(self, piece: pieces.Piece) -> Iterator[Reading]:
        where = conditions.condition_of(piece.field, piece.sign, piece.value, self._vocabulary)
        if where is None:
            return
        text = conditions.filter_text(where)
        means = Message("reading-films", "videos") if piece.kind == "films" else None
        yield from self._condition(piece.kind, piece.start, piece.end, text, means, piece.is_sure)

    def _condition(
        self,
        kind: ReadingKind,
        start: int,
        end: int,
        where: str,
        means: Message | None = None,
        is_applied: bool = True,
    ) -> Iterator[Reading]:
        means = means or Message("reading-condition", "{condition}", condition=where)
        yield from self._take(kind, start, end, means, where, is_applied=is_applied)

    def _take(
        self,
        kind: ReadingKind,
        start: int,
        end: int,
        means: Message,
        where: str = "",
        minus: tuple[str, ...] = (),
        is_applied: bool = True,
    ) -> Iterator[Reading]:
        """Take a part of the text; yield its reading unless it is to stay plain words."""
        text = self._text[start:end].strip()
        start = self._text.index(text, start)
        if not text or self._is_taken(start, end):
            return
        if text.casefold() in self._plain or not is_applied:
            self._marks[start:end] = b"\1" * (end - start)
        else:
            self._marks[start:end] = b"\2" * (end - start)
            self._is_applied = self._is_applied or bool(where)
        if text.casefold() not in self._plain:
            yield Reading(kind, text, start, start + len(text), means, where, minus, is_applied)

    def _is_taken(self, start: int, end: int) -> bool:
        return any(self._marks[start:end])


def _rest(text: str, readings: tuple[Reading, ...]) -> str:
    """Return the words that are left to rank by; exact words are among them, without quotes."""
    parts, at = [], 0
    for reading in readings:
        if not reading.is_applied:
            continue
        parts.append(text[at : reading.start])
        parts.append(reading.text.strip('"“”「」') if reading.kind == "exact" else GAP)
        at = reading.end
    rest = "".join([*parts, text[at:]])
    if not readings:
        return rest.strip()
    left = (" ".join(piece.split()) for piece in re.split(r"[,，;；、](?!\d)", _close(rest)))
    return ", ".join(filter(None, (JOINTS.sub("", piece).strip(EDGES) for piece in left)))


def _close(text: str) -> str:
    """Return the text without gaps: none within Chinese, a blank within other words."""
    text = re.sub(rf"(?<=[\u3400-\u9fff])\s*{GAP}+\s*的?(?=[\u3400-\u9fff])", "", text)
    return text.replace(GAP, " ")
