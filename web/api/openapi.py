"""The OpenAPI document: apispec makes it of the API's routes and what stands at each view."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from search.installing import version
from web.api.schemas.search import Problem
from web.middleware.etags import NEVER_ALIKE, NOT_MODIFIED

JSON = "application/json"
METHODS = ("GET", "POST", "PATCH", "DELETE")
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Description:
    """What a view takes and gives: media types with their schemas, or None for plain bytes."""

    gives: Mapping[str, type[Schema] | None]
    fields: type[Schema] | None = None
    takes: Mapping[str, type[Schema]] = field(default_factory=dict)
    statuses: Mapping[int, str] = field(default_factory=dict)
    status: int = 200


def describe(
    *gives: type[Schema] | str,
    fields: type[Schema] | None = None,
    takes: Mapping[str, type[Schema]] | None = None,
    statuses: Mapping[int, str] | None = None,
    status: int = 200,
) -> Callable[[View], View]:
    """Say of a view what it gives (a schema, as JSON, or media types) and what it takes."""

    def keep(view: View) -> View:
        media = {each if isinstance(each, str) else JSON: each for each in gives}
        schemas = {name: None if isinstance(each, str) else each for name, each in media.items()}
        view.described = Description(  # type: ignore[attr-defined]
            schemas, fields, takes or {}, statuses or {}, status
        )
        return view

    return keep


def openapi(app: Flask, prefix: str) -> dict[str, Any]:
    """The document of every described view below `prefix`."""
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
        described = getattr(view, "described", None)
        if described is None or not str(rule).startswith(prefix):
            continue
        methods = sorted((rule.methods or set()) & set(METHODS))
        spec.path(
            re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", str(rule)),
            operations={
                method.lower(): _operation(method, rule.endpoint, view, described)
                for method in methods
            },
            parameters=[_path_parameter(name, rule) for name in sorted(rule.arguments)],
        )
    return spec.to_dict()


def _operation(
    method: str, endpoint: str, view: Callable[..., Any], described: Description
) -> dict[str, Any]:
    summary, _, rest = (view.__doc__ or "").partition("\n")
    name = endpoint.removeprefix("api.").replace(".", "_")
    statuses = dict(described.statuses)
    if method == "GET" and JSON in described.gives and endpoint not in NEVER_ALIKE:
        statuses |= NOT_MODIFIED
    operation: dict[str, Any] = {
        "operationId": name if method == "GET" else f"{name}_by_{method.lower()}",
        "summary": summary.strip(),
        "description": " ".join(rest.split()),
        "security": [{}, {"token": []}],
        "responses": {
            str(described.status): {
                "description": HTTPStatus(described.status).phrase,
                "content": _content(described.gives),
            },
            **{str(code): {"description": text} for code, text in statuses.items()},
            "4XX": "Problem",
            "5XX": "Problem",
        },
    }
    if method == "GET" and described.fields is not None:
        operation["parameters"] = [{"in": "query", "schema": described.fields}]
    if method in ("POST", "PATCH") and described.takes:
        takes = {name: {"schema": schema} for name, schema in described.takes.items()}
        operation["requestBody"] = {"required": True, "content": takes}
    return operation


def _content(gives: Mapping[str, type[Schema] | None]) -> dict[str, Any]:
    return {name: {"schema": schema} if schema else {} for name, schema in gives.items()}


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
