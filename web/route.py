"""The decorator `@route`: a view's address and its facts for middleware, server and OpenAPI.

A view without facts stops the start, so no view is public or undocumented by mistake.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from flask import Blueprint, Flask, current_app, request
from msgspec import Struct
from werkzeug.exceptions import HTTPException

from search.catalog.records import Scope
from search.errors import LimnError

JSON = "application/json"

# Methods that only read: these need the scope `read`, unless the route names another.
LOOKS = ("GET", "HEAD", "OPTIONS")

# The access of a route: the scope of the client's token, or "public".
Access = Scope | Literal["public"]

# The urgency of a request when it waits for a thread: web/server/priority.py.
Urgency = Literal["probe", "search", "picture", "bulk"]

Answers = type[Struct] | str | tuple[type[Struct] | str, ...]
"""The class of a JSON answer, media types of others, or both."""

ErrorSource = str | type[LimnError]
"""What raises errors: a class of them, a module, or a function as in "search.catalog.jobs:one"."""

View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class NoFacts(LimnError):
    """An error for a view that was registered without `@route`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A route's own rate, such as "10 per minute"; `refusal` decorates the view with its answer.

    `counts` tells after an answer whether its request counts; without it, all do.
    """

    rate: str
    refusal: Decorator = field(default=lambda view: view)
    counts: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """The facts of a route.

    `answers` maps media types to document classes, with None for plain bytes; `fields` is the class
    of the address's fields; `takes` maps the media types of bodies to classes; `statuses` explains
    further statuses; `raises` names the sources of the view's own errors; `status` is the usual
    one. `in_openapi` routes are in OpenAPI.

    Where `access` is None, reading needs `read` and changing needs `write`. `files` routes accept
    bodies as large as archives. `rate_limit` is False where a client may ask at any rate. `etag`
    routes return the same document until something changes. `for_programs` routes answer errors as
    JSON outside the API.
    """

    answers: Mapping[str, type[Struct] | None] = field(default_factory=dict)
    fields: type[Struct] | None = None
    takes: Mapping[str, type[Struct]] = field(default_factory=dict)
    statuses: Mapping[int, str] = field(default_factory=dict)
    raises: Sequence[ErrorSource] = ()
    status: int = 200
    in_openapi: bool = True
    access: Access | None = None
    files: bool = False
    rate_limit: bool | Limit = True
    etag: bool = True
    urgency: Urgency = "search"
    for_programs: bool = False

    def scope(self, method: str) -> Scope | None:
        """Return the scope that a request needs; None where the route is public."""
        if self.access == "public":
            return None
        return self.access or ("read" if method in LOOKS else "write")


# The facts of an address that leads to no view.
USUAL = RouteFacts()


def route(  # noqa: PLR0913 - a view names the few facts that it changes
    blueprint: Blueprint,
    rule: str,
    *methods: str,
    endpoint: str | None = None,
    strict_slashes: bool | None = None,
    answers: Answers = (),
    fields: type[Struct] | None = None,
    takes: Mapping[str, type[Struct]] | None = None,
    statuses: Mapping[int, str] | None = None,
    raises: Sequence[ErrorSource] = (),
    status: int = 200,
    in_openapi: bool = True,
    scope: Access | None = None,
    files: bool = False,
    rate_limit: bool | Limit = True,
    etag: bool = True,
    urgency: Urgency = "search",
    for_programs: bool = False,
) -> Callable[[View], View]:
    """Register a view at an address, by default for GET, with its facts (see `RouteFacts`).

    `answers` names the document class of a JSON answer, or media types; `scope` is "public" where
    no token is needed.
    """
    facts = RouteFacts(
        answers=_by_media_type(answers),
        fields=fields,
        takes=takes or {},
        statuses=statuses or {},
        raises=raises,
        status=status,
        in_openapi=in_openapi,
        access=scope,
        files=files,
        rate_limit=rate_limit,
        etag=etag,
        urgency=urgency,
        for_programs=for_programs,
    )

    def register(view: View) -> View:
        set_facts(view, facts)
        blueprint.add_url_rule(
            rule, endpoint, view, methods=methods or ("GET",), strict_slashes=strict_slashes
        )
        return view

    return register


def set_facts(view: Callable[..., Any], facts: RouteFacts) -> None:
    """Attach facts to a view; `functools.wraps` copies them to the view's wrappers."""
    view.facts = facts  # type: ignore[attr-defined]


def facts_of(app: Flask, endpoint: str | None) -> RouteFacts:
    """Return the facts of an endpoint's view; the default facts for an unknown endpoint."""
    view = app.view_functions.get(endpoint or "")
    facts: RouteFacts = getattr(view, "facts", USUAL)
    return facts


def current_facts() -> RouteFacts:
    """Return the facts of the current request's view."""
    return facts_of(current_app, request.endpoint)


def is_for_programs(path: str) -> bool:
    """Return whether errors at a path are JSON, for every method."""
    return path.startswith("/api/") or any(
        facts_of(current_app, rule.endpoint).for_programs
        for rule in current_app.url_map.iter_rules()
        if rule.rule == path
    )


def check_routes(app: Flask) -> None:
    """Check that every view of `app` has facts.

    Raises:
        NoFacts: a view has no facts.
    """
    for rule in app.url_map.iter_rules():
        if not hasattr(app.view_functions[rule.endpoint], "facts"):
            raise NoFacts(
                "route-without-facts",
                "the view {endpoint!r} at {rule} has no facts, such as who may ask for "
                "it; register it with @route of web/route.py",
                endpoint=rule.endpoint,
                rule=rule.rule,
            )


class Routes:
    """A lookup of routes by method and path, for code that runs before Flask."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._rules = app.url_map.bind("localhost")

    def facts(self, method: str, path: str) -> RouteFacts:
        """Return the facts of the view at a path, encoded as latin-1 as in WSGI."""
        url_path = path.encode("latin-1").decode("utf-8", "replace")
        try:
            endpoint, _ = self._rules.match(url_path, method)
        except HTTPException:  # no view, another method, or a redirect
            return USUAL
        return facts_of(self._app, endpoint)


def _by_media_type(
    answers: Answers,
) -> dict[str, type[Struct] | None]:
    several = answers if isinstance(answers, tuple) else (answers,)
    return {
        answer if isinstance(answer, str) else JSON: None if isinstance(answer, str) else answer
        for answer in several
    }
