"""The facets of an answer: each choice that is offered leaves as many pictures as it says."""

import random
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.records import Caption
from tests.colour_web import coloured, opened, settings_in, store_all, store_with_text

PICTURES = 90
COLOURS = {"red": "#d62728", "blue": "#2f5fc4", "green": "#2ca02c", "white": "#fafafa"}

QUESTIONS = [
    "collection=colours",
    "q=wall",
    "q=a+green+wall&strictness=wide",
    "q=wall+since+2017",
    "q=wall&strictness=all",
    "q=wall+without+green&sort=name",
    "similar=3",
    "q=wall&more=4&less=5&strictness=strict",
    "q=since+2018",
    "collection=colours&sort=-date&where=orientation+%3D+portrait",
    "q=wall&where=camera+%3D+%22Camera+1%22&where=width+%3E+9",
    "similar=3&where=(colour+%3D+red)+or+(colour+%3D+blue)",
]

QUESTIONS = [f"{question}&copies=1" for question in QUESTIONS]  # a count is of all pictures

# Of each facet, so many values are followed.
FOLLOWED = 4


def facts(number: int, chance: random.Random) -> dict[str, Any]:
    """Return the facts of a picture, of which some know little."""
    found: dict[str, Any] = {"colours": tuple(chance.sample(sorted(COLOURS.values()), 2))}
    if number % 4:
        day = f"{chance.randint(2016, 2022)}-{chance.randint(1, 12):02}-03"
        found |= {"taken_at": f"{day}T10:00:00", "camera": f"Camera {number % 3}"}
    if number % 3:
        found |= {"latitude": chance.uniform(-60, 60), "longitude": chance.uniform(-170, 170)}
    if number % 5:
        found["fields"] = {"rating": float(number % 4), "who": f'{"AB"[number % 2]} "of" C'}
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("counted")
    with opened(settings_in(folder / "data")) as (engine, client):
        _fill(engine, folder / "pictures")
        yield client


def _fill(engine: Engine, folder: Path) -> None:
    chance = random.Random(7)
    items = []
    for number in range(PICTURES):
        colour = sorted(COLOURS)[number % 4]
        captions = [Caption(f"a {colour} wall", "en")] if number % 2 else []
        path = folder / ("one" if number % 7 else "two/deep") / f"{number}.png"
        size = ((96, 64), (64, 96), (64, 64))[number % 3]
        items.append(coloured(path, colour, captions, size=size, **facts(number, chance)))
    store_all(engine.catalog, items)
    store_with_text(engine.catalog, {number: ["Invoice"] for number in range(1, PICTURES, 6)})


def answered(client: FlaskClient, address: str) -> int:
    """Return how many pictures of an answer are sure enough: those of all of its pages."""
    shapes = client.get(address.replace("/?", "/shapes?", 1)).json
    assert shapes is not None
    return int(shapes.get("sure", len(shapes["ids"])))


def offered(client: FlaskClient, question: str) -> Iterator[tuple[str, str, int]]:
    """Yield what every facet of an answer offers: its name, a filter and a count."""
    texts = client.get(f"/?{question}").text + client.get(f"/facet?{question}&panel=more").text
    for facet in re.findall(r'data-facet="([^"]*)"', texts):
        sheet = client.get(f"/facet?{question}&panel={quote(unescape(facet))}").text
        values = re.findall(
            r'name="value" value="([^"]*)".*?class="count">([\d,]+)<', sheet, re.DOTALL
        )
        for where, count in values:
            yield unescape(facet), unescape(where), int(count.replace(",", ""))
        for address, count in re.findall(
            r'<a href="([^"]*)" data-returns="box" aria-label="(\d+) picture', sheet
        ):
            [where] = re.findall(r"where=(box[^&]*)", unescape(address))
            yield unescape(facet), unquote(where.replace("+", " ")), int(count)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_value_that_is_offered_leaves_exactly_as_many_as_it_says(
    client: FlaskClient, question: str
) -> None:
    by_facet: dict[str, list[tuple[str, int]]] = {}
    for facet, where, count in offered(client, question):
        assert count > 0, "nothing that is offered leaves nothing"
        by_facet.setdefault(facet, []).append((where, count))
    assert len(by_facet) >= 5
    for facet, values in by_facet.items():
        for where, count in random.Random(1).sample(values, min(FOLLOWED, len(values))):
            address, button = narrowed(client, question, facet, where)
            assert answered(client, address) == count, (facet, where)
            assert f"Show {count}<" in button
        two = [where for where, _ in values[:2]]
        address, button = narrowed(client, question, facet, *two)
        assert f"Show {answered(client, address)}<" in button, (facet, two)


def narrowed(client: FlaskClient, question: str, facet: str, *filters: str) -> tuple[str, str]:
    """Return the address that the form of a facet leads to, and its button before that."""
    values = "".join(f"&value={quote(where)}" for where in filters)
    form = f"{question}&field={quote(facet)}{values}"
    address = client.get(f"/narrow?{form}").headers["Location"]
    return address, client.get(f"/narrow/count?{form}").text


def test_what_is_chosen_hides_no_other_value_of_its_facet(client: FlaskClient) -> None:
    def values(question: str) -> dict[str, int]:
        found = offered(client, question)
        return {where: count for facet, where, count in found if facet == "camera"}

    before = values("q=wall")
    address, _ = narrowed(client, "q=wall", "camera", next(iter(before)))
    assert len(before) > 1 and values(address.partition("?")[2]) == before


def test_the_api_counts_an_answer_as_the_page_does(client: FlaskClient) -> None:
    def facets(fields: str = "") -> dict[str, Any]:
        answer = client.get(f"/api/v1/collections/colours/facets?{fields}")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.get_json()
        return found

    assert facets()["pictures"] == PICTURES
    assert facets("where=orientation+%3D+portrait")["pictures"] == PICTURES / 3
    usual = answered(client, "/?q=wall&collection=colours&copies=1")
    assert facets("q=wall")["pictures"] == usual < PICTURES
    for fields in ("q=wall&cutoff=0.25", "q=a+wall+since+2017&understand=1&strictness=wide"):
        hits = client.get(f"/api/v1/search?collection=colours&k=1000&{fields}").json
        assert hits is not None and facets(fields)["pictures"] == len(hits["hits"]) > 0
    cameras = facets("q=wall&where=camera+%3D+%22Camera+1%22")["cameras"]
    assert {each["value"] for each in cameras} > {"Camera 1"}, "as without their own condition"
    refused = client.get("/api/v1/collections/colours/facets?mood=1")
    assert refused.status_code == 400
