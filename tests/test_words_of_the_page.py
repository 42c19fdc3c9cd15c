"""The words of the pages: a person who never heard of embeddings understands every one."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.mapping.make import make_map
from search.catalog.records import Failure, RunCounts
from search.encoders.tiny import TinyEncoder
from search.engine import Engine
from search.pictures.faults import other_kind, without_end
from tests.colour_web import (
    COLLECTION,
    COLOURS,
    let_builtin_answer,
    opened,
    settings_in,
    store,
    store_colours,
)

pytestmark = pytest.mark.slow

WORDS = {
    "builtin": "a name of the command line",
    "encoders?": "the page says recognizer",
    "encoder pairs?|pairs?": "the page says recognizer",
    "networks?": "nobody sees one",
    "embed\\w*": "nobody sees one",
    "cosine": "order is strength",
    "relevance": "order is strength",
    "recall": "the page says hit rate",
    "vectors?": "nobody sees one",
    "spaces?": "nobody sees one",
    "index\\w*": "pictures are added",
    "ann": "nobody sees one",
    "adapters?": "what was learned from marks",
    "concepts?": "words of your own",
    "tokens?": "the page says access key",
    "workers?": "work starts by itself",
    "kept|keep": "the page says saved and save",
    "truncated": "a file is cut short",
    "invalid|oops|please": "an error says what happened, and what next",
    "look after": "the page says rename and remove",
    "no such|errno|traceback|none type": "no word of a program",
    "编码器": "页面上叫识别器",
    "向量|余弦|嵌入|索引|令牌|概念|适配器|模型": "不懂程序的人看不懂",
    "您": "不用您",
}
"""What no page says, with the reason; words are whole words, in any case."""

NUMBERS = {
    r"\b[45]\d\d (?:Bad|Not|For|Conf|Int|Serv|Too|Uns|Req|Un|Met)\w*": "a status is for programs",
    r"\b\d+(?:\.\d+)? ?(?:ms|毫秒|milliseconds)\b": "nobody counts milliseconds",
    r"\bid[:=] ?\d": "an id is for programs",
}

PAGES = (
    "/",
    "/?q=red",
    "/?q=wxyz",
    "/?q=red&panel=1",
    "/?text=red&similar=1&weight=-0.5",
    "/?q=red&more=1&less=2",
    "/?q=red&start=0",
    "/?q=red&where=date+%3E+2030",
    "/?where=id+%3D+1,3-4",
    "/pictures/1",
    "/pictures/1?q=red&rank=1",
    "/pictures/999",
    "/nothing",
    "/kept",
    "/boards/1",
    "/boards/9",
    "/add",
    "/collections",
    "/collections/colours",
    "/collections/colours?passed=2&refused=kind+a.docx",
    "/collections/coming",
    "/collections/working",
    "/collections/offered",
    "/collections/nothing",
    "/collections/colours/remove",
    "/collections/colours/pair",
    "/collections/colours/map",
    "/collections/colours/map?q=red",
    "/collections/offered/map",
    "/narrow?q=red&field=size&least=abc",
    "/sign-in",
)

FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/collections/colours/rename", {"name": "offered"}),
    ("/collections/colours/rename", {"name": "a/b"}),
    ("/boards", {"name": "walls"}),
    ("/saved", {"name": "red walls", "q": "red"}),
    ("/collections", {"name": "x", "folder": "/nowhere"}),
    ("/jobs/99/cancel", {}),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Yield a client of an application whose collections are in every state."""
    folder = tmp_path_factory.mktemp("words")
    with opened(settings_in(folder / "data")) as (engine, client):
        _fill(engine, folder)
        yield client


def _fill(engine: Engine, folder: Path) -> None:
    catalog = engine.catalog
    ids = list(store_colours(catalog, folder / "in", COLOURS).values())
    store(catalog, folder / "offered.png", "red", collection="offered")
    let_builtin_answer(engine, "offered")
    catalog.boards.create("walls", ids[:2])
    catalog.saved_searches.save("red walls", "q=red")
    colours = catalog.collections.one(COLLECTION)
    page = other_kind(b"<!doctype html>", "'/c.jpg'")
    assert page is not None
    catalog.failures.record(
        colours,
        [
            Failure(Path("/a.jpg"), "truncated", without_end("'/a.jpg'").message),
            Failure(Path("/c.jpg"), "not an image", page.message),
            *(
                Failure(Path(f"/{at}.jpg"), reason, "")
                for at, reason in enumerate(("missing", "too large", "timed out", "crashed"))
            ),
        ],
    )
    make_map(engine, colours, lambda _: None)
    jobs = catalog.jobs
    done = jobs.start(colours, "index", folder)
    jobs.update(done, RunCounts(found=9, added=5, changed=1, removed=1, failed=2), "done")
    jobs.ask("coming", "index", {"sources": ["/x"], "name": "coming"})
    working = catalog.collections.open("working", TinyEncoder().space)
    running = jobs.start(working, "index", folder)
    jobs.update(running, RunCounts(found=9, added=4, failed=1), total=9)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_word_of_the_trade(client: FlaskClient, path: str, language: str) -> None:
    headers = {"Accept-Language": language}
    assert found_in(client.get(path, headers=headers).text) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_no_refusal_has_a_word_of_the_trade(
    client: FlaskClient, path: str, fields: dict[str, str], language: str
) -> None:
    answer = client.post(path, data=fields, headers={"Accept-Language": language})
    assert answer.status_code >= 400 and found_in(answer.text) == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>its cosine</p>", ["cosine"]),
        ('<a title="The index">x</a>', ["index"]),
        ("<p>404 Not Found</p><p>12 ms</p>", ["404 Not", "12 ms"]),
        ("<pre><code>limn index x</code></pre><a href='/encoders'>spacious</a>", []),
        ("<p>按向量</p>", ["向量"]),
    ],
)
def test_the_words_are_found_where_they_are(page: str, found: list[str]) -> None:
    assert found_in(page) == found


def found_in(page: str) -> list[str]:
    """Return the words that a page must not say; commands to type may have them."""
    texts = visible(page)
    patterns = [*(rf"\b(?:{word})\b" if word.isascii() else word for word in WORDS), *NUMBERS]
    return [found for each in patterns for found in re.findall(each, texts, re.IGNORECASE)]


def visible(page: str) -> str:
    """Return what a page says: its texts, and the attributes that are read or shown."""
    body = re.sub(r"<(script|style|code|pre|kbd)\b.*?</\1>", " ", page, flags=re.DOTALL)
    names = "aria-label|title|alt|placeholder|data-(?:[a-z]+-)?words|data-lost|data-silent"
    said = rf'(?:{names})="([^"]*)"'
    attributes = re.findall(said, body)
    texts = re.sub(r"<[^>]*>", "\n", body)
    return html.unescape("\n".join([texts, *attributes]))
