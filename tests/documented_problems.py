"""A check of every test: no address of the API answers with a problem that its document hides."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, current_app, request, request_finished

from web.api.openapi.problems import problems_of
from web.links import API
from web.route import facts_of

_hidden: list[str] = []


def _compare(_sender: Flask, response: Response, **_: Any) -> None:
    """Note a problem that the document of the route does not have."""
    rule = request.url_rule
    if rule is None or response.mimetype != "application/problem+json":
        return
    facts = facts_of(current_app, rule.endpoint)
    if not str(rule).startswith(f"{API}/") or not facts.in_openapi or request.method == "OPTIONS":
        return
    code = (response.json or {})["code"]
    method = "GET" if request.method == "HEAD" else request.method
    if response.status_code == 416 or code in problems_of(str(rule), method, facts).get(
        response.status_code, ()
    ):
        return
    _hidden.append(f"{method} {rule} answers {response.status_code} {code}")


request_finished.connect(_compare)


@pytest.fixture(autouse=True)
def documented_problems() -> Iterator[None]:
    """Fail a test in which the API answers with a problem that its document does not have."""
    _hidden.clear()
    yield
    if _hidden:
        pytest.fail("; ".join(_hidden), pytrace=False)
