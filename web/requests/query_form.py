"""Queries from the fields of HTTP requests, which no other module reads."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET, structs, to_builtins
from werkzeug import Request
from werkzeug.datastructures import FileStorage, MultiDict

from search.documents import search_request
from search.documents.facets import FacetFields
from search.documents.members import Hits, PictureId, Place, Weight
from search.documents.reading import quote, read, read_member, read_texts
from search.documents.search_request import AnswerFields, SearchDocument, SearchFields
from search.errors import BadQuery, LimnError
from search.query.checks import check_weight
from search.query.filters.grammar import parse
from search.query.limits import MAX_HITS, SIGNAL_NAMES
from search.query.records import ConceptTerm, IndexedTerm, PictureTerm, Query, Term, TextTerm
from search.query.sorting import RELEVANCE
from search.query.syntax import USUAL_MINUS, parse_query_text
from web.requests.json_body import object_of

Fields = MultiDict[str, str]

FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


class UnknownMediaType(LimnError):
    """An error for a request body in an unsupported media type."""


def query_of_request(request: Request) -> tuple[Query, str]:
    """Return the query and the cursor of an API request in any of its forms.

    Raises:
        BadQuery: a field is unknown or has an invalid value.
        UnknownMediaType: the body is neither a form nor JSON.
    """
    if request.method != "POST":
        return query_of_fields(request.args)
    if request.is_json:
        return query_of_document(object_of(request.get_data()))
    if request.mimetype not in FORM_TYPES:
        raise UnknownMediaType(
            "media-type-unknown",
            "the body is {mimetype}; post application/json, "
            "or multipart/form-data to send pictures",
            mimetype=request.mimetype or "of no stated type",
        )
    if "image" in request.form:
        raise BadQuery(
            "image-not-a-file", "image is words; it must be a file, as in: curl -F image=@photo.jpg"
        )
    for name in request.files:
        if name != "image":
            raise BadQuery(
                "unknown-member",
                "there is no field {member}; the fields are: {members}",
                members="image",
                member=quote(name),
            )
    return query_of_fields(request.values, images_of(request.files))


def query_of_fields(fields: Fields, images: Sequence[bytes] = ()) -> tuple[Query, str]:
    """Return the query and the cursor of an address or a form.

    `weight` is the weight of the query's pictures; words have 1.

    Raises:
        BadQuery: a field is unknown or has an invalid value; the message names both.
    """
    return _query_of(read_texts(SearchFields, dict(fields.lists())), images)


def query_of_facets(fields: Fields, collection: str) -> Query:
    """Return the query of a request for the facets of its answer in a collection.

    Raises:
        BadQuery: a field is unknown or has an invalid value; the message names both.
    """
    document = read_texts(FacetFields, dict(fields.lists()))
    query, _ = _query_of(SearchFields(collection=(collection,), **structs.asdict(document)), ())
    if query.ranks and query.set_cutoff is None and not query.cutoff:
        return replace(query, strictness="usual")
    return query


def _query_of(document: SearchFields, images: Sequence[bytes]) -> tuple[Query, str]:
    weight = document.weight
    check_weight(weight)
    terms = [term for text in document.q if text.strip() for term in parse_query_text(words(text))]
    terms += [IndexedTerm(picture_id, weight) for picture_id in document.similar]
    terms += [PictureTerm(image, weight) for image in images]
    terms += [ConceptTerm(words(name)) for name in document.concept if name.strip()]
    for text in document.minus:
        terms += parse_query_text(words(text), -USUAL_MINUS)
    return _query(terms, document.collection, document), document.cursor


def images_of(files: MultiDict[str, FileStorage]) -> list[bytes]:
    """Return the bytes of the pictures sent as `image`, without empty file fields."""
    return [file.read() for file in files.getlist("image") if file.filename]


def query_of_document(members: dict[str, Any]) -> tuple[Query, str]:
    """Return the query and the cursor of a JSON object.

    Raises:
        BadQuery: a member is unknown or has an invalid value.
    """
    document = read(SearchDocument, members)
    terms = [_term(term) for term in document.terms]
    return _query(terms, document.collections, document), document.cursor


def words(text: str) -> str:
    """Return the text of a term, as Unicode that every database accepts."""
    # JSON may contain lone surrogates and NUL, which no PostgreSQL database accepts.
    return text.replace("\0", "").strip().encode("utf-8", "replace").decode("utf-8")


def number(field: str, value: object) -> float:
    """Parse a weight."""
    weight: float = read_member(field, value, Weight)
    check_weight(weight)
    return weight


def identity(field: str, value: object) -> int:
    """Parse the id of a picture."""
    picture_id: int = read_member(field, value, PictureId)
    return picture_id


def identities(field: str, values: Sequence[object]) -> list[int]:
    """Return ids of pictures, each once, in their order."""
    if not 1 <= len(values) <= MAX_HITS:
        raise BadQuery(
            "ids-out-of-range",
            "there are {count} of {field}; there may be 1 to {most:,}",
            count=len(values),
            field=field,
            most=MAX_HITS,
        )
    return list(dict.fromkeys(identity(field, value) for value in values))


def count(value: object, field: str = "k") -> int:
    """Parse a number of hits to return or skip; query/checks knows the range."""
    result: int = read_member(field, value, Hits if field == "k" else Place)
    return result


def _query(terms: Sequence[Term], collections: Sequence[str], fields: AnswerFields) -> Query:
    return Query(
        terms=tuple(terms),
        collections=tuple(name for name in collections if name),
        k=fields.k,
        offset=fields.offset,
        where=parse(fields.where) if fields.where else None,
        by=fields.by or SIGNAL_NAMES,
        cutoff=fields.cutoff,
        fold=fields.fold,
        diverse=fields.diverse,
        more=tuple(dict.fromkeys(fields.more)),
        less=tuple(dict.fromkeys(fields.less)),
        sort=fields.sort or RELEVANCE,
        strictness=fields.strictness,
        understand=fields.understand,
        plain=tuple(fields.plain),
    )


def _term(term: search_request.Term) -> Term:
    text, picture_id, concept = term.text, term.picture_id, term.concept
    if [text, picture_id, concept].count(UNSET) != 2:
        raise BadQuery(
            "term-invalid",
            'a term is {term}; it must be an object with "text", '
            '"picture_id" or "concept", such as {{"text": "a red door", "weight": 0.5}}',
            term=quote(to_builtins(term)),
        )
    check_weight(term.weight)
    if picture_id is not UNSET:
        return IndexedTerm(picture_id, term.weight)
    if concept is not UNSET:
        return ConceptTerm(words(concept), term.weight)
    return TextTerm(words(text or ""), term.weight)
