"""Codes of errors: one text each, translated for pages, sent to programs."""

import ast
import re
import shlex
import string
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from pickle import dumps, loads

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

from search.errors import (
    BadPicture,
    EncoderUnavailable,
    LimnError,
    Message,
    NotFound,
    system_reason,
)

ROOT = Path(__file__).parents[1]
TRANSLATIONS = ROOT / "web" / "translations"
CHINESE = TRANSLATIONS / "zh" / "LC_MESSAGES"
ENGLISH = TRANSLATIONS / "en" / "LC_MESSAGES"

# Modules whose errors, notes, failures or messages of jobs a page can show.
SHOWN = (
    "indexer/indexing",
    "indexer/mapping",
    "indexer/sources",
    "search/concepts",
    "search/documents",
    "search/encoders",
    "search/query/filters",
    "search/pictures",
    "search/query",
    "search/ranking",
    "web/api",
    "web/auth",
    "web/middleware",
    "web/pages",
    "web/requests",
    "web/services",
)

# A page adds these itself: the place in the server's log, and the reasons of operating systems.
BY_PAGE = ("error-logged", "system-")

# Values that are English words, and the values that the Chinese texts use in their place.
WORDS = {
    "collection-of-another-encoder": ({"remedy"}, set()),
    "page-past-end": ({"hits"}, {"count"}),
    "page-size-out-of-range": ({"things"}, set()),
    "second-space-occupied": ({"option"}, set()),
}


def classes() -> set[str]:
    """Return the names of the classes that take a code and a template."""
    names = {"LimnError", "Message"}
    bases: dict[str, set[str]] = defaultdict(set)
    for _, node in nodes():
        if isinstance(node, ast.ClassDef):
            bases[node.name] |= {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    while more := {name for name, above in bases.items() if above & names} - names:
        names |= more
    return names


@cache
def nodes() -> Sequence[tuple[str, ast.AST]]:
    """Return every node of the sources of search, indexer and web, with its file."""
    return [
        (str(path.relative_to(ROOT)), node)
        for package in ("search", "indexer", "web")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


@pytest.fixture(scope="module")
def raised() -> Mapping[str, set[tuple[str, str]]]:
    """Return the texts of each code, each with its file."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    names = classes()
    for file, node in nodes():
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        code, template = (*node.args[name == "BadPicture" :], None, None)[:2]
        if name in names and isinstance(code, ast.Constant) and isinstance(template, ast.Constant):
            found[str(code.value)].add((str(template.value), file))
    return found


def fields(template: str) -> set[str]:
    """Return the names of the values in a template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_a_name_in_a_command_is_quoted_for_a_shell(
    raised: Mapping[str, set[tuple[str, str]]],
) -> None:
    """Names of collections and encoders hold blanks and $(...), and the lines are pasted."""
    texts = [text for texts in raised.values() for text, _ in texts]
    for folder in (CHINESE, ENGLISH):
        with (folder / "errors.po").open("rb") as file:
            texts += [str(message.string) for message in read_po(file)]
    bare = re.compile(r"limn [a-z][^;,()：；，]*\{(?:name|encoder|wanted_encoder)\}")
    assert [text for text in texts if bare.search(text)] == []
    name = "a b's $(date)"
    message = Message("test", "see: limn info {name!q}, of {name!r}", name=name)
    words = message.removeprefix("see: limn info ").removesuffix(f", of {name!r}")
    assert shlex.split(words) == [name]


def test_a_code_has_one_text(raised: Mapping[str, set[tuple[str, str]]]) -> None:
    assert len(raised) > 250
    several = {
        code: texts for code, texts in raised.items() if len({text for text, _ in texts}) > 1
    }
    assert several == {}


@pytest.mark.parametrize("folder", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_translations_go_by_codes_that_exist_and_by_their_values(
    raised: Mapping[str, set[tuple[str, str]]], folder: Path
) -> None:
    with (folder / "errors.po").open("rb") as file:
        catalog = [message for message in read_po(file) if message.id]
    catalog = [each for each in catalog if not str(each.id).startswith(BY_PAGE)]
    assert {str(message.id) for message in catalog} <= set(raised)
    for message in catalog:
        code = str(message.id)
        known = set().union(*(fields(text) for text, _ in raised[code]))
        if code.startswith("picture-"):
            known -= {"name"}  # the page writes the name in front
        words, own = WORDS.get(code, (set(), set()))
        assert fields(str(message.string)) == known - words | own, code


def test_english_texts_of_the_page_name_no_command() -> None:
    with (ENGLISH / "errors.po").open("rb") as file:
        texts = [str(message.string) for message in read_po(file) if message.id]
    assert [text for text in texts if "limn " in text or " --" in text] == []


def test_what_a_page_can_show_is_translated(
    raised: Mapping[str, set[tuple[str, str]]],
) -> None:
    with (CHINESE / "errors.po").open("rb") as file:
        translated = {str(message.id) for message in read_po(file, locale="zh") if message.id}
    shown = {
        code for code, texts in raised.items() if any(file.startswith(SHOWN) for _, file in texts)
    }
    assert shown - translated - {"redirect"} == {"upload-unwritable"}, "which clients never read"


@pytest.mark.parametrize("folder", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_the_compiled_errors_are_those_of_the_source(folder: Path) -> None:
    """Compare the compiled catalog; to update: `pybabel compile -D errors -d web/translations`."""
    with (folder / "errors.po").open("rb") as file:
        source = {each.id: each.string for each in read_po(file) if each.id}
    with (folder / "errors.mo").open("rb") as file:
        assert {each.id: each.string for each in read_mo(file) if each.id} == source


def test_reasons_of_the_operating_system_have_codes() -> None:
    own = {
        file
        for file, node in nodes()
        if isinstance(node, ast.Attribute) and node.attr == "strerror"
    }
    assert own == {"search/errors.py", "indexer/demo/before.py"}, "before.py prints, and no page"
    for error, text in ((OSError(2, "Not there"), "Not there"), (TimeoutError(), "TimeoutError")):
        assert system_reason(error) == text
    assert system_reason(OSError(2, "Not there")).code == "system-enoent"


def test_clients_read_no_folders_and_translations_of_the_rest() -> None:
    reason = Message("system-x", "no {file}", file="/srv/models/a.onnx")
    error = EncoderUnavailable("pair-x", "{file}: {reason}", file="/srv/models/b", reason=reason)
    assert (error.outside, error.outside.code) == ("b: no a.onnx", "pair-x")
    inner = error.outside.values["reason"]
    assert isinstance(inner, Message)
    assert (inner, inner.code, inner.values) == ("no a.onnx", "system-x", {"file": "a.onnx"})


def test_programs_read_the_code_and_the_values_of_an_error(client: FlaskClient) -> None:
    problem = client.get("/api/v1/pictures/4711").json
    assert problem is not None
    assert (problem["code"], problem["values"]) == ("unknown-picture", {"id": 4711})
    problem = client.get("/api/v1/search?q=red&k=0").json
    assert problem is not None
    assert problem["code"] == "k-out-of-range" and problem["values"]["k"] == 0
    assert problem["detail"].startswith("can't return 0 results")


def test_values_that_are_messages_are_translated_too(client: FlaskClient) -> None:
    page = client.get("/?q=red&start=x&lang=zh")
    assert page.status_code == 400 and "整数" in page.text


def test_errors_travel_between_processes_whole() -> None:
    error = NotFound("unknown-x", "there is no {name!r} of {count:,}", name="a b", count=12345)
    copy: LimnError = loads(dumps(error))
    assert str(copy) == "there is no 'a b' of 12,345"
    assert (copy.code, copy.message.values) == ("unknown-x", {"name": "a b", "count": 12345})
    picture = loads(dumps(BadPicture("not an image", "picture-x", "{name} is {{}}", name="a.jpg")))
    assert (str(picture), picture.reason) == ("a.jpg is {}", "not an image")
    assert (picture.code, picture.message.code) == ("picture-not-an-image", "picture-x")
    note = loads(dumps(Message("note", "one")))
    assert (note, note.code) == ("one", "note")
