"""The whole document: its servers, groups, paths, and the parts that operations share."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Flask
from msgspec import Struct
from werkzeug.routing import Rule

from search.documents.problem import Problem
from search.documents.schemas import schemas
from search.packages.installing import version
from web.api.openapi.example_answers import PROBLEM
from web.api.openapi.examples import examples_of
from web.api.openapi.operation import operation
from web.api.openapi.tags import ADDED, TAGS, place_of
from web.route import RouteFacts, facts_of

METHODS = ("GET", "POST", "PATCH", "DELETE")

ABOUT = """Find pictures by what they show.

Every address begins with that of the server, and most answers are JSON. On the server's own machine
no token is needed. Elsewhere, send one with each request, as `Authorization: Bearer limn_...`;
`limn token create NAME` makes one where the server runs. A token has a scope: `read` to search and
look, `write` to change things too, `admin` to delete whole collections too.

An error has a status of 400 or more, and its body is a problem (RFC 9457): `detail` says in English
what happened and what to do, and `code` names the kind of error for programs."""

# A problem with the same codes in so many operations is a part of its own.
SHARED_BY = 3


def openapi(
    app: Flask, prefix: str, server: str, examples: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the document of every documented view below `prefix`, at the address `server`.

    `examples` replaces examples of parts of addresses, by name.
    """
    paths: dict[str, Any] = {}
    documents: set[type[Struct]] = {Problem}
    values = examples_of(examples or {})
    for rule in sorted(_rules(app, prefix), key=lambda rule: (place_of(rule.endpoint), str(rule))):
        facts = facts_of(app, rule.endpoint)
        documents.update(_documents(facts))
        path = paths.setdefault(re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", str(rule)), {})
        for method in sorted((rule.methods or set()) & set(METHODS), key=METHODS.index):
            view = app.view_functions[rule.endpoint]
            path[method.lower()] = operation(method, rule, view, facts, values, server)
        if rule.arguments:
            path["parameters"] = [
                _path_parameter(name, rule, values.part(str(rule), name))
                for name in sorted(rule.arguments)
            ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Limn",
            "version": version(),
            "summary": "Find pictures by what they show.",
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server, "description": "This server"}],
        "tags": [{"name": tag.name, "description": tag.about} for tag in _tags(paths)],
        "paths": paths,
        "components": {
            "schemas": _schemas(documents),
            "responses": _share_responses(paths),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, where the server wants one: limn token create NAME",
                }
            },
        },
    }


def _schemas(documents: Iterable[type[Struct]]) -> dict[str, Any]:
    """Return the schemas of documents; that of a problem has an example, as no answer has one."""
    components = schemas(documents)
    components[Problem.__name__]["examples"] = [PROBLEM]
    return components


def _rules(app: Flask, prefix: str) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if str(rule).startswith(prefix) and facts_of(app, rule.endpoint).in_openapi:
            yield rule


def _tags(paths: Mapping[str, Any]) -> Iterator[Any]:
    names = {tag for _, each in _operations(paths) for tag in each["tags"]}
    return (tag for tag in (*TAGS, ADDED) if tag.name in names)


def _documents(facts: RouteFacts) -> Iterator[type[Struct]]:
    """Return the document classes of a route's bodies and answers."""
    for kind in (*facts.answers.values(), *facts.takes.values()):
        if kind is not None:
            yield kind


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths.values():
        yield from ((method, each) for method, each in path.items() if method != "parameters")


def _share_responses(paths: Mapping[str, Any]) -> dict[str, Any]:
    """Move the responses of problems that many operations have to a part; return that part."""
    responses = [
        (each["responses"], status)
        for _, each in _operations(paths)
        for status in each["responses"]
        if status >= "400"
    ]
    counts = Counter(json.dumps(several[status]) for several, status in responses)
    names: dict[str, str] = {}
    parts: dict[str, Any] = {}
    for several, status in responses:
        text = json.dumps(several[status])
        if counts[text] < SHARED_BY:
            continue
        if text not in names:
            number = 1 + sum(name.startswith(f"Problem{status}") for name in parts)
            names[text] = f"Problem{status}" + (f"_{number}" if number > 1 else "")
            parts[names[text]] = several[status]
        several[status] = {"$ref": f"#/components/responses/{names[text]}"}
    return parts


def _path_parameter(name: str, rule: Rule, example: Any) -> dict[str, Any]:
    whole = {"type": "integer", "format": "int64", "minimum": 1}
    text = {"type": "string", "minLength": 1}
    return {
        "in": "path",
        "name": name,
        "required": True,
        "description": PARTS.get(name, ""),
        "schema": whole if f":{name}>" in str(rule) else text,
        "example": example,
    }


PARTS = {
    "board_id": "the number of a board",
    "job_id": "the number of a job",
    "link_id": "the number of a link of the board",
    "name": "the name of the collection or concept",
    "picture_id": "the number of a picture, as `id` in answers",
    "search_id": "the number of a saved search",
}
