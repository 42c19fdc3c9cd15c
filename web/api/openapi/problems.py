"""The problems that each route can answer with, read from the statements that raise errors.

Routes name the sources of their own errors, and `RouteFacts` tell the rest: a route with a body has
the errors of reading one. A source is a module ("search.query.checks"), a function in one
("search.catalog.jobs:one"), or a class of errors. Codes and statuses are those of its statements,
so no route lists them.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from search import errors
from search.documents.search_request import SearchForm
from search.errors import LimnError, Message
from web.api.openapi.error_sources import (
    ENCODER_MODULES,
    JSON_BODY,
    MEMBERS,
    NAME,
    OF_PATH,
    SENT_SEARCH,
)
from web.middleware.errors import status_of
from web.middleware.security import FOREIGN_SITE, SAFE_METHODS
from web.route import JSON, LOOKS, ErrorSource, RouteFacts

Problems = Mapping[int, Set[str]]
"""Codes of problems by their status."""

# Guards answer before the view does, with errors of Werkzeug that carry a message.
TOKEN = {401: {"token-needed", "token-unknown"}, 403: {"token-scope-too-small"}}
CHANGE = {403: {FOREIGN_SITE.code}}
ANY = {421: {"host-unknown"}, 500: {"server-fault"}}
RATE = {429: {"rate-limited"}}
BODY = {413: {"pictures-too-large"}}
FILES = {413: {"files-too-large"}}
ADDRESS = {404: {"nothing-at-address"}}
# Werkzeug refuses the method where a number is too large for the rule that has this method.
NUMBER = {405: {"method-not-allowed"}}

# The code of the database's error for clients where its file is damaged.
DAMAGED = "database-fails-damaged"

# The code of a member that a document needs.
MISSING = "member-missing"

# The readers of documents refuse the values of these errors before; no field names a crop.
REFUSED_BEFORE = frozenset(
    {"crop-out-of-range", "offset-negative", "signal-unknown", "strictness-unknown"}
)


def problems_of(path: str, method: str, facts: RouteFacts) -> Problems:
    """Return the problems with which a route can answer a method, apart from any address's."""
    codes: dict[int, set[str]] = defaultdict(set)
    for source in _sources(path, method, facts):
        for status, code in codes_of(source):
            codes[status].add(code)
    if not any(map(_requires, (facts.fields, *facts.takes.values()))):
        codes[400].discard(MISSING)
    for problems in _of_guards(path, method, facts):
        for status, several in problems.items():
            codes[status] |= several
    return {status: several for status, several in sorted(codes.items()) if several}


def _requires(kind: type[Struct] | None) -> bool:
    """Return whether a document has a member without a default."""
    return kind is not None and any(each.required for each in structs.fields(kind))


def _sources(path: str, method: str, facts: RouteFacts) -> Iterator[ErrorSource]:
    yield from facts.raises
    yield errors.DatabaseUnavailable
    if method not in LOOKS and facts.scope(method) != "read":
        yield errors.StorageFailed
    if facts.fields is not None and (method == "GET" or not facts.takes):
        yield from MEMBERS
    if method != "GET" and facts.takes:
        yield from JSON_BODY if JSON in facts.takes else MEMBERS
        yield from SENT_SEARCH if SearchForm in facts.takes.values() else ()
    for name, sources in OF_PATH.items():
        yield from sources if name in path and "<" in path else ()
    yield from NAME if "<name>" in path else ()


def _of_guards(path: str, method: str, facts: RouteFacts) -> Iterator[Problems]:
    yield ANY
    yield from (TOKEN,) if facts.scope(method) is not None else ()
    yield from (CHANGE,) if method not in SAFE_METHODS else ()
    yield from (RATE,) if facts.rate_limit else ()
    yield from (ADDRESS,) if "<" in path else ()
    yield from (NUMBER,) if "<int" in path and method not in LOOKS else ()
    if method != "GET" and facts.takes:
        yield FILES if facts.files else BODY


def codes_of(source: ErrorSource) -> frozenset[tuple[int, str]]:
    """Return the statuses and codes of the errors of a source, without those of what it calls."""
    if isinstance(source, type):
        return frozenset(_codes_of_class(source))
    module, _, function = source.partition(":")
    return _codes_in(module, function)


@cache
def _codes_in(module: str, function: str) -> frozenset[tuple[int, str]]:
    parts: list[ast.AST] = [ast.parse(_file(module).read_text(encoding="utf-8"))]
    if function:
        functions = (each for each in ast.walk(parts[0]) if isinstance(each, ast.FunctionDef))
        parts = [each for each in functions if each.name == function]
    names = {**vars(errors), **vars(sys.modules.get(module, errors))}
    calls = (each for part in parts for each in ast.walk(part) if isinstance(each, ast.Call))
    codes = (code for call in calls if call.args for code in _codes_of_call(call, names))
    return frozenset(code for code in codes if code[1] not in REFUSED_BEFORE)


def _file(module: str) -> Path:
    """Return the file of a module, which is not imported: some need packages of their own."""
    name, *rest = module.split(".")
    package = import_module(name)
    if not rest:
        return Path(str(package.__file__))
    path = Path(package.__path__[0], *rest)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _codes_of_class(kind: type[LimnError]) -> Iterator[tuple[int, str]]:
    """Yield the codes of a class, whatever raises it; those of encoders are in many modules."""
    if issubclass(kind, errors.BadPicture):
        for reason in kind.REASONS:
            yield status_of(kind, reason), f"picture-{reason.replace(' ', '-')}"
    if kind.OUTSIDE is not None:
        yield status_of(kind), kind.OUTSIDE.code
    if kind is errors.DatabaseUnavailable:
        yield status_of(kind), DAMAGED
    if issubclass(kind, errors.EncoderUnavailable):
        for module in ENCODER_MODULES:
            yield from (each for each in codes_of(module) if each[0] == status_of(kind))


def _codes_of_call(call: ast.Call, names: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the code of a call that makes an error, as clients see it."""
    kind = names.get(call.func.id) if isinstance(call.func, ast.Name) else None
    if not isinstance(kind, type) or not issubclass(kind, LimnError):
        return
    first = call.args[0]
    outside = [each.value for each in call.keywords if each.arg == "outside"]
    message = names.get(first.id) if isinstance(first, ast.Name) else None
    if issubclass(kind, errors.BadPicture):
        if isinstance(first, ast.Constant):
            reason = str(first.value)
            yield status_of(kind, reason), f"picture-{reason.replace(' ', '-')}"
    elif outside and isinstance(outside[0], ast.Call) and outside[0].args:
        first = outside[0].args[0]
        yield from ((status_of(kind), str(first.value)),) if isinstance(first, ast.Constant) else ()
    elif kind.OUTSIDE is not None:
        yield status_of(kind), kind.OUTSIDE.code
    elif isinstance(first, ast.Constant):
        yield status_of(kind), str(first.value)
    elif isinstance(message, Message):
        yield status_of(kind), message.code
