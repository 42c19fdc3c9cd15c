"""The OpenAPI document: apispec makes it of the API's routes and their facts."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from search.installing import version
from web.api.schemas.search import Problem
from web.route import JSON, RouteFacts, facts_of

METHODS = ("GET", "POST", "PATCH", "DELETE")

# Statuses of answers that a client may have already, and of files that are sent in ranges.
NOT_MODIFIED = {304: "It is the one that `If-None-Match` names."}
RANGES = {206: "The part that `Range` asks for.", **NOT_MODIFIED}


def openapi(app: Flask, prefix: str) -> dict[str, Any]:
    """Return the document of every documented view below `prefix`."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: _name(schema))
    spec = APISpec(
        "Limn",
        version(),
        "3.1.0",
        plugins=[plugin],
        info={"description": "Find pictures by what they show."},
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.response("Problem", _problem())
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = app.view_functions[rule.endpoint]
        facts = facts_of(app, rule.endpoint)
        if not facts.documented or not str(rule).startswith(prefix):
            continue
        methods = sorted((rule.methods or set()) & set(METHODS))
        spec.path(
            re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", str(rule)),
            operations={
                method.lower(): _operation(method, rule.endpoint, view, facts) for method in methods
            },
            parameters=[_path_parameter(name, rule) for name in sorted(rule.arguments)],
        )
    return spec.to_dict()


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
            "4XX": "Problem",
            "5XX": "Problem",
        },
    }
    if method == "GET" and facts.fields is not None:
        operation["parameters"] = [{"in": "query", "schema": facts.fields}]
    if method in ("POST", "PATCH") and facts.takes:
        takes = {name: {"schema": schema} for name, schema in facts.takes.items()}
        operation["requestBody"] = {"required": True, "content": takes}
    return operation


def _content(answers: Mapping[str, type | None]) -> dict[str, Any]:
    return {name: {"schema": schema} if schema else {} for name, schema in answers.items()}


def _problem() -> dict[str, Any]:
    return {
        "description": "What went wrong",
        "content": {"application/problem+json": {"schema": Problem}},
    }


def _path_parameter(name: str, rule: Rule) -> dict[str, Any]:
    whole = {"type": "integer", "format": "int64", "minimum": 1}
    text = {"type": "string", "minLength": 1}
    schema = whole if f":{name}>" in str(rule) else text
    return {"in": "path", "name": name, "required": True, "schema": schema}


def _name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__
