"""The OpenAPI document: the API conforms to it for any request."""

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from msgspec import convert
from msgspec.json import encode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from search.bootstrap import open_engine
from search.catalog.records import RunCounts
from search.concepts import keep
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.records import Caption
from tests.colour_web import opened, settings_in, store, store_colours
from web.app import create_app
from web.route import facts_of

load_all_checks()
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]

# The short form: long enough to find every mistake that a run of a thousand found.
ASKED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("openapi")
    with open_engine(settings_in(folder / "data")) as opened:
        ids = store_colours(opened.catalog, folder / "pictures", ("red", "blue", "green"))
        assert sorted(ids.values()) == [1, 2, 3]
        formula = [Caption("=1+1", "en")]
        store(opened.catalog, folder / "more" / "red.png", "crimson", formula)
        [collection] = opened.catalog.collections.all()
        jobs = opened.catalog.jobs
        jobs.update(jobs.start(collection, "index", folder), RunCounts(found=1, added=1), "done")
        yield opened


@pytest.fixture(scope="module")
def app(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("settings")
    return create_app(engine, settings_in(data), usual_rate="1000000 per minute")


@pytest.fixture(scope="module")
def described(app: Flask) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


# Schemathesis does not close the files that the application sends.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_that_may_be_asked_is_answered_as_is_not_said(
    described: schemathesis.BaseSchema, mode: GenerationMode
) -> None:
    asked = 0
    for operation in described.get_all_operations():
        assert isinstance(operation, Ok)

        @ASKED
        @given(case=operation.ok().as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            answer = case.call(headers={"Accept-Encoding": "identity"})
            assert answer.status_code < 500, answer.text
            case.validate_response(answer, checks=CHECKS)

        with suppress(Unsatisfiable):  # a route without input can't have wrong input
            ask()
        asked += 1
    assert asked == 62


def test_the_document_is_openapi_3_1_and_names_every_route(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    routes = {str(rule) for rule in app.url_map.iter_rules() if str(rule).startswith("/api/v1/")}
    assert len(document["paths"]) == len(routes) - 3, "all but itself, its page and its forms"
    hit = document["components"]["schemas"]["Hit"]["properties"]
    answer = app.test_client().get("/api/v1/search?q=red&k=1").json
    assert answer is not None
    assert set(answer["hits"][0]) == set(hit)


def test_answers_have_the_members_that_the_document_names_and_no_others(
    tmp_path: Path,
) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "blue"))
        [collection] = engine.catalog.collections.all()
        engine.catalog.jobs.start(collection, "index", tmp_path)
        engine.catalog.boards.create("walls", [1, 2])
        engine.catalog.saved_searches.save("red walls", "q=red")
        marked = Query((TextTerm("red"),), more=(1,))
        engine.catalog.marks.store(marked)
        keep(engine, "ours", marked)
        told = endpoints_that_are_as_said(client)
    assert len(told) == 24, told


def endpoints_that_are_as_said(client: FlaskClient) -> set[str]:
    """Return the endpoints that answer JSON; members outside the document are errors."""
    told = set()
    app = client.application
    for rule in app.url_map.iter_rules():
        kind = facts_of(app, rule.endpoint).answers.get("application/json")
        if kind is None or "GET" not in (rule.methods or ()):
            continue
        name = "ours" if "concepts" in str(rule) else "colours"
        address = re.sub("<int[^>]*>", "1", str(rule)).replace("<name>", name)
        fields = {"api.search": {"q": "red"}, "api.export": {"id": "1"}}.get(rule.endpoint)
        answer = client.get(address, query_string=fields)
        if answer.status_code == 200:
            assert json.loads(encode(convert(answer.json, kind))) == answer.json, address
            told.add(rule.endpoint)
    return told


def test_pages_of_hits_follow_each_other_without_a_gap(app: Flask) -> None:
    client = app.test_client()
    whole = client.get("/api/v1/search?q=red&k=4").json
    assert whole is not None
    walked: list[int] = []
    address = "/api/v1/search?q=red&k=2"
    cursor = ""
    for _ in range(2):
        answer = client.get(address + cursor).json
        assert answer is not None
        walked += [hit["id"] for hit in answer["hits"]]
        cursor = f"&cursor={answer['next']}"
    assert walked == [hit["id"] for hit in whole["hits"]]
    asked = {"terms": [{"text": "red"}], "k": 2}
    first = client.post("/api/v1/search", json=asked).json
    assert first is not None
    second = client.post("/api/v1/search", json={**asked, "cursor": first["next"]}).json
    assert second is not None
    assert [hit["rank"] for hit in second["hits"]] == [3, 4]
    other = client.get(f"/api/v1/search?q=blue&k=2&cursor={first['next']}")
    assert other.status_code == 400 and "does not belong to this question" in other.text


def test_jobs_are_told_newest_first(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", ("red",))
        [collection] = engine.catalog.collections.all()
        jobs = engine.catalog.jobs
        first, second = (jobs.start(collection, "index", tmp_path) for _ in range(2))
        jobs.update(second, RunCounts(found=1, added=1), "done")
        listed = client.get("/api/v1/jobs?k=1").json
        assert listed is not None
        [job] = listed["jobs"]
        assert (job["id"], job["kind"], job["state"]) == (second, "index", "done")
        assert job["collection"] == "colours"
        assert client.get(f"/api/v1/jobs/{job['id']}").json == job
        older = client.get(f"/api/v1/jobs?cursor={listed['next']}").json
        assert older is not None and older["next"] is None
        assert [each["id"] for each in older["jobs"]] == [first]
        assert client.get("/api/v1/jobs/99").status_code == 404


def test_a_selection_is_exported_as_json_csv_and_zip(app: Flask, engine: Engine) -> None:
    client = app.test_client()
    chosen = client.get("/api/v1/export?id=4&id=1&id=4").json
    assert chosen is not None
    assert [each["id"] for each in chosen["pictures"]] == [4, 1]
    table = client.get("/api/v1/export?id=1&id=4&format=csv")
    assert table.headers["Content-Disposition"] == "attachment; filename=pictures.csv"
    assert table.text.startswith("id,collection,path")
    rows = list(csv.DictReader(StringIO(table.text)))  # a caption may have several lines
    assert [row["id"] for row in rows] == ["1", "4"]
    assert "'=1+1" in rows[1]["captions"], "no spreadsheet takes a caption for a formula"
    form = {"id": ["1", "2", "4"], "format": "zip"}
    with zipfile.ZipFile(BytesIO(client.post("/api/v1/export", data=form).data)) as archive:
        assert archive.namelist() == ["1-red.png", "2-blue.png", "4-red.png"]
        assert archive.read("1-red.png") == engine.picture(1).path.read_bytes()
    assert client.get("/api/v1/export?id=1&id=99").status_code == 404
    assert client.get("/api/v1/export").status_code == 400
    assert client.get("/api/v1/export?id=1&format=svg").status_code == 400


def test_captions_come_alone_too(app: Flask) -> None:
    told = app.test_client().get("/api/v1/pictures/4/captions").json
    assert told == {"captions": [{"text": "=1+1", "language": "en", "kind": "caption"}]}
    assert json.dumps(told)


def test_a_zip_tells_which_files_are_gone(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as opened:
        store_colours(opened.catalog, tmp_path / "pictures", ("red", "blue"))
        client = create_app(opened, settings_in(tmp_path / "data")).test_client()
        (tmp_path / "pictures" / "red.png").unlink()
        address = "/api/v1/export?format=zip&id=1"
        with zipfile.ZipFile(BytesIO(client.get(f"{address}&id=2").data)) as archive:
            assert archive.namelist() == ["2-blue.png", "missing.txt"]
            assert b"pictures/red.png" in archive.read("missing.txt")
        assert client.get(address).status_code == 404
