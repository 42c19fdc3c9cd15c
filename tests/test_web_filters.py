"""Filters of the page: the line of facets, its forms; signals of hits; Chinese errors."""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from search.query.limits import MAX_CHARACTERS
from tests.colour_web import opened, settings_in, store_described
from web.pages.filter_labels import label


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("filters")
    with opened(settings_in(folder / "data")) as (engine, client):
        store_described(engine.catalog, folder / "pictures")
        yield client


def choices(client: FlaskClient, question: str, facet: str) -> dict[str, tuple[str, int]]:
    """Return the filter and the count of each choice of a facet, by its words."""
    sheet = client.get(f"/facet?{question}&panel={facet}").text
    found = re.findall(
        r'name="value" value="([^"]*)".*?class="what">(.*?)</span> <span class="count">(\d+)<',
        sheet,
        re.DOTALL,
    )
    return {unescape(words): (unescape(where), int(count)) for where, words, count in found}


def pills(page: str) -> dict[str, str]:
    """Return the link of each pill in the line, by its facet."""
    found = re.findall(r'class="opener" data-facet="([^"]*)".*?href="([^"]*)"', page, re.DOTALL)
    return {name: unescape(address) for name, address in found}


def choose(client: FlaskClient, question: str, facet: str, *filters: str) -> str:
    """Return the page after these choices of a facet, as its form sends them."""
    values = "".join(f"&value={quote(each)}" for each in filters)
    sent = client.get(f"/narrow?{question}&field={facet}{values}")
    assert sent.status_code == 303
    return client.get(sent.headers["Location"]).text


def names(page: str) -> list[str]:
    return re.findall(r'<a class="frame" href="[^"]*" title="([^"]*)"', page)


def test_each_pill_opens_what_the_pictures_have_and_each_choice_finds_as_many(
    client: FlaskClient,
) -> None:
    page = client.get("/?collection=colours").text
    shown = pills(page)
    assert list(shown) == ["date", "box", "colour", "camera", "folder", "orientation", "more"]
    assert 'class="sheet facet"' not in page, "what opens comes when it is asked for"
    menu = client.get("/facet?collection=colours&panel=more").text
    others = re.findall(r'class="item" data-facet="([^"]*)"', menu)
    assert others == ["language", "field.rating", "field.who"], (
        "one size and format divides nothing"
    )
    offered = {
        name: choices(client, "collection=colours", name)
        for name in (*shown, *others)
        if name not in ("date", "box", "more")
    }
    assert offered["camera"].keys() == {"Canon EOS 5D", "NIKON D5"}
    assert offered["field.who"]["Ann"][1] == 1 and offered["folder"]["2021"][1] == 2
    for facet, values in offered.items():
        for words, (where, count) in values.items():
            assert len(names(choose(client, "collection=colours", facet, where))) == count, words
    assert "style=" not in page + menu


def test_without_a_script_a_pill_leads_to_the_page_with_its_choices_open(
    client: FlaskClient,
) -> None:
    page = client.get("/?collection=colours").text
    page = client.get(pills(page)["date"]).text
    assert page.count('class="sheet facet"') == 1
    assert page.count("<rect x=") == 21, "a bar a month, from May 2019 to January 2021"
    assert pills(page)["date"] == "/?collection=colours", "which closes it"
    page = client.get(pills(page)["box"]).text
    assert page.count("<circle cx=") == 2
    for address in re.findall(r'<a href="([^"]*)" data-returns="box"', page):
        assert len(names(client.get(unescape(address)).text)) == 1
    assert client.get("/facet?collection=colours&panel=nothing").text == ""
    assert 'aria-expanded="true"' not in client.get("/?collection=colours&panel=1").text


def test_several_choices_of_a_facet_are_alternatives_and_facets_add_up(
    client: FlaskClient,
) -> None:
    offered = choices(client, "collection=colours", "colour")
    page = choose(client, "collection=colours", "colour", offered["red"][0], offered["blue"][0])
    assert sorted(names(page)) == ["blue.png", "red.png"]
    assert 'aria-label="Colour: red +1"' in page
    both = "where=(colour+%3D+red)+or+(colour+%3D+blue)"
    assert choices(client, f"collection=colours&{both}", "colour").keys() == offered.keys()
    assert choices(client, f"collection=colours&{both}", "field.who").keys() == {"Ann", "Bob"}
    assert not choices(client, f"collection=colours&{both}", "orientation"), "both are landscape"
    page = choose(client, f"collection=colours&{both}", "field.who", "field.who = Ann")
    assert names(page) == ["red.png"]
    [without] = re.findall(r'href="([^"]*)"\s+aria-label="Search without who: Ann"', page)
    assert len(names(client.get(unescape(without)).text)) == 2


def test_a_choice_that_leaves_nothing_stays_to_be_taken_back(client: FlaskClient) -> None:
    where = "where=orientation+%3D+portrait&where=colour+%3D+red"
    page = client.get(f"/?collection=colours&{where}").text
    assert not names(page) and "No picture passes these filters" in page
    assert choices(client, f"collection=colours&{where}", "colour") == {"red": ("colour = red", 0)}
    ways = re.findall(r"<span>(Without [^<]*)</span> <small>(\d+)", page)
    assert ways == [
        ("Without the filter Orientation: portrait", "1"),
        ("Without the filter Colour: red", "1"),
        ("Without filters", "3"),
    ]


@pytest.mark.parametrize(
    ("form", "found", "chip"),
    [
        ("field=date&least=2019-05&most=2019-12", ["red.png"], "Date: 2019-05 – 2019-12"),
        ("field=field.rating&least=3", ["red.png"], "rating: ≥ 3"),
        ("field=field.rating&least=1&most=2.5", ["blue.png"], "rating: 1 – 2.5"),
        ("field=field.who&part=nn", ["red.png"], "who: ∋ nn"),
        ("field=box&south=-40&west=150&north=-30&east=152", ["blue.png"], "Place: on the map"),
        ("written=width+%3C+90+and+height+%3E+80", ["tall.png"], "width &lt; 90 and height"),
    ],
)
def test_the_form_of_a_facet_searches_and_is_counted_before(
    client: FlaskClient, form: str, found: list[str], chip: str
) -> None:
    counted = client.get(f"/narrow/count?collection=colours&panel=date&{form}").text
    assert f"Show {len(found)}" in counted
    sent = client.get(f"/narrow?collection=colours&panel=date&{form}")
    assert sent.status_code == 303
    page = client.get(sent.headers["Location"]).text
    assert names(page) == found
    assert chip in page
    field = form.partition("&")[0]
    if not form.startswith("written"):
        again = client.get(f"{sent.headers['Location'].replace('/?', '/narrow?')}&{field}")
        assert again.headers["Location"] == "/?collection=colours", (
            "an empty form lets go of its filter"
        )


def test_a_form_that_can_not_be_followed_says_why(client: FlaskClient) -> None:
    told = client.get(
        "/narrow?collection=colours&panel=box&field=box&south=90&west=0&north=0&east=1"
    )
    assert told.status_code == 400 and "box can&#39;t be" in told.text
    assert 'id="why-narrow-box-narrow"' in told.text and 'value="90"' in told.text
    told = client.get("/narrow?collection=colours&panel=more&written=width+near+3")
    assert told.status_code == 400 and 'value="width near 3"' in told.text
    told = client.get("/?collection=colours&where=mood+%3D+1")
    assert told.status_code == 400 and "rating, who" in told.text
    assert 'name="where" value="mood = 1"' in told.text, "to be left out"


def test_a_form_that_would_leave_nothing_can_not_be_sent(client: FlaskClient) -> None:
    button = client.get("/narrow/count?collection=colours&field=field.rating&least=9").text
    assert "disabled" in button and "None left" in button


def test_the_last_filter_that_is_taken_back_leaves_all_pictures(client: FlaskClient) -> None:
    page = client.get("/?where=colour+%3D+red&where=width+%3E+9").text
    assert len(re.findall('class="pill chosen', page)) == 2
    page = client.get("/?where=colour+%3D+red").text
    [without] = re.findall(r'href="([^"]*)"\s+aria-label="Search without Colour: red"', page)
    assert unescape(without) == "/?panel=1" and len(names(client.get("/?panel=1").text)) == 3


@pytest.mark.parametrize(
    ("where", "read"),
    [
        ("colour = red", "Colour: red"),
        ('camera = "Canon EOS 5D"', "Camera: Canon EOS 5D"),
        ("colour = red or colour = blue", "Colour: red, blue"),
        ("folder = /p/2019/trip", "Folder: trip"),
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
    assert "A caption has the words: <q" in page and "<mark>red</mark>" in page
    shares = [int(each) for each in re.findall(r'class="share-of">(\d+) %<', page)]
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
