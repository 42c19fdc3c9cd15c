"""From an HTTP request's fields to a Query: the only place that reads them."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug import Request
from werkzeug.datastructures import FileStorage, MultiDict

from search.errors import BadQuery, LimnError
from search.filters.grammar import parse
from search.query.checks import MOST_HITS, WEIGHTS, check_weight
from search.query.records import (
    ALL_SIGNALS,
    ConceptTerm,
    IndexedTerm,
    PictureTerm,
    Query,
    Term,
    TextTerm,
)
from search.query.syntax import USUAL_MINUS, parse_query_text

Fields = MultiDict[str, str]

ANSWER_FIELDS = ("k", "offset", "where", "by", "cutoff", "fold", "diverse", "more", "less")
SEARCH_FIELDS = (
    *("q", "minus", "similar", "concept", "weight", "collection", "cursor"),
    *ANSWER_FIELDS,
)
FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
JSON_FIELDS = ("terms", "collections", "cursor", *ANSWER_FIELDS)
TERM_KINDS = ("text", "picture_id", "concept")
TERM_FIELDS = (*TERM_KINDS, "weight")

# SQL ids are signed 64-bit numbers.
LARGEST_ID = 2**63 - 1

DEFAULT_K = 20

SWITCHES = {"true": True, "1": True, "false": False, "0": False}


class UnknownMediaType(LimnError):
    """The body of a request is of a media type that is not read here."""


def query_of_request(request: Request) -> tuple[Query, str]:
    """The query of a request to the API, in whichever of the ways it was put, and its cursor.

    Raises:
        BadQuery: a field is unknown or has a value that is not allowed.
        UnknownMediaType: what was posted is neither a form nor JSON.
    """
    if request.method != "POST":
        refuse_unknown(request.args, SEARCH_FIELDS)
        return query_of_fields(request.args), request.args.get("cursor", "")
    if request.is_json:
        return query_of_document(document_of(request.get_data()))
    if request.mimetype not in FORM_TYPES:
        raise UnknownMediaType(
            f"the body is {request.mimetype or 'of no stated type'}; post application/json, "
            "or multipart/form-data to send pictures"
        )
    if "image" in request.form:
        raise BadQuery("image is words; it must be a file, as in: curl -F image=@photo.jpg")
    refuse_unknown(request.values, SEARCH_FIELDS)
    refuse_unknown(request.files, ("image",))
    query = query_of_fields(request.values, images_of(request.files))
    return query, request.values.get("cursor", "")


def query_of_fields(fields: Fields, images: Sequence[bytes] = ()) -> Query:
    """The query of an address or of a form; `weight` is that of its pictures, words have 1.

    Raises:
        BadQuery: a field has a value that is not allowed; the message names both.
    """
    weight = number("weight", fields.get("weight") or "1")
    terms = [term for q in fields.getlist("q") if q.strip() for term in parse_query_text(words(q))]
    terms += [IndexedTerm(identity("similar", each), weight) for each in fields.getlist("similar")]
    terms += [PictureTerm(image, weight) for image in images]
    terms += [ConceptTerm(words(each)) for each in fields.getlist("concept") if each.strip()]
    for each in fields.getlist("minus"):
        terms += parse_query_text(words(each), -USUAL_MINUS)
    told = {name: value for name, value in fields.items() if name in ANSWER_FIELDS and value}
    several = {name: fields.getlist(name) for name in ("by", "more", "less")}
    return _query(terms, fields.getlist("collection"), told | several)


def images_of(files: MultiDict[str, FileStorage]) -> list[bytes]:
    """The bytes of the pictures sent as `image`; a file field left empty sends a nameless one."""
    return [file.read() for file in files.getlist("image") if file.filename]


def document_of(body: bytes) -> dict[str, Any]:
    """A request's JSON object; raises BadQuery where it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadQuery(f"the request's body is not JSON that can be read: {error}") from error
    if not isinstance(document, dict):
        raise BadQuery('the request\'s body must be a JSON object, such as {"terms": [...]}')
    return document


def query_of_document(document: Mapping[str, Any]) -> tuple[Query, str]:
    """The query of a JSON document {"terms": [...], "collections": [...], "k": 20}; its cursor.

    Raises:
        BadQuery: a field has a value that is not allowed.
    """
    refuse_unknown(document, JSON_FIELDS)
    terms, names = document.get("terms", []), document.get("collections", [])
    if not isinstance(terms, list):
        raise BadQuery(f"terms is {_shown(terms)}; it must be a list of objects")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadQuery(f"collections is {_shown(names)}; it must be a list of names")
    cursor = document.get("cursor", "")
    if not isinstance(cursor, str):
        raise BadQuery(f"cursor is {_shown(cursor)}; it must be `next` of the answer before")
    return _query([_term(term) for term in terms], names, document), cursor


def refuse_unknown(given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse a field that is not known, which would otherwise seem to have been followed.

    Raises:
        BadQuery: naming the field and those that are known.
    """
    for name in given:
        if name not in known:
            raise BadQuery(f"there is no field {_shown(name)}; the fields are: {', '.join(known)}")


def words(text: str) -> str:
    """The words of a term, as Unicode that can be written anywhere."""
    # JSON may hold lone surrogates and NUL, which no PostgreSQL database takes.
    return text.replace("\0", "").strip().encode("utf-8", "replace").decode("utf-8")


def number(field: str, value: object) -> float:
    """A weight, from text or from JSON."""
    try:
        found = float(value) if isinstance(value, str | int | float) else float("nan")
    except (ValueError, OverflowError):
        found = float("nan")
    if isinstance(value, bool) or math.isnan(found):
        raise BadQuery(f"{field} is {_shown(value)}; {WEIGHTS}")
    check_weight(found)
    return found


def identity(field: str, value: object) -> int:
    """A picture's id, from text or from JSON."""
    found = _whole(value)
    if found is None or not 1 <= found <= LARGEST_ID:
        raise BadQuery(f"{field} is {_shown(value)}; it may be a picture's id, a whole number")
    return found


def identities(field: str, values: Sequence[str]) -> list[int]:
    """Pictures' ids, each once, in their order."""
    if not 1 <= len(values) <= MOST_HITS:
        raise BadQuery(f"there are {len(values)} of {field}; there may be 1 to {MOST_HITS:,}")
    return list(dict.fromkeys(identity(field, value) for value in values))


def choice(field: str, value: str, allowed: Sequence[object]) -> str:
    """One of the values that are allowed."""
    if value not in map(str, allowed):
        listed = ", ".join(map(str, allowed))
        raise BadQuery(f"{field} is {value[:80]!r}; it may be {listed}")
    return value


def switch(field: str, value: object) -> bool:
    """Yes or no, from text or from JSON."""
    if str(value).lower() not in SWITCHES:
        raise BadQuery(f"{field} is {_shown(value)}; it may be: {', '.join(SWITCHES)}")
    return SWITCHES[str(value).lower()]


def text_of(field: str, value: object) -> str:
    """A text of a JSON document."""
    if not isinstance(value, str):
        raise BadQuery(f"{field} is {_shown(value)}; it must be a string")
    return words(value)


def count(value: object, field: str = "k") -> int:
    """How many hits are wanted or passed over, from text or JSON; the engine knows the range."""
    found = _whole(value)
    if found is None or found < 0:
        least = 1 if field == "k" else 0
        raise BadQuery(f"{field} is {_shown(value)}; it may be a whole number from {least}")
    return found


def share(field: str, value: object) -> float:
    """A number from 0 to 1, from text or from JSON; the engine knows the range."""
    try:
        found = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if isinstance(value, bool) or math.isnan(found):
        raise BadQuery(f"{field} is {_shown(value)}; it may be a number from 0 to 1")
    return found


def _query(terms: Sequence[Term], collections: Sequence[str], fields: Mapping[str, Any]) -> Query:
    where, by, fold = fields.get("where"), fields.get("by") or [], fields.get("fold", False)
    if where is not None and not isinstance(where, str):
        raise BadQuery(f"where is {_shown(where)}; it must be a text, such as: date >= 2021")
    if not isinstance(by, list) or any(each not in ALL_SIGNALS for each in by):
        raise BadQuery(f"by is {_shown(by)}; it may be: {', '.join(ALL_SIGNALS)}")
    marks = {name: fields.get(name) or [] for name in ("more", "less")}
    for name, ids in marks.items():
        if not isinstance(ids, list):
            raise BadQuery(f"{name} is {_shown(ids)}; it must be a list of pictures' ids")
    return Query(
        terms=tuple(terms),
        collections=tuple(name for name in collections if name),
        k=count(fields.get("k", DEFAULT_K)),
        offset=count(fields.get("offset", 0), "offset"),
        where=parse(where) if where else None,
        by=tuple(by) or ALL_SIGNALS,
        cutoff=share("cutoff", fields.get("cutoff", 0)),
        fold=switch("fold", fold),
        diverse=share("diverse", fields.get("diverse", 0)),
        more=tuple(dict.fromkeys(identity("more", each) for each in marks["more"])),
        less=tuple(dict.fromkeys(identity("less", each) for each in marks["less"])),
    )


def _term(document: object) -> Term:
    if not isinstance(document, dict) or len(set(TERM_KINDS) & document.keys()) != 1:
        raise BadQuery(
            f'a term is {_shown(document)}; it must be an object with "text", "picture_id" or '
            '"concept", such as {"text": "a red door", "weight": 0.5}'
        )
    refuse_unknown(document, TERM_FIELDS)
    weight = number("weight", document.get("weight", 1))
    if "picture_id" in document:
        return IndexedTerm(identity("picture_id", document["picture_id"]), weight)
    [kind] = set(TERM_KINDS) & document.keys()
    term = ConceptTerm if kind == "concept" else TextTerm
    return term(text_of(kind, document[kind]), weight)


def _whole(value: object) -> int | None:
    """A whole number written with digits alone, or one of JSON's."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 20):
        return None
    return int(value)


def _shown(value: object) -> str:
    """A value as messages quote it: a long one is cut."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
