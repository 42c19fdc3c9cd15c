"""Saved searches and boards over the API: the same as the page's, in pages, with ETags."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec import Struct, convert
from msgspec.json import encode
from werkzeug.test import TestResponse

from search.documents import saved_and_boards
from search.documents.search import Answer
from search.engine import Engine

pytestmark = pytest.mark.slow

Ask = Callable[..., Any]


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    """Call the API: `ask("GET", "boards", Boards)`; the answer must match its document."""

    def answer(method: str, path: str, told: type[Struct] | None, **more: Any) -> Any:
        found = client.open(f"/api/v1/{path}", method=method, **more)
        assert found.status_code == {"POST": 201, "DELETE": 204}.get(method, 200), found.text
        if told is not None:
            assert json.loads(encode(convert(found.json, told))) == found.json
        if found.status_code == 201:
            assert client.get(found.headers["Location"]).json == found.json
        return found.json

    return answer


def problem(answer: TestResponse, status: int, told: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None and told in answer.json["detail"]


def test_a_search_is_saved_asked_again_changed_and_forgotten(
    ask: Ask, client: FlaskClient, ids: dict[str, int]
) -> None:
    kept = {"name": " Évening ", "address": f"?q=red+%26+wall&more={ids['blue']}&start=51"}
    made = ask("POST", "saved", saved_and_boards.SavedSearch, json=kept)
    assert (made["name"], made["address"]) == ("Évening", f"q=red+%26+wall&more={ids['blue']}")
    assert f'href="/?q=red+%26+wall&amp;more={ids["blue"]}"' in client.get("/kept").text
    address = f"saved/{made['id']}"
    hits = ask("GET", f"{address}/search?k=2", Answer)
    assert (hits["query"]["terms"][0]["text"], hits["query"]["more"]) == (
        "red & wall",
        [ids["blue"]],
    )
    further = ask("GET", f"{address}/search?k=2&cursor={hits['next']}", Answer)
    assert [hit["rank"] for hit in hits["hits"] + further["hits"]] == [1, 2, 3, 4]
    changed = ask("PATCH", address, None, json={"name": "Morning", "address": "q=green"})
    assert changed == {**made, "name": "Morning", "address": "q=green"}
    assert ask("PATCH", address, None, json={}) == changed
    ask("DELETE", address, None)
    problem(client.get(f"/api/v1/{address}"), 404, "that saved search was removed")


def test_what_no_database_takes_is_left_out_of_an_address(client: FlaskClient) -> None:
    body = rb'{"name": "x\u0000", "address": "collection=\ud800&q=\u0000red"}'
    made = client.post("/api/v1/saved", data=body)
    assert made.json is not None and made.status_code == 201
    assert (made.json["name"], made.json["address"]) == ("x", "q=red&collection=%3F")
    problem(client.get("/api/v1/saved/1/search"), 404, "there is no collection '?'")
    assert client.get("/kept").status_code == 200


def test_boards_are_made_filled_ordered_noted_and_deleted(
    ask: Ask, client: FlaskClient, engine: Engine, ids: dict[str, int]
) -> None:
    red, green, blue, black = (ids[each] for each in ("red", "green", "blue", "black"))
    members = {"name": "Walls", "ids": [red, green]}
    made = ask("POST", "boards", saved_and_boards.Board, json=members)
    assert (made["pictures"], made["cover"]) == (2, red)
    address = f"/api/v1/boards/{made['id']}"
    assert client.post(f"{address}/pictures", json={"ids": [green, blue, black]}).json == {
        "added": 2
    }
    edited = client.patch(f"{address}/pictures/{blue}", json={"note": "sky <b>", "place": 0})
    assert edited.status_code == 204
    ordered = ask("PATCH", f"boards/{made['id']}", None, json={"order": [black], "name": "Four"})
    assert (ordered["name"], ordered["cover"]) == ("Four", black)
    assert client.delete(f"{address}/pictures/{red}").status_code == 204
    assert client.delete(f"{address}/pictures/{red}").status_code == 204, "it is off already"
    told = ask("GET", f"boards/{made['id']}/pictures", saved_and_boards.PinnedPictures)["pictures"]
    assert [(each["id"], each["place"], each["note"]) for each in told] == [
        (black, 0, ""),
        (blue, 1, "sky <b>"),
        (green, 2, ""),
    ]
    assert client.get(told[0]["thumbnail"]).mimetype == "image/webp"
    page = client.get(f"/boards/{made['id']}").text
    assert "sky &lt;b&gt;" in page and "3 pictures" in page
    ask("DELETE", f"boards/{made['id']}", None)
    assert engine.catalog.boards.all() == [] and engine.picture(red).id == red
    problem(client.get(address), 404, "there is no board 1; it may have been deleted")


def test_long_lists_come_in_pages_that_follow_each_other(
    ask: Ask, engine: Engine, ids: dict[str, int]
) -> None:
    for number in range(5):
        engine.catalog.saved_searches.save(f"{9 - number}", "q=x")
        engine.catalog.boards.create(f"{9 - number}", list(ids.values()))
    for path, rows in (("saved", "saved"), ("boards", "boards"), ("boards/3/pictures", "pictures")):
        walked, cursor = [], ""
        while cursor is not None:
            page = ask("GET", f"{path}?k=2" + (f"&cursor={cursor}" if cursor else ""), None)
            walked += [each["id"] for each in page[rows]]
            cursor = page["next"]
        assert walked == [1, 2, 3, 4, 5], path


def test_a_list_that_has_not_changed_is_not_sent_again(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    client.post("/api/v1/boards", json={"name": "Walls", "ids": list(ids.values())})
    for path in ("boards", "boards/1/pictures", "saved", "collections", "jobs", "pictures/1"):
        for accepted in ("identity", "br"):
            headers = {"Accept-Encoding": accepted}
            first = client.get(f"/api/v1/{path}", headers=headers)
            headers["If-None-Match"] = first.headers["ETag"]
            again = client.get(f"/api/v1/{path}", headers=headers)
            assert (again.status_code, again.data) == (304, b""), path
    listed = client.get("/api/v1/boards")
    client.patch("/api/v1/boards/1", json={"name": "Colours"})
    headers = {"If-None-Match": listed.headers["ETag"]}
    assert client.get("/api/v1/boards", headers=headers).status_code == 200
    assert "ETag" not in client.get("/api/v1/search?q=red").headers, "no two are the same"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("POST", "saved", {"name": "x"}, 400, "address is missing; it must be a string"),
        ("POST", "saved", {"name": "x", "address": ""}, 400, "there is no query to save"),
        ("POST", "saved", {"name": " ", "address": "q=x"}, 400, "the name is ''"),
        ("POST", "saved", {"name": "x", "address": 3}, 400, "address is 3; it must be a string"),
        ("POST", "saved", {"name": "x", "address": "q=x&more=y"}, 400, "more is 'y'"),
        ("POST", "saved", {"name": "x", "address": "q=" + "y" * 64_000}, 400, "as an address"),
        (
            "POST",
            "saved",
            {"name": "x", "address": "where=(width"},
            400,
            "the filter ends at 'width'",
        ),
        ("POST", "saved", {"name": "x", "address": "?where=width>no"}, 400, "width can't be 'no'"),
        ("PATCH", "saved/1", {"address": "q=x&where=width~9"}, 400, "width takes"),
        ("POST", "saved", {"name": "taken", "address": "q=x"}, 409, "there is a saved search"),
        ("PATCH", "saved/1", {"colour": "red"}, 400, "no field 'colour'; the fields are: name"),
        ("PATCH", "saved/9", {"name": "x"}, 404, "that saved search was removed"),
        ("GET", "saved?k=1001", None, 400, "can't return 1001 saved searches; ask for 1 to 1000"),
        ("GET", "saved?cursor=x", None, 400, "cursor is 'x'"),
        ("GET", "saved/1/search?k=0", None, 400, "can't return 0 results"),
        ("POST", "boards", {"name": "x" * 201}, 400, "give one of 1 to 200 characters"),
        ("POST", "boards", {"name": "taken"}, 409, "there is a board 'taken' already"),
        ("POST", "boards", {"name": "x", "ids": 3}, 400, "ids is 3; it must be a list"),
        ("POST", "boards", {"name": "x", "ids": [9]}, 404, "there is no picture 9"),
        ("POST", "boards/1/pictures", {"ids": ["x"]}, 400, "ids is 'x'"),
        ("PATCH", "boards/1", {"order": [1, 2]}, 404, "picture 2 is not on this board"),
        ("PATCH", "boards/1/pictures/2", {"note": "x"}, 404, "picture 2 is not on this board"),
        ("PATCH", "boards/1/pictures/1", {"note": "x" * 2001}, 400, "the note has 2,001"),
        ("PATCH", "boards/1/pictures/1", {"place": -1}, 400, "place is -1"),
        ("DELETE", "boards/9/pictures/1", None, 404, "there is no board 9"),
        ("DELETE", "boards/9", None, 404, "there is no board 9"),
        ("POST", "boards", [], 400, "must be a JSON object"),
    ],
)
def test_what_can_not_be_kept_is_told_and_changes_nothing(
    client: FlaskClient,
    engine: Engine,
    ids: dict[str, int],
    method: str,
    path: str,
    body: object,
    status: int,
    told: str,
) -> None:
    catalog = engine.catalog
    catalog.saved_searches.save("taken", "q=red")
    catalog.boards.create("taken", [ids["red"]])
    before = (catalog.saved_searches.all(), catalog.boards.all(), catalog.boards.one(1))
    answer = client.open(f"/api/v1/{path}", method=method, json=body)
    problem(answer, status, told)
    assert (catalog.saved_searches.all(), catalog.boards.all(), catalog.boards.one(1)) == before
