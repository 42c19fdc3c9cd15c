"""The OpenAPI document: groups, descriptions, examples, errors and curl lines of operations."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask.testing import FlaskClient
from msgspec import convert
from msgspec.json import encode

from search.documents.problem import Problem
from tests.openapi_document import DOCUMENT, operations
from web.api.openapi import error_sources
from web.api.openapi.problems import codes_of, problems_of
from web.api.openapi.tags import TAGS
from web.links import API
from web.route import ErrorSource, RouteFacts, facts_of


def facts_in(client: FlaskClient) -> Iterator[tuple[str, RouteFacts]]:
    for rule in client.application.url_map.iter_rules():
        facts = facts_of(client.application, rule.endpoint)
        if str(rule).startswith(f"{API}/") and facts.in_openapi:
            yield str(rule), facts


def test_the_document_is_valid(client: FlaskClient, document: dict[str, Any]) -> None:
    schemathesis.openapi.from_wsgi(DOCUMENT, client.application).validate()
    del document["info"]["title"]
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(document).validate()


def test_every_operation_is_in_a_group_and_search_comes_first(document: dict[str, Any]) -> None:
    assert [tag["name"] for tag in document["tags"]] == [tag.name for tag in TAGS]
    assert all(tag["description"] for tag in document["tags"])
    names = [operation["tags"][0] for _, _, operation in operations(document)]
    assert list(dict.fromkeys(names)) == [tag.name for tag in TAGS]
    assert next(operations(document))[:2] == ("get", "/api/v1/search")


def test_everything_in_it_is_described(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"] and operation["description"], (method, path)
        for each in (
            *document["paths"][path].get("parameters", ()),
            *operation.get("parameters", ()),
        ):
            assert each["description"], (path, each["name"])
            assert "example" in each or each["name"] == "cursor", (path, each["name"])
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for member, kind in schema["properties"].items():
            assert kind.get("description"), f"{name}.{member}"


def test_every_example_is_a_document_of_its_class(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    kinds = {
        kind.__name__: kind
        for _, facts in facts_in(client)
        for kind in (*facts.answers.values(), *facts.takes.values())
        if kind is not None
    }
    seen: set[str] = set()
    for method, path, operation in operations(document):
        answer = next(iter(operation["responses"].values())).get("content", {})
        body = operation.get("requestBody", {}).get("content", {})
        for content in (*answer.values(), *body.values()):
            if "schema" not in content:
                continue
            name = content["schema"]["$ref"].rpartition("/")[2]
            seen.add(name)
            example = json.loads(encode(convert(content["example"], kinds[name])))
            if content in body.values():  # which leave out what has a default
                example = {member: example[member] for member in content["example"]}
            assert example == content["example"], (method, path, name)
    assert seen == set(kinds)
    [problem] = document["components"]["schemas"]["Problem"]["examples"]
    assert json.loads(encode(convert(problem, Problem))) == problem


def test_the_server_is_the_address_that_was_asked(client: FlaskClient, ids: object) -> None:
    for base, script in (("http://localhost:8131/", ""), ("https://127.0.0.1/", "/pictures")):
        environ = {"SCRIPT_NAME": script} if script else {}
        answer = client.get(DOCUMENT, base_url=base, environ_overrides=environ).json
        assert answer is not None
        assert [each["url"] for each in answer["servers"]] == [base.rstrip("/") + script]
        line = answer["paths"]["/api/v1/search"]["get"]["x-codeSamples"][0]["source"]
        assert base.rstrip("/") + script + "/api/v1/search?q=" in line


def test_errors_are_those_of_the_code(client: FlaskClient, document: dict[str, Any]) -> None:
    def codes(method: str, path: str, status: str) -> set[str]:
        response = document["paths"][path][method]["responses"][status]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        schema = response["content"]["application/problem+json"]["schema"]
        return set(schema["allOf"][1]["properties"]["code"]["enum"])

    assert codes("get", "/api/v1/jobs/{job_id}", "404") == {"unknown-job", "nothing-at-address"}
    assert codes("post", "/api/v1/boards", "409") == {"board-name-taken"}
    assert {"query-empty", "filter-too-deep"} < codes("get", "/api/v1/search", "400")
    assert "picture-truncated" in codes("post", "/api/v1/search", "400")
    assert "picture-truncated" not in codes("get", "/api/v1/search", "400")
    assert codes("post", "/api/v1/search", "415") == {"media-type-unknown", "picture-not-an-image"}
    assert "400" not in document["paths"]["/api/v1/collections"]["get"]["responses"]
    asked = client.get("/api/v1/search?q=red&k=0").json
    assert asked is not None and asked["code"] in codes("get", "/api/v1/search", "400")


def test_every_source_of_errors_has_some(client: FlaskClient) -> None:
    """A source that was renamed, or raises nothing any more, would hide errors."""
    groups = [each for each in vars(error_sources).values() if isinstance(each, tuple)]
    sources: set[ErrorSource] = {source for group in groups for source in group}
    sources |= {source for _, facts in facts_in(client) for source in facts.raises}
    silent = {source for source in sources if not codes_of(source)}
    assert silent <= {f"search.encoders.{name}" for name in ("hub", "hub_pair.refusals")}


def test_a_route_without_sources_has_the_errors_of_its_guards() -> None:
    plain = problems_of("/api/v1/toys", "GET", RouteFacts(access="public", rate_limit=False))
    assert plain == {
        421: {"host-unknown"},
        500: {"server-fault"},
        503: {"database-fails", "database-fails-damaged"},
    }
    changing = problems_of("/api/v1/toys/<name>", "POST", RouteFacts())
    assert changing[403] == {"foreign-site", "token-scope-too-small"}
    assert 429 in changing and 507 in changing and "nothing-at-address" in changing[404]


def test_curl_lines_are_what_a_shell_takes(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        words = shlex.split(operation["x-codeSamples"][0]["source"])
        assert words[0] == "curl" and "Authorization: Bearer $LIMN_TOKEN" in words
        [url] = [word for word in words if word.startswith("http")]
        assert re.fullmatch(r"http://localhost/api/v1/[^{}<>]*", url), url
        if "-d" in words:
            assert json.loads(words[words.index("-d") + 1]) is not None
        assert ("-X" in words) == (
            method in ("patch", "delete")
            or ("-F" not in words and (method == "post" and "-d" not in words))
        ), path
