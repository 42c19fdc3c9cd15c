"""Every address with every kind of wrong request: never a server error, always advice."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug import Response
from werkzeug.routing import Rule

from search.engine import Engine

pytestmark = pytest.mark.slow

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "FOO")

# Files, a stream that lasts a minute, and routes that answer 503 until the encoder is loaded.
APART = ("static", "jobs.events", "health.readyz")

BODIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "words": {"data": b"\xff\xfe red", "content_type": "text/plain"},
    "broken JSON": {"data": b'{"name": ', "content_type": "application/json"},
    "a list": {"data": b"[1, 2]", "content_type": "application/json"},
    "odd JSON": {
        "data": json.dumps({"name": "\ud800\0", "ids": [1.5], "q": {}, "terms": [[]], "k": -1}),
        "content_type": "application/json",
    },
    "a form": {"data": {"name": "\0", "id": "x", "board": "y", "picture": "-1", "place": "z"}},
    "files": {
        "data": b"--x\r\nContent-Disposition: form-data; name=files; filename=a.exe"
        b"\r\n\r\nx\r\n--x--",
        "content_type": "multipart/form-data; boundary=x",
    },
    "a broken form": {"data": b"--x\r\n", "content_type": "multipart/form-data"},
    "a type that is none": {"data": b"x", "content_type": "\u00e9;;=/"},
}


def filled(rule: Rule, value: str) -> str:
    """Return the address of a rule with one value in every place."""
    return re.sub(r"<[^>]*>", value, str(rule))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("value", ["1", "999", "%00%0A%ff"])
def test_no_misuse_is_the_servers_fault(
    client: FlaskClient, engine: Engine, ids: dict[str, int], body: str, value: str
) -> None:
    engine.catalog.boards.create("one", [1])
    engine.catalog.saved_searches.save("one", "q=red")
    engine.catalog.jobs.ask("one", "index", {"sources": ["/none"], "name": "one"})
    wrong = []
    for rule in client.application.url_map.iter_rules():
        address = filled(rule, value)
        methods = METHODS if body == "nothing" else ("POST", "PATCH")
        for method in methods if rule.endpoint not in APART else ():
            with client.open(address, method=method, **BODIES[body]) as answer:
                if answer.status_code >= 400 and not is_told(answer, method, address):
                    wrong.append((method, address, answer.status_code, answer.mimetype))
    assert wrong == []


def is_told(answer: Response, method: str, address: str) -> bool:
    """Return whether an error is the client's, with advice in a problem or on a page."""
    if answer.status_code >= 500 or (answer.status_code == 405 and "Allow" not in answer.headers):
        return False
    if method == "HEAD":
        return True
    if address.startswith("/api/") or address in ("/metrics", "/healthz"):
        problem = answer.mimetype == "application/problem+json"
        return problem and bool(answer.json and answer.json["detail"])
    return answer.mimetype == "text/html" and 'role="alert"' in answer.get_data(as_text=True)


def test_head_and_options_answer_wherever_get_does(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    for address in ("/", "/?q=red", "/kept", "/api/v1/collections", "/api/v1/pictures/1/original"):
        with client.get(address) as got, client.head(address) as head:
            assert (head.status_code, head.mimetype, head.data) == (200, got.mimetype, b"")
        with client.options(address) as options:
            assert options.status_code == 200 and "GET" in options.headers["Allow"]
