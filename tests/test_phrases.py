"""Questions as people write them: a line of `phrases.tsv` each, and what holds of any text."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.query.filters.grammar import parse
from search.query.records import ConceptTerm, Term, TextTerm
from search.query.syntax import parse_query_text
from search.query.understanding.reader import MAX_CHARACTERS, read_question
from search.query.understanding.records import QuestionParts, WordLists

TODAY = date(2021, 9, 15)
WORDS = WordLists(
    cameras=("Canon EOS 5D", "NIKON D90", "Apple iPhone 12", "FUJIFILM X-T3"),
    columns=("city", "country", "rating", "Event"),
    names=("rome 2019 img 17", "wedding 2018 tom"),
    places={"city": ("Lisbon", "New York", "里斯本"), "country": ("China", "Portugal")},
)
LINES = [
    line.split("\t")
    for line in (Path(__file__).with_name("phrases.tsv")).read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
DATES = st.dates(date(1900, 1, 1), date(2100, 1, 1))
PIECES = [*(line[0] for line in LINES), " ", ", ", "，", "not ", "no ", "-", '"', "in ", "的", "\0"]


def left_words(question: QuestionParts) -> str:
    """Return the words that a question is ranked by; what leads away has a minus."""
    return " | ".join(map(_term, question.terms))


def meaning(question: QuestionParts) -> str:
    """Return the filter of a question, and its offers in brackets."""
    parts = [each.where for each in question.readings if each.where and each.is_applied]
    parts += [f"[{each.where}]" for each in question.readings if not each.is_applied]
    return "; ".join(parts)


def _term(term: Term) -> str:
    assert isinstance(term, TextTerm | ConceptTerm)
    text = term.text if isinstance(term, TextTerm) else f"concept:{term.name}"
    return text if term.weight > 0 else f"-{text}"


@pytest.mark.parametrize(("phrase", "words", "filters"), LINES, ids=[line[0] for line in LINES])
def test_a_phrase_is_read_as_its_line_says(phrase: str, words: str, filters: str) -> None:
    question = read_question(phrase, TODAY, WORDS)
    assert (left_words(question), meaning(question)) == (words, filters)


def test_there_are_phrases_enough_of_each_kind() -> None:
    phrases = {phrase for phrase, _, _ in LINES}
    plain = {phrase for phrase, words, filters in LINES if words == phrase and not filters}
    chinese = {phrase for phrase in phrases if any("\u3400" <= each <= "\u9fff" for each in phrase)}
    assert len(phrases) == len(LINES) >= 200
    assert len(plain) >= 60 and len(plain & chinese) >= 20 and len(chinese - plain) >= 50


@pytest.mark.parametrize("phrase", [line[0] for line in LINES])
def test_each_reading_names_its_piece_and_can_be_taken_back(phrase: str) -> None:
    readings = read_question(phrase, TODAY, WORDS).readings
    for reading in readings:
        assert phrase[reading.start : reading.end] == reading.text
        rest = read_question(phrase, TODAY, WORDS, [reading.text.upper()]).readings
        # Fillers are left out only next to a filter.
        others = [each for each in readings if each.text != reading.text and each.kind != "filler"]
        assert [each for each in rest if each.kind != "filler"] == others
    all_plain = read_question(phrase, TODAY, WORDS, [each.text for each in readings])
    assert all_plain.where is None and not all_plain.readings
    assert all_plain.terms == tuple(parse_query_text(phrase.strip()))


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), DATES)
def test_any_text_is_read_without_an_error(text: str, today: date) -> None:
    question = read_question(text, today, WORDS)
    ends = [0]
    for reading in question.readings:
        assert ends[-1] <= reading.start < reading.end <= len(text)
        assert text[reading.start : reading.end] == reading.text
        if reading.where:
            parse(reading.where)
        ends.append(reading.end)


def test_a_text_of_a_thousand_words_stays_words() -> None:
    text = "no grass in 2019 " * 1_000
    question = read_question(text, TODAY, WORDS)
    assert not question.readings and len(text) > MAX_CHARACTERS
    text = text[:MAX_CHARACTERS]
    assert len(read_question(text, TODAY, WORDS).readings) > 50


def test_without_a_vocabulary_no_camera_and_no_place_is_read() -> None:
    for text in ("canon", "in Lisbon", "event:wedding"):
        assert not read_question(text, TODAY).readings
