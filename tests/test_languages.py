"""English and Chinese: the choice for a page, and a translation for every text."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

import search.picture_facts
import web
from tests.colour_web import opened, settings_in, store_colours

WEB = Path(web.__file__).parent
CHINESE = WEB / "translations" / "zh" / "LC_MESSAGES"
LABELS = search.picture_facts.__file__
READ = [("**.py", "python"), ("templates/**.html", "jinja2")]


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "blue"))
        return client


def test_every_text_of_the_pages_has_its_chinese_and_no_text_is_left_over() -> None:
    written = {each[2] for each in extract_from_dir(WEB, READ)}
    written |= {each[1] for each in extract_from_file("python", LABELS, {"Label": None})}
    with (CHINESE / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="zh")
    translated = {message.id for message in catalog if message.id and message.string}
    assert {_first(each) for each in written} == {_first(each) for each in translated}
    assert [list(message.check(catalog)) for message in catalog if message.id] == [
        [] for message in catalog if message.id
    ]


def test_the_compiled_texts_are_those_of_the_source() -> None:
    """Compare the compiled catalog; to update: `pybabel compile -d web/translations`."""
    with (CHINESE / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="zh")
    with (CHINESE / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert _texts(compiled) == _texts(catalog)


@pytest.mark.slow
def test_the_language_is_the_browsers_unless_another_is_chosen(client: FlaskClient) -> None:
    browser = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    page = client.get("/?q=red", headers=browser)
    assert '<html lang="zh">' in page.text and "相似" in page.text and "张符合" in page.text
    assert 'placeholder="描述一张图片"' in page.text
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "fr"}).text
    assert '<html lang="en">' in client.get("/").text
    assert 'href="/?q=red&amp;lang=en"' in page.text
    chosen = client.get("/?q=red&lang=en", headers=browser)
    assert '<html lang="en">' in chosen.text
    assert '<html lang="en">' in client.get("/pictures/1", headers=browser).text, "by its cookie"


@pytest.mark.slow
def test_the_colours_are_the_systems_unless_others_are_chosen(client: FlaskClient) -> None:
    assert "data-theme" not in client.get("/?q=red").text
    assert "data-theme" not in client.get("/?q=red&theme=%3Cscript%3E").text
    dark = client.get("/?q=red&theme=dark").text
    assert '<html lang="en" data-theme="dark">' in dark
    assert 'href="/?q=red&amp;theme=system"' in dark
    assert 'data-theme="dark"' in client.get("/pictures/1").text, "by its cookie"
    assert "data-theme" not in client.get("/?theme=system").text
    assert "data-theme" not in client.get("/pictures/1").text


@pytest.mark.slow
def test_errors_and_numbers_are_in_the_language_too(client: FlaskClient) -> None:
    told = client.get("/nothing?lang=zh")
    assert told.status_code == 404 and "这里没有" in told.text
    board = client.get("/boards/7?lang=zh")
    assert board.status_code == 404 and "没有看板 7" in board.text
    assert "2 张图片" in client.get("/?lang=zh").text


def _texts(catalog: Catalog) -> dict[object, object]:
    return {_first(each.id): _first(each.string) for each in catalog if each.id}


def _first(message: object) -> object:
    """Return the lookup key of a message; the plural of a counting text is not part of it."""
    return message[0] if isinstance(message, tuple | list) else message
