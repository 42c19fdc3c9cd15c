"""The text in pictures in the catalog: stored once a content, found by its words, removed."""

from dataclasses import replace
from pathlib import Path

import pytest

from search.catalog.catalog import Catalog
from search.catalog.records import EmbeddedPicture
from search.catalog.text_records import PictureToRead, ReadingState, TextRecord
from search.errors import Message
from search.query.filters.grammar import parse
from search.query.filters.tree import Condition, Filter
from search.records import Collection, TextLine
from search.text.spelling import is_misread, written_words
from tests.small_catalog import SPACE, embedded, unit

READER = "test 1"


@pytest.fixture
def collection(catalog: Catalog) -> Collection:
    return catalog.collections.open("c", SPACE)


def picture(name: str, content: bytes = b"") -> EmbeddedPicture:
    """Return a picture with a content of its own, or with the given one."""
    item = embedded(f"/p/{name}", unit(1, 0, 0, 0))
    digest = (content or name.encode()).ljust(32, b".")
    return replace(item, file=replace(item.file, content_hash=digest))


def line(text: str, confidence: float = 0.97) -> TextLine:
    return TextLine(text, confidence, (0.1, 0.2, 0.5, 0.25))


def unread_by_name(
    catalog: Catalog, collection: Collection, *states: ReadingState, reader: str = READER
) -> dict[str, PictureToRead]:
    pictures = catalog.text.pictures_to_read(collection, reader, states)
    return {picture.path.name: picture for picture in pictures}


def store(catalog: Catalog, collection: Collection, **texts: str) -> dict[str, int]:
    """Store pictures with these texts, by the pictures' names; return their ids."""
    catalog.writer.store(collection, [picture(name) for name in texts])
    pictures = unread_by_name(catalog, collection)
    readings = [
        TextRecord(pictures[name], "read", tuple(map(line, text.splitlines())))
        for name, text in texts.items()
    ]
    catalog.text.store(collection, READER, readings)
    return {name: pictures[name].id for name in texts}


def found(catalog: Catalog, collection: Collection, question: str) -> set[int]:
    text = catalog.text_words.find(question, [collection.id])
    return set() if text is None else set(text.words)


def test_a_picture_is_read_once_until_its_content_or_the_reader_changes(
    catalog: Catalog, collection: Collection
) -> None:
    store(catalog, collection, a="Total 12.50", b="")
    assert not unread_by_name(catalog, collection)
    catalog.writer.store(collection, [picture("a"), picture("b")])  # indexed again
    assert not unread_by_name(catalog, collection)
    assert set(unread_by_name(catalog, collection, reader="test 2")) == {"a", "b"}
    catalog.writer.store(collection, [picture("a", b"other")])
    assert set(unread_by_name(catalog, collection)) == {"a"}
    assert not found(catalog, collection, "total")


def test_failures_and_skipped_pictures_are_read_again_only_when_wanted(
    catalog: Catalog, collection: Collection
) -> None:
    catalog.writer.store(collection, [picture(name) for name in "abc"])
    pictures = unread_by_name(catalog, collection)
    detail = Message("text-reading-crashed", "reading the text in {name} crashed", name="a")
    readings = [
        TextRecord(pictures["a"], "failed", detail=detail),
        TextRecord(pictures["b"], "skipped"),
        TextRecord(pictures["c"], "read", (line("EXIT"),)),
    ]
    catalog.text.store(collection, READER, readings)
    assert not unread_by_name(catalog, collection)
    assert set(unread_by_name(catalog, collection, "failed")) == {"a"}
    assert set(unread_by_name(catalog, collection, "failed", "skipped")) == {"a", "b"}
    counts = catalog.text.counts(collection, READER)
    assert (counts.with_text, counts.read_count, counts.skipped_count, counts.failed_count) == (
        1,
        1,
        1,
        1,
    )
    [(path, reason)] = catalog.text.failures(collection)
    assert path == Path("/p/a")
    assert isinstance(reason, Message)
    assert reason.code == "text-reading-crashed"


def test_the_reading_of_a_content_serves_its_copies(
    catalog: Catalog, collection: Collection
) -> None:
    store(catalog, collection, a="Platform 7")
    other = catalog.collections.open("d", SPACE)
    catalog.writer.store(other, [picture("copy", b"a")])
    [copy] = unread_by_name(catalog, other).values()
    [reading] = catalog.text.copies([copy], READER).values()
    assert [each.text for each in reading.lines] == ["Platform 7"]
    assert catalog.text.copies([copy], "test 2") == {}
    catalog.text.store(other, READER, [reading])
    assert found(catalog, other, "platform") == {copy.id}


def test_a_reading_of_what_a_file_was_before_is_not_stored(
    catalog: Catalog, collection: Collection
) -> None:
    catalog.writer.store(collection, [picture("a")])
    [before] = unread_by_name(catalog, collection).values()
    catalog.writer.store(collection, [picture("a", b"other")])
    assert catalog.text.store(collection, READER, [TextRecord(before, "read", (line("old"),))]) == 0
    assert not found(catalog, collection, "old")


def test_lines_come_with_their_pictures(catalog: Catalog, collection: Collection) -> None:
    ids = store(catalog, collection, a='He said "no"\n北京烤鸭 \\ 48元', b="")
    first, second = catalog.pictures.one(ids["a"]).text
    assert (first.text, second.text) == ('He said "no"', "北京烤鸭 \\ 48元")
    assert first.confidence == 0.97
    assert first.box == (0.1, 0.2, 0.5, 0.25)
    assert catalog.pictures.one(ids["b"]).text == ()


def test_removing_a_picture_removes_its_text(catalog: Catalog, collection: Collection) -> None:
    ids = store(catalog, collection, a="Riverside clinic", b="Riverside hotel")
    assert found(catalog, collection, "riverside") == set(ids.values())
    catalog.writer.remove(collection, [ids["a"]])
    assert found(catalog, collection, "riverside") == {ids["b"]}
    assert catalog.text.counts(collection, READER).with_text == 1


def test_stored_text_is_a_change_of_the_collection(
    catalog: Catalog, collection: Collection
) -> None:
    catalog.writer.store(collection, [picture("a"), picture("b")])
    last = catalog.changes.last(collection.id)
    pictures = unread_by_name(catalog, collection)
    catalog.text.store(collection, READER, [TextRecord(pictures["a"], "read")])
    assert catalog.changes.last(collection.id) == last
    catalog.text.store(collection, READER, [TextRecord(pictures["b"], "read", (line("EXIT"),))])
    assert catalog.changes.last(collection.id) > last


def test_words_are_found_in_forms_of_them_and_misread_by_one_letter(
    catalog: Catalog, collection: Collection
) -> None:
    ids = store(
        catalog,
        collection,
        invoice="Invoice 4711",
        misread="lnvoice 4711",
        short="a cat",
        name="Dr. Kowalczyk",
        chinese="今日北京烤鸭特价",
        accent="Café Central",
    )
    answers: dict[str, set[str]] = {
        "invoice": {"invoice", "misread"},
        "invoices": {"invoice"},
        "INVOICE 4711": {"invoice", "misread"},
        "4712": set(),
        "47110": set(),
        "cat": {"short"},
        "cut": set(),  # three letters: another word, not a misread one
        "kowalczyk": {"name"},
        "kowalczik": {"name"},
        "烤鸭": {"chinese"},
        "北京烤鸭": {"chinese"},
        "上海": set(),
        "café": {"accent"},
        "nothing of all this": set(),
    }
    for question, names in answers.items():
        wanted = {ids[name] for name in names}
        assert found(catalog, collection, question) == wanted, question


def test_filters_on_text(catalog: Catalog, collection: Collection) -> None:
    ids = store(catalog, collection, a="Invoice 4711", b='He said "no"\n特价', c="")
    answers: dict[str, set[str]] = {
        "text ~ invoice": {"a"},
        'text ~ "voice 47"': {"a"},
        "text ~ 特价": {"b"},
        "has = text": {"a", "b"},
        "not has = text": {"c"},
        "text ~ nothing": set(),
    }
    filters: dict[Filter, set[str]] = {parse(text): names for text, names in answers.items()}
    filters[Condition("text", "~", 'said "no"')] = {"b"}
    for condition, names in filters.items():
        where = catalog.filters.resolve([collection.id], condition)
        passing_ids = catalog.filters.ids([collection.id], where)[collection.id]
        assert set(passing_ids.tolist()) == {ids[name] for name in names}, condition


@pytest.mark.parametrize(
    ("word", "other", "misread"),
    [
        ("invoice", "lnvoice", True),
        ("invoice", "invoce", True),
        ("invoice", "invvoice", True),
        ("invoice", "lnvolce", False),
        ("tower", "power", True),
        ("four", "tour", False),
        ("12345", "12346", False),
        ("12345", "123455", False),
        ("b00king", "bo0king", True),
    ],
)
def test_one_letter_of_five_may_be_misread_and_no_digit(
    word: str, other: str, misread: bool
) -> None:
    assert is_misread(word, other) is misread


def test_written_words_are_as_written_but_for_case() -> None:
    assert written_words("Total: 12 Invoices, INVOICES of the 北京") == (
        *("total", "12", "invoices", "北", "京", "北京"),
    )
