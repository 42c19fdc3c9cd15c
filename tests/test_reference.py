"""The page of the API's reference: what it shows, and its forms without a script."""

import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient

from search.engine import Engine
from tests.colour_web import COLOURS
from tests.openapi_document import PAGE, operations


def test_the_page_has_every_operation_and_needs_nothing_from_elsewhere(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    for _, path, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.text
        assert f"<code>{path}</code>" in page.text
    assert re.findall(r"<h2 id=\"group-1\">([^<]*)", page.text) == ["Search"]
    assert " style=" not in page.text and "<script>" not in page.text
    assert set(re.findall(r"(?:src|href|action)=\"(\w+://[^/\"]*)", page.text)) == set()
    ids = re.findall(r' id="([^"]*)"', page.text)
    assert len(ids) == len(set(ids))
    assert {link for link in re.findall(r'href="#([^"]+)"', page.text)} <= set(ids)


def test_the_page_is_linked_from_the_foot_and_speaks_both_languages(
    client: FlaskClient, ids: object
) -> None:
    foot = client.get("/?lang=en").text.partition('<footer class="foot">')[2]
    assert f'<a href="{PAGE}">For programs: the API</a>' in foot
    chinese = client.get(f"{PAGE}?lang=zh").text
    assert "试一试" in chinese and "Try it" not in chinese
    assert '<html lang="zh">' in chinese and 'lang="en">Find pictures by words' in chinese


def test_only_what_reads_can_be_tried(client: FlaskClient, document: dict[str, Any]) -> None:
    page = client.get(PAGE).text
    forms = re.findall(r'data-try="(\w+)" data-path="([^"]*)"', page)
    reading = {
        (method.upper(), path)
        for method, path, operation in operations(document)
        if operation["security"][1] == {"token": ["read"]} and method == "get"
    }
    assert set(forms) == reading | {("POST", "/api/v1/search")}


def test_a_form_without_a_script_leads_to_the_answer(
    client: FlaskClient, engine: Engine, ids: Mapping[str, int]
) -> None:
    form = f"{PAGE}/try/"
    sent = client.get(f"{form}search?q=red&k=2&similar=&strictness=", follow_redirects=True)
    assert sent.request.full_path == "/api/v1/search?q=red&k=2"
    assert sent.json is not None and len(sent.json["hits"]) == 2
    picture = client.get(f"{form}picture?picture_id={ids['red']}", follow_redirects=True)
    assert picture.json is not None and picture.json["id"] == ids["red"]
    strange = client.get(f"{form}collections_facets?name=a%2F..%2Fb&where=")
    assert strange.location == "/api/v1/collections/a%2F..%2Fb/facets"
    assert client.get(f"{form}picture?picture_id=").location == "/api/v1/pictures/-"
    for name in ("nothing", "boards_api_make_by_post", "search_by_post", "collections_folders"):
        refused = client.get(form + name)
        assert refused.status_code == 404
        assert refused.json is not None and refused.json["code"] == "unknown-operation"


def test_the_examples_of_the_page_are_of_what_is_here(
    client: FlaskClient, ids: Mapping[str, int]
) -> None:
    page = client.get(PAGE).text
    assert f"/api/v1/pictures/{max(ids.values())}/thumbnail?side=320" in page
    assert "/api/v1/collections/colours" in page and len(ids) == len(COLOURS)


def test_an_empty_server_has_a_page_too(client: FlaskClient) -> None:
    assert "/api/v1/pictures/412" in client.get(PAGE).text
