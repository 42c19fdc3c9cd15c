"""The OpenAPI document of the API, made from routes, their facts and document classes."""

import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from msgspec import Struct
from werkzeug.routing import Rule

from search.documents.problem import Problem
from search.documents.schemas import REFERENCE, parameters, schemas
from search.packages.installing import version
from web.route import JSON, RouteFacts, facts_of

METHODS = ("GET", "POST", "PATCH", "DELETE")

# Further statuses of routes with ETags, and of routes that send files in ranges.
NOT_MODIFIED = {304: "It is the one that `If-None-Match` names."}
RANGES = {206: "The part that `Range` asks for.", **NOT_MODIFIED}

REFUSED = {"$ref": "#/components/responses/Problem"}


def openapi(app: Flask, prefix: str) -> dict[str, Any]:
    """Return the document of every documented view below `prefix`."""
    paths: dict[str, Any] = {}
    documents: set[type[Struct]] = {Problem}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        facts = facts_of(app, rule.endpoint)
        if not facts.in_openapi or not str(rule).startswith(prefix):
            continue
        documents.update(_documents(facts))
        view = app.view_functions[rule.endpoint]
        methods = sorted((rule.methods or set()) & set(METHODS))
        path = paths.setdefault(re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", str(rule)), {})
        path |= {
            method.lower(): _operation(method, rule.endpoint, view, facts) for method in methods
        }
        if rule.arguments:
            path["parameters"] = [_path_parameter(name, rule) for name in sorted(rule.arguments)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Limn",
            "version": version(),
            "description": "Find pictures by what they show.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(documents),
            "responses": {"Problem": _problem()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _documents(facts: RouteFacts) -> Iterator[type[Struct]]:
    """Return the document classes of a route's bodies and answers."""
    for kind in (*facts.answers.values(), *facts.takes.values()):
        if kind is not None:
            yield kind


def _operation(
    method: str, endpoint: str, view: Callable[..., Any], facts: RouteFacts
) -> dict[str, Any]:
    summary, _, rest = (view.__doc__ or "").partition("\n")
    name = endpoint.removeprefix("api.").replace(".", "_")
    statuses = dict(facts.statuses)
    if method == "GET" and JSON in facts.answers and facts.etag:
        statuses |= NOT_MODIFIED
    operation: dict[str, Any] = {
        "operationId": name if method == "GET" else f"{name}_by_{method.lower()}",
        "summary": summary.strip(),
        "description": " ".join(rest.split()),
        "security": [{}, {"token": []}],
        "responses": {
            str(facts.status): {
                "description": HTTPStatus(facts.status).phrase,
                "content": _content(facts.answers),
            },
            **{str(code): {"description": text} for code, text in statuses.items()},
            "4XX": REFUSED,
            "5XX": REFUSED,
        },
    }
    if method == "GET" and facts.fields is not None:
        operation["parameters"] = parameters(facts.fields)
    if method in ("POST", "PATCH") and facts.takes:
        operation["requestBody"] = {"required": True, "content": _content(facts.takes)}
    return operation


def _content(kinds: Mapping[str, type[Struct] | None]) -> dict[str, Any]:
    """Return the OpenAPI content of these media types; plain bytes have no schema."""
    return {
        media_type: {"schema": _reference(kind)} if kind else {}
        for media_type, kind in kinds.items()
    }


def _reference(kind: type[Struct]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=kind.__name__)}


def _problem() -> dict[str, Any]:
    return {
        "description": "What went wrong",
        "content": _content({"application/problem+json": Problem}),
    }


def _path_parameter(name: str, rule: Rule) -> dict[str, Any]:
    whole = {"type": "integer", "format": "int64", "minimum": 1}
    text = {"type": "string", "minLength": 1}
    schema = whole if f":{name}>" in str(rule) else text
    return {"in": "path", "name": name, "required": True, "schema": schema}
