"""Sorted answers in the doors: pages while pictures come, headings, choices, the command line."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search.catalog.records import EmbeddedPicture
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.records import Caption
from tests.colour_web import coloured, opened, settings_in, store_all
from tests.commands import on_terminal
from tests.conftest import COLOURS, Limn
from web.services.result_cache import ResultCache

GRID = Path(__file__).parents[1] / "web" / "static" / "grid"

RED_MONTHS = ("2021-05", "2021-06", "2021-07")

ALL_REDS = Query((TextTerm("red"),), k=1000, sort="-date")

SEARCH = "/api/v1/search?q=red&sort=-date&k=10"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    """Index sixty reds, twenty in each of three months, and 120 blues."""
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        reds = [
            red(tmp_path, f"{RED_MONTHS[number % 3]}-{1 + number // 3:02}T12:00:00")
            for number in range(60)
        ]
        blues = [
            coloured(tmp_path / f"b{number}.png", f"rgb(0,{number},250)") for number in range(120)
        ]
        store_all(engine.catalog, [*reds, *blues])
        yield engine, client


def red(folder: Path, taken_at: str) -> EmbeddedPicture:
    """Return a red picture of a moment; its colour is that of no other."""
    shade = f"rgb(250,{int(taken_at[5:7])},{int(taken_at[8:10])})"
    path = folder / f"{taken_at[:10]} {taken_at[11:13]}.png"
    return coloured(path, shade, taken_at=taken_at)


def ids_of(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'id="hit-\d+" data-picture-id="(\d+)"', page)]


def store_walls(folder: Path) -> None:
    """Index a picture of each colour where the command finds it."""
    with opened(settings_in(folder / "data")) as (engine, _):
        walls = [
            coloured(folder / f"{colour}.png", colour, [Caption(f"a {colour} wall")])
            for colour in COLOURS
        ]
        store_all(engine.catalog, walls)


@pytest.mark.parametrize("remembers", [True, False], ids=["snapshot", "made anew"])
def test_pages_of_the_api_neither_repeat_nor_lose_while_pictures_come(
    app: tuple[Engine, FlaskClient], tmp_path: Path, remembers: bool
) -> None:
    engine, client = app
    there = [hit.picture.id for hit in engine.search(ALL_REDS)]
    assert len(there) == 60
    if not remembers:  # a snapshot is gone at once, as it is with age
        state = client.application.extensions["limn"]
        client.application.extensions["limn"] = replace(state, result_cache=ResultCache(engine, 0))
    listed: list[int] = []
    cursor, days = "", iter(range(1, 29))
    while cursor is not None:
        answer = client.get(SEARCH + (f"&cursor={cursor}" if cursor else "")).json
        assert answer is not None
        listed += [hit["id"] for hit in answer["hits"]]
        cursor = answer["next"]
        months = ("2022-01", "2021-06", "2020-01")  # before, among and after the others
        day = next(days)
        store_all(engine.catalog, [red(tmp_path, f"{month}-{day:02}T06:00:00") for month in months])
    assert len(listed) == len(set(listed)), "none twice"
    assert [each for each in listed if each in set(there)] == there, "none lost"
    assert remembers == (listed == there)


def test_links_of_the_page_neither_repeat_nor_lose_while_pictures_come(
    app: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    engine, client = app
    there = [hit.picture.id for hit in engine.search(ALL_REDS)]
    page = client.get("/?q=red&sort=-date&copies=1&lang=en").text
    assert ids_of(page) == there[:50] and "60 pictures" in page
    store_all(engine.catalog, [red(tmp_path, "2022-01-01T06:00:00")])
    [following] = re.findall(r'rel="next" href="([^"]+)"', page)
    page = client.get(following.replace("&amp;", "&")).text
    assert ids_of(page) == there[50:] and 'rel="next"' not in page
    [before] = re.findall(r'rel="prev" href="([^"]+)"', page)
    assert ids_of(client.get(before.replace("&amp;", "&")).text) == there[:50]
    refused = client.get(following.replace("&amp;", "&").replace("-date", "name"))
    assert refused.status_code == 400


def test_the_answer_that_is_scrolled_has_each_heading_once(
    app: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    engine, client = app
    shapes = client.get("/shapes?q=red&sort=-date&copies=1&lang=en").json
    assert shapes is not None
    assert shapes["headings"] == [[1, "July 2021"], [21, "June 2021"], [41, "May 2021"]]
    assert shapes["counts"] == {"strict": 60, "usual": 60, "wide": 60}
    store_all(engine.catalog, [red(tmp_path, "2022-01-01T06:00:00")])
    shapes = client.get("/shapes?q=red&sort=-date&copies=1&lang=zh").json
    assert shapes is not None and len(shapes["ids"]) == 61
    assert [name for _, name in shapes["headings"]][1] == "2021年7月"
    tiles = client.get("/tiles?q=red&sort=-date&copies=1&start=51").json
    assert tiles is not None
    assert ids_of("".join(tiles["tiles"].values())) == shapes["ids"][50:]


def test_the_page_has_headings_and_choices(app: tuple[Engine, FlaskClient]) -> None:
    _, client = app
    page = client.get("/?q=red&sort=-date&copies=1&lang=en").text
    headings = re.findall(r'<li class="group"><h2>([^<]+)</h2>', page)
    assert headings == ["July 2021", "June 2021", "May 2021"]
    assert '<option value="-date" selected>Newest first</option>' in page
    assert re.search(r'aria-current="true"\s+title="60 pictures">Usual</a>', page)
    assert '<input type="hidden" name="sort" value="-date">' in page
    page = client.get("/?q=red&strictness=strict&copies=1&lang=en").text
    assert "60 show this" in page and re.search(r'aria-current="true"[^>]*>Strict', page)
    assert 'class="group"' not in page
    chinese = client.get("/?q=red&sort=-date&copies=1&lang=zh").text
    assert "2021年7月" in chinese and "最新优先" in chinese and "严格" in chinese
    listed = client.get("/?collection=colours&sort=-date&copies=1&lang=en").text
    assert '<li class="group"><h2>July 2021</h2>' in listed
    assert "By date taken, newest first" in listed and "Strict" not in listed
    empty = client.get("/?q=zebra&sort=name&strictness=strict&copies=1&lang=en").text
    assert "Nothing here shows “zebra”" in empty and 'name="sort"' in empty


def test_wrong_orders_are_refused_by_name(app: tuple[Engine, FlaskClient]) -> None:
    _, client = app
    problem = client.get("/api/v1/search?q=red&sort=colour").json
    assert problem is not None and problem["code"] == "sort-unknown"
    assert "camera" in problem["detail"]
    problem = client.post("/api/v1/search", json={"terms": [], "sort": "date"}).json
    assert problem is not None and problem["code"] == "sort-needs-set"
    problem = client.post("/api/v1/search", json={"terms": [], "strictness": "loose"}).json
    assert problem is not None and "strict, usual, wide" in problem["detail"]
    page = client.get("/?q=red&sort=colour&lang=zh")
    assert page.status_code == 400 and "没有可以用来排序的字段" in page.text
    page = client.get("/?q=red&strictness=loose&lang=zh")
    assert page.status_code == 400 and "strict, usual, wide" in page.text


def test_saved_searches_keep_their_order(app: tuple[Engine, FlaskClient]) -> None:
    _, client = app
    address = "q=red&sort=-date&strictness=strict"
    saved = client.post("/api/v1/saved", json={"name": "Reds", "address": address}).json
    assert saved is not None and saved["address"] == address


def test_the_command_sorts_and_counts(tmp_path: Path, limn: Limn) -> None:
    store_walls(tmp_path)
    lines = limn("search", "--collection", "colours", "--sort", "-name").stdout.splitlines()
    assert len(lines) == 8 and all(re.match(r" +\d+  ", line) for line in lines), "no headings"
    stems = [Path(line.split()[3]).stem for line in lines]
    assert stems == sorted(COLOURS, reverse=True)
    done = limn("search", "red", "--strictness", "wide", "--sort", "-date")
    assert re.search(r"^strict \d+, usual \d+, wide \d+$", done.stderr, re.MULTILINE)
    documents = json.loads(
        limn("search", "--collection", "colours", "--sort", "name", "--json").stdout
    )
    assert [document["group"] for document in documents][:4] == ["B", "B", "G", "O"]
    assert "--sort" in limn("search", "--help").stdout
    refused = limn("search", "wall", "--sort", "colour", code=2)
    assert "there is no field 'colour' to sort by" in refused.stderr


@pytest.mark.slow
def test_a_terminal_shows_the_headings(tmp_path: Path, limn_environment: dict[str, str]) -> None:
    store_walls(tmp_path)
    command = ["search", "--collection", "colours", "--sort", "name"]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal(command, limn_environment))
    assert [word for word in plain.split() if re.fullmatch("[A-Z]", word)] == list("BGOPRWY")


def test_rows_begin_below_their_headings() -> None:
    """Lay out rows as the page's script does: each heading has a row of its own, once."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    code = f"""
        import {{ rowsOf }} from "{(GRID / "rows.js").as_uri()}";
        const measures = {{width: 1000, row: 200, unsureRow: 100, gap: 10, heading: 50}};
        const shapes = Array.from({{length: 60}}, (_, at) => 100 + 10 * (at % 5));
        console.log(JSON.stringify(
            [new Set(), new Set([0, 7, 8, 41])].map((starts) => rowsOf(shapes, measures, starts))));
    """
    done = subprocess.run(
        [node, "--input-type=module", "--eval", code], capture_output=True, text=True, check=True
    )
    plain, headed = json.loads(done.stdout)
    for rows in (plain, headed):
        assert [row["first"] for row in rows] == [0, *(row["next"] for row in rows[:-1])]
        assert rows[-1]["next"] == 60
    firsts = [row["first"] for row in headed]
    assert {0, 7, 8, 41} <= set(firsts)
    tops = {row["first"]: row["top"] for row in headed}
    assert tops[0] == 50
    for row, following in pairwise(headed):
        space = following["top"] - (row["top"] + row["height"])
        assert space == pytest.approx(50 if following["first"] in (7, 8, 41) else 10)
        if following["first"] in (7, 8, 41):
            assert row["height"] <= 200, "the last row under a heading is not stretched"
