"""Refused forms: the form again, with status, typed values, and the reason at the field."""

import html
import re
from collections.abc import Iterator
from errno import EACCES
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indexer.sources import not_read
from search.bootstrap import open_engine
from search.catalog.records import Failure
from search.engine import Engine
from search.errors import EncoderUnavailable
from search.pictures.faults import without_end
from search.records import Caption
from tests.colour_web import COLLECTION, opened, picture_bytes, settings_in, store, store_colours
from web.app import create_app
from web.services.free_names import next_free

pytestmark = pytest.mark.slow

LONG = "x" * 201


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    """Yield an application with two collections and two saved items of each kind."""
    (tmp_path / "shared").mkdir()
    settings = settings_in(tmp_path / "data", roots=(tmp_path / "shared",))
    with opened(settings) as (engine, client):
        catalog = engine.catalog
        store_colours(catalog, tmp_path / "pictures", ("red", "blue", "green"))
        store(catalog, tmp_path / "other.png", "red", [Caption("a wall")], collection="other")
        for name in ("first", "second"):
            catalog.boards.create(name, [1, 2])
            catalog.saved_searches.save(name, "q=red")
        client.post("/concepts", data={"q": "red", "name": "first"})
        yield engine, client


def fields(page: str) -> list[dict[str, str]]:
    """Return the attributes of the fields marked as wrong; an area's value is its text."""
    found = re.findall(r"<(input|textarea)([^>]*aria-invalid=\"true\"[^>]*)>([^<]*)", page)
    told = []
    for kind, attributes, text in found:
        pairs = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        value = text if kind == "textarea" else pairs.get("value", "")
        told.append({**pairs, "value": html.unescape(value)})
    return told


def comes_back(answer: TestResponse, status: int, headline: str, why: str) -> list[dict[str, str]]:
    """Return the wrong fields of a page, which must have the status, headline and reason."""
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    page = answer.text
    told = html.unescape(page)
    assert headline in told and why in told and 'role="alert"' in page
    assert "That can’t be searched" not in told and "went wrong in the server" not in told
    wrong = fields(page)
    for each in wrong:
        at = re.search(rf'id="{each["aria-describedby"]}"[^>]*>([^<]*)', page)
        assert at is not None and why in html.unescape(at[1]), "the message stands at the field"
    return wrong


@pytest.mark.parametrize(
    ("address", "name", "free"),
    [
        ("/collections/colours/rename", "other", "other 2"),
        ("/collections/colours/rename", "a/b", "a b"),
        ("/boards", "first", "first 2"),
        ("/saved", "second", "second 2"),
    ],
)
def test_a_name_that_is_free_is_offered(
    web: tuple[Engine, FlaskClient], address: str, name: str, free: str
) -> None:
    client = web[1]
    told = html.unescape(client.post(address, data={"name": name, "q": "red"}).text)
    assert f"“{free}” is free." in told and f'data-take="{free}"' in told
    chinese = client.post(f"{address}?lang=zh", data={"name": name, "q": "red"})
    assert f"“{free}”可以用。" in html.unescape(chinese.text)


@pytest.mark.parametrize(
    ("name", "used", "free"),
    [
        ("Trips", ["trips"], "Trips 2"),
        ("Trips", ["Trips", "Trips 2"], "Trips 3"),
        ("Trips 9", ["Trips 9"], "Trips 10"),
        ("2024", ["2024"], "2025"),
        ("x" * 200, ["x" * 200], "x" * 192 + " 2"),
    ],
)
def test_a_free_name_goes_on_counting(name: str, used: list[str], free: str) -> None:
    assert next_free(name, frozenset(each.casefold() for each in used)) == free


TAKEN = "That name is taken"
NOT_DONE = "That was not done"


@pytest.mark.parametrize(
    ("address", "form", "status", "headline", "why"),
    [
        ("/collections/colours/rename", {"name": "other"}, 409, TAKEN, "already"),
        ("/collections/colours/rename", {"name": "a/b"}, 400, NOT_DONE, "no slash"),
        ("/collections/colours/rename", {"name": LONG}, 400, NOT_DONE, "1 to 200"),
        ("/boards/1/rename", {"name": "second"}, 409, TAKEN, "already"),
        ("/boards/1/rename", {"name": LONG}, 400, NOT_DONE, "1 to 200"),
        ("/boards", {"name": "first"}, 409, TAKEN, "already"),
        ("/boards", {"name": "first", "id": "3", "q": "red"}, 409, TAKEN, "already"),
        ("/boards", {"name": "first", "id": "1", "on": "1"}, 409, TAKEN, "already"),
        ("/saved", {"name": "first", "q": "blue"}, 409, TAKEN, "already"),
        ("/saved", {"name": LONG, "q": "blue"}, 400, NOT_DONE, "1 to 200"),
        ("/saved/1/rename", {"name": "second"}, 409, TAKEN, "already"),
        ("/concepts", {"name": "first", "q": "blue"}, 409, TAKEN, "already"),
        ("/concepts", {"name": "two words", "q": "blue"}, 400, NOT_DONE, "can't be named"),
        ("/collections", {"name": "x/y", "folder": "{root}"}, 400, NOT_DONE, "no slash"),
    ],
)
def test_a_name_that_is_not_taken_is_there_to_be_changed(
    web: tuple[Engine, FlaskClient],
    tmp_path: Path,
    address: str,
    form: dict[str, str],
    status: int,
    headline: str,
    why: str,
) -> None:
    form = {key: each.replace("{root}", str(tmp_path / "shared")) for key, each in form.items()}
    answer = web[1].post(address, data=form)
    [field] = comes_back(answer, status, headline, why)
    assert (field["name"], field["value"]) == ("name", form["name"])
    question = {key: each for key, each in form.items() if key in ("q", "on")}
    for key, value in question.items():
        assert f'name="{key}"' in answer.text and f'value="{value}"' in answer.text
    if "id" in form and "on" not in form:
        assert f'name="id" value="{form["id"]}" data-was-selected' in answer.text
    chinese = web[1].post(f"{address}?lang=zh", data=form)
    assert chinese.status_code == status and '<html lang="zh">' in chinese.text
    assert f'lang="zh">{why}' not in chinese.text and "请" in chinese.text


def test_a_note_that_is_too_long_is_not_lost(web: tuple[Engine, FlaskClient]) -> None:
    note = "<b>" + "n" * 2_000
    answer = web[1].post("/boards/1/note", data={"picture": "2", "note": note})
    [field] = comes_back(answer, 400, NOT_DONE, "the note has 2,003 characters")
    assert (field["name"], field["value"]) == ("note", note)


@pytest.mark.parametrize("address", ["/collections", "/collections/colours/files"])
def test_files_that_are_not_taken_are_named_with_the_reason(
    web: tuple[Engine, FlaskClient], address: str
) -> None:
    _, client = web

    def send(*names: str) -> TestResponse:
        files: list[Any] = [(BytesIO(picture_bytes("red")), name) for name in names]
        return client.post(address, data={"name": "sent", "files": files or [(BytesIO(), "")]})

    [field] = comes_back(send("a.docx", "b <c>.xlsx"), 400, NOT_DONE, "none of the files can be")
    assert (field["type"], field["name"]) == ("file", "files")
    told = html.unescape(send("a.docx", "b <c>.xlsx").text)
    assert "a.docx</span> · it is no picture, no film and no archive of pictures" in told
    assert "b <c>.xlsx</span> · it is no picture" in told
    comes_back(send(), 400, NOT_DONE, "no file was sent; choose pictures")
    for page in (client.get(send("one.png", "a.docx").headers["Location"]),):
        assert "1 file was not taken:" in page.text and "a.docx" in page.text
    page = client.get(send("two.png", "one.png", *(f"{n}.txt.x" for n in range(30))).location or "")
    assert "31 files were not taken:" in page.text and "and 11 more" in page.text
    again = client.get(send("one.png").headers["Location"])
    assert "one.png</span> · the same file is there already" in again.text
    assert "相同的文件已经有了" in client.get(f"{send('one.png').location}&lang=zh").text


def test_the_api_names_the_files_that_are_not_taken(web: tuple[Engine, FlaskClient]) -> None:
    files = [(BytesIO(picture_bytes("red")), "one.png"), (BytesIO(b"x"), "a/b.docx")]
    told = web[1].post("/api/v1/collections", data={"name": "sent", "files": files})
    assert told.status_code == 202 and told.json is not None
    assert told.json["refused"] == [{"name": "b.docx", "reason": "kind"}]


def test_a_name_for_files_is_kept_when_it_is_not_taken(web: tuple[Engine, FlaskClient]) -> None:
    form = {"name": "no/slash", "files": [(BytesIO(picture_bytes("red")), "red.png")]}
    [field] = comes_back(web[1].post("/collections", data=form), 400, NOT_DONE, "no slash")
    assert (field["id"], field["value"]) == ("name-files", "no/slash")


def test_what_is_too_large_comes_back_as_the_form(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data", max_sent_bytes=2_000)) as (_, client):
        kind = "multipart/form-data; boundary=here"
        answer = client.post("/collections", data=b"x" * 2_000_000, content_type=kind)
        [field] = comes_back(answer, 413, "That is too large", "2,000 bytes together")
        assert field["name"] == "files"


def test_a_folder_that_may_not_be_indexed_is_told_beside_those_that_may(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    form = {"name": "mine", "folder": "/etc"}
    answer = web[1].post("/collections", data=form)
    comes_back(answer, 404, "Not here", "'/etc' is no folder that may be added from here")
    assert 'value="mine"' in answer.text


def test_a_filter_that_can_not_be_read_stands_in_its_field(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    engine, client = web
    store(engine.catalog, tmp_path / "priced.png", "white", fields={"price": 3.5})
    store(engine.catalog, tmp_path / "dear.png", "black", fields={"price": 9})
    form = "panel=field.price&collection=colours&field=field.price&least=cheap&most=9"
    answer = client.get(f"/narrow?{form}")
    assert (answer.status_code == 400 and "can&#39;t be &#39;cheap&#39;" in answer.text) or (
        "compares with what is neither a number nor a date" in answer.text
    )
    [field] = fields(answer.text)
    assert (field["name"], field["value"]) == ("least", "cheap")


def test_what_is_at_work_can_not_be_renamed_or_removed(web: tuple[Engine, FlaskClient]) -> None:
    engine, client = web
    collection = engine.catalog.collections.one(COLLECTION)
    with engine.catalog.lock(collection):
        renamed = client.post("/collections/colours/rename", data={"name": "walls"})
        removed = client.post("/collections/colours/remove")
    headline = "The collection is at work"
    [field] = comes_back(renamed, 409, headline, "is being indexed by another process")
    assert field["value"] == "walls"
    comes_back(removed, 409, headline, "is being indexed by another process")
    assert "Remove it" in removed.text


def test_what_is_gone_is_told_on_the_page_of_its_list(web: tuple[Engine, FlaskClient]) -> None:
    for address in ("/saved/9/forget", "/saved/9/rename", "/concepts/none/forget"):
        answer = web[1].post(address, data={"name": "x"})
        assert answer.status_code == 404 and "Saved searches" in answer.text, address
    for address in ("/boards/9/rename", "/boards/9/note", "/collections/none/rename"):
        answer = web[1].post(address, data={"name": "x", "picture": "1", "note": ""})
        assert answer.status_code == 404 and "<h1>Not here</h1>" in answer.text, address
        assert 'class="banner refused"' not in answer.text, address


def test_a_question_that_is_refused_keeps_its_chips_and_collections(
    web: tuple[Engine, FlaskClient],
) -> None:
    page = web[1].get("/?q=red&text=wall&similar=1&weight=0.5&weight=1&more=2&where=nonsense")
    assert page.status_code == 400 and "That can’t be searched" in page.text
    for part in ('name="text" value="wall"', 'name="similar" value="1"', 'name="more" value="2"'):
        assert part in page.text, part
    assert '<option value="other">' in page.text


def test_of_several_pictures_the_one_that_can_not_be_read_is_named(
    web: tuple[Engine, FlaskClient],
) -> None:
    def send(address: str) -> TestResponse:
        good, bad = BytesIO(picture_bytes("red")), BytesIO(b"words, and no picture")
        files = [(good, "red.png"), (bad, "notes.jpg")]
        return web[1].post(address, data={"q": "a wall", "text": "door", "image": files})

    answer = send("/")
    assert answer.status_code == 415
    assert "'notes.jpg' is not a picture that can be read" in html.unescape(answer.text)
    assert 'value="a wall"' in answer.text and 'name="text" value="door"' in answer.text
    assert "'notes.jpg'：这个文件不是可以读取的图片" in html.unescape(send("/?lang=zh").text)


def test_who_may_not_look_is_shown_nothing_beside_the_error(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with open_engine(settings) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red",))
        engine.catalog.boards.create("secret board", [1])
        engine.catalog.tokens.create("one", "read")
        client = create_app(engine, settings, want_tokens=True).test_client()
        for address in ("/", "/boards", "/saved", "/collections/colours/rename", "/mark"):
            answer = client.post(address, data={"name": "secret board", "similar": "1"})
            assert answer.status_code == 401, address
            assert "colours" not in answer.text and "a red wall" not in answer.text, address


def test_who_tries_too_many_tokens_still_has_the_form(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with open_engine(settings) as engine:
        engine.catalog.tokens.create("one", "read")
        client = create_app(engine, settings, want_tokens=True).test_client()
        form = {"token": "guessed", "next": "/kept"}
        answers = [client.post("/sign-in", data=form) for _ in range(11)]
    comes_back(answers[-1], 429, "One moment", "wait a little")
    assert 'value="/kept"' in answers[-1].text and "guessed" not in answers[-1].text
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert "Retry-After" not in answers[0].headers


def test_failures_are_told_in_full_and_in_chinese(web: tuple[Engine, FlaskClient]) -> None:
    engine, client = web
    collection = engine.catalog.collections.one(COLLECTION)
    old = "'/in/c.jpg' is cut short: its end is missing"
    failures = [
        Failure(Path("/in/a.jpg"), "truncated", without_end("'/in/a.jpg'").message),
        not_read(Path("/in/b.jpg"), PermissionError(EACCES, "Permission denied")),
        Failure(Path("/in/c.jpg"), "unsupported", old),
    ]
    engine.catalog.failures.record(collection, failures)
    page = html.unescape(client.get("/collections/colours").text)
    for told in (
        "a.jpg</b> <span>is cut short: its end is missing. Copy it again",
        "b.jpg</b> <span>can’t be opened. Let the server read it",
        "can't read it: Permission denied",
    ):
        assert told in page
    chinese = html.unescape(client.get("/collections/colours?lang=zh").text)
    for told in ("不完整，缺少结尾。", "从相机重新复制", "无法读取：没有权限"):
        assert told in chinese
    assert "是无法显示的类型。" in chinese
    assert '<small lang="en">it is cut short: its end is missing' in chinese


def test_a_job_that_failed_says_why_in_the_language_of_the_page(
    web: tuple[Engine, FlaskClient],
) -> None:
    engine, client = web
    jobs = engine.catalog.jobs
    collection = engine.catalog.collections.one(COLLECTION)
    job = jobs.start(collection, "index", Path("/in"))
    why = EncoderUnavailable("pair-missing", "there is no pair in {folder!r}", folder="/in/a")
    jobs.update(job, jobs.one(job).counts, "failed", why.outside)
    assert "there is no pair in 'a'" in html.unescape(client.get("/collections/colours").text)
    chinese = html.unescape(client.get("/collections/colours?lang=zh").text)
    assert "'a' 中没有识别器" in chinese


def test_progress_is_never_shown_above_the_whole(web: tuple[Engine, FlaskClient]) -> None:
    engine, client = web
    jobs = engine.catalog.jobs
    collection = engine.catalog.collections.one(COLLECTION)
    job = jobs.start(collection, "index", Path("/in"))
    counts = type(jobs.one(job).counts)(found=3, added=4, failed=2)
    jobs.update(job, counts, total=3)
    for address in ("/", "/collections", "/collections/colours"):
        page = client.get(address).text
        assert "3 of 3" in page and '<progress max="3" value="3"' in page, address


@pytest.mark.parametrize(
    ("method", "address", "status", "headline"),
    [
        ("PUT", "/", 405, "That does not go like this"),
        ("GET", "/boards", 405, "That does not go like this"),
        ("DELETE", "/saved/1/rename", 405, "That does not go like this"),
        ("GET", "/nothing", 404, "Not here"),
        ("GET", "/pictures/999", 404, "Not here"),
        ("POST", "/boards/1/move", 400, "That was not done"),
        ("POST", "/mark", 400, "That was not done"),
        ("POST", "/jobs/99/cancel", 404, "Not here"),
    ],
)
def test_a_misuse_has_the_status_and_the_headline_that_fit(
    web: tuple[Engine, FlaskClient], method: str, address: str, status: int, headline: str
) -> None:
    answer = web[1].open(address, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert headline in answer.text
    assert ("Allow" in answer.headers) == (status == 405)
