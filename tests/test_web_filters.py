"""Filters of the page: the panel, its forms and chips; signals of hits; Chinese errors."""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from search.query.limits import MAX_CHARACTERS
from tests.colour_web import opened, settings_in, store_described
from web.pages.filter_form import label


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("filters")
    with opened(settings_in(folder / "data")) as (engine, client):
        store_described(engine.catalog, folder / "pictures")
        yield client


def links(page: str) -> dict[str, str]:
    """Return the link of each choice in the panel, by its words and its count."""
    found = re.findall(r'<a class="choice[^>]*href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {
        " ".join(re.sub(r"<[^>]*>", " ", words).split()): unescape(address)
        for address, words in found
    }


def names(page: str) -> list[str]:
    return re.findall(r'<a class="frame" href="[^"]*" title="([^"]*)"', page)


def test_the_panel_shows_what_there_is_and_each_choice_finds_as_many(client: FlaskClient) -> None:
    page = client.get("/?q=wall&panel=1").text
    offered = links(page)
    assert {"red 1", "blue 1", "Canon EOS 5D 1", "landscape 2", "portrait 1"} <= offered.keys()
    assert {"2019 1", "2021 2", "Ann 1", "5 1", "English 1", "Chinese 1"} <= offered.keys()
    for told, address in offered.items():
        assert len(names(client.get(address).text)) == int(told.rpartition(" ")[2]), told
    assert page.count("<rect x=") == 21, "a bar a month, from May 2019 to January 2021"
    assert page.count("<circle cx=") == 2 + len(re.findall('class="shade"', page))
    assert "style=" not in page
    assert "panel-title" not in client.get("/?q=wall").text


def test_filters_add_up_and_each_can_be_left_out(client: FlaskClient) -> None:
    page = client.get("/?q=wall&panel=1").text
    page = client.get(links(page)["landscape 2"]).text
    page = client.get(links(page)["Ann 1"]).text
    assert names(page) == ["red.png"]
    assert "Orientation: landscape" in page and "who: Ann" in page
    assert page.count('name="where"') > 2
    offered = links(page)
    assert {"Ann 1", "Bob 1", "landscape 1"} <= offered.keys(), "as without their own condition"
    assert names(client.get(offered["Bob 1"]).text) == ["blue.png"], "in the place of Ann"
    assert "who" not in offered["Ann 1"], "the one that was chosen is let go of"
    [without] = re.findall(r'href="([^"]*)"\s+aria-label="Search without who: Ann"', page)
    assert len(names(client.get(unescape(without)).text)) == 2


@pytest.mark.parametrize(
    ("form", "found", "chip"),
    [
        ("field=date&least=2019-05&most=2019-12", ["red.png"], "Date: 2019-05 – 2019-12"),
        ("field=field.rating&least=3", ["red.png"], "rating ≥ 3"),
        ("field=field.rating&least=1&most=2.5", ["blue.png"], "rating: 1 – 2.5"),
        ("field=field.who&held=nn", ["red.png"], "who ∋ nn"),
        ("field=box&south=-40&west=150&north=-30&east=152", ["blue.png"], "Place: on the map"),
    ],
)
def test_forms_of_the_panel_search_without_a_script(
    client: FlaskClient, form: str, found: list[str], chip: str
) -> None:
    sent = client.get(f"/narrow?q=wall&panel=1&{form}")
    assert sent.status_code == 303
    page = client.get(sent.headers["Location"]).text
    assert names(page) == found
    assert chip in page
    field = form.partition("&")[0]
    again = client.get(f"{sent.headers['Location'].replace('/?', '/narrow?')}&{field}")
    assert again.headers["Location"] == "/?q=wall&panel=1", "an empty form lets go of its filter"


def test_a_form_that_can_not_be_followed_says_why(client: FlaskClient) -> None:
    told = client.get("/narrow?q=wall&field=box&south=90&west=0&north=0&east=1")
    assert told.status_code == 400 and "box can&#39;t be" in told.text
    told = client.get("/?q=wall&where=mood+%3D+1")
    assert told.status_code == 400 and "rating, who" in told.text
    assert 'name="where" value="mood = 1"' in told.text, "to be left out"


def test_nothing_passing_is_an_answer_with_a_way_out(client: FlaskClient) -> None:
    page = client.get("/?q=wall&where=width+%3E+9000&panel=1").text
    assert "No picture passes these filters" in page
    assert 'href="/?q=wall&amp;panel=1"' in page


@pytest.mark.parametrize(
    ("where", "read"),
    [
        ("colour = red", "Colour: red"),
        ('camera = "Canon EOS 5D"', "Camera: Canon EOS 5D"),
        ("not colour = red", "not colour = red"),
        ("size < 2MB", "File size < 2MB"),
        ("what is this", "what is this"),
        ("colour = red or width > 3", "colour = red or width > 3"),
    ],
)
def test_a_chip_reads_as_words(client: FlaskClient, where: str, read: str) -> None:
    with client.application.test_request_context():
        assert label(where) == read


def test_the_page_of_a_hit_says_why_it_was_found(client: FlaskClient) -> None:
    grid = client.get("/?q=red+walls").text
    assert "%" not in re.sub(r'href="[^"]*"', "", grid.partition('class="grid"')[2]), "no figures"
    [address] = re.findall(r'class="frame" href="([^"]*rank=1[^"]*)"', grid)
    page = client.get(unescape(address)).text
    assert "Why it was found" in page
    assert "words found: red, wall" in page
    shares = [int(each) for each in re.findall(r"<span>(\d+)%</span>", page)]
    assert len(shares) == 3 and 99 <= sum(shares) <= 101
    assert "Why it was found" not in client.get("/pictures/1").text


def test_words_that_are_too_long_are_said_to_be_cut(client: FlaskClient) -> None:
    long = "red wall " * 300
    page = client.get(f"/?q={long}").text
    assert "the first 1,15" in page and "of its 2,699 characters" in page
    answer = client.get(f"/api/v1/search?q={long}").json
    assert answer is not None
    [cut] = answer["cuts"]
    assert cut["characters"] == 2699 and 1150 <= cut["read"] <= 1160
    short = client.get("/api/v1/search?q=red").json
    assert short is not None and short["cuts"] == []


@pytest.mark.parametrize(
    "address",
    [
        "?q=" + "a" * (MAX_CHARACTERS + 1),
        "?" + "text=red&" * 33,
        "?text=red&text=red&weight=1&weight=-1",
        "?text=red&weight=1e9",
        "?text=red&weight=heavy",
        "?q=red&start=0",
        "?q=red&start=x",
        "?similar=x",
        "?similar=99",
        "?similar=1@50,0,20,10",
        "?picture=gone",
        "?q=red&collection=nowhere",
        "?q=red&where=camera",
        "?q=red&where=(camera+%3D+a",
        "?q=red&where=width+~+3",
        "?q=red&where=width+%3E+many",
        "?q=red&where=mood+%3D+1",
        "?q=red&where=rating+%3E+many",
        "?q=red&where=!",
        "?q=red&where=" + "not+" * 60 + "width+%3E+1",
        "?q=red&where=" + "width+%3E+1+and+" * 300 + "width+%3E+1",
        "pictures/99",
        "pictures/1?rank=x&q=red",
        "nothing",
        "sent/gone",
    ],
)
def test_errors_on_a_chinese_page_are_in_chinese(client: FlaskClient, address: str) -> None:
    joined = f"/{address}{'&' if '?' in address else '?'}lang=zh"
    told = client.get(joined)
    assert told.status_code >= 400
    [(spoken, detail)] = re.findall(r'<p lang="(\w+)">(.*?)</p>', told.text, re.DOTALL)
    assert spoken == "zh", detail
    english = client.get(joined.replace("lang=zh", "lang=en"))
    assert '<p lang="en">' in english.text


def test_a_file_that_is_no_picture_is_refused_in_chinese(client: FlaskClient) -> None:
    form = {"q": "", "image": (BytesIO(b"no picture"), "a.png")}
    told = client.post("/?lang=zh", data=form)
    assert told.status_code == 415 and "不是可以读取的图片" in told.text
