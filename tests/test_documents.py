"""JSON documents: how they are read, refused, and described."""

import json
from typing import Any

import pytest
from msgspec import Struct
from msgspec.json import decode, encode

from search.documents import (
    collection,
    facets,
    feedback,
    jobs,
    picture,
    problem,
    saved_and_boards,
    search,
)
from search.documents.collection import FolderFields
from search.documents.members import PictureId
from search.documents.picture import ExportFields, Picture, ThumbnailFields
from search.documents.reading import read, read_member, read_texts
from search.documents.saved_and_boards import NewBoard, NewSearch, Pinned, PinnedChange
from search.documents.schemas import parameters, schemas
from search.documents.search import Hit
from search.documents.search_request import SearchDocument, SearchFields
from search.errors import BadQuery

MODULES = (collection, facets, feedback, jobs, picture, problem, saved_and_boards, search)
DOCUMENTS = {
    name: kind
    for module in MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind is not Struct
}

RED = {
    "id": 7,
    "collection": "walls",
    "path": "/walls/red.png",
    "width_px": 64,
    "height_px": 48,
    "format": "PNG",
    "size_bytes": 300,
    "taken_at": None,
    "latitude": None,
    "longitude": 8.5,
    "camera": None,
    "content_hash": "ab",
    "colours": ["#ff0000"],
    "fields": {"rating": 4.0, "place": "Ulm"},
    "captions": [{"text": "a red wall", "language": "en", "kind": "caption"}],
}
LINKS = {"thumbnail": "/t", "original": "/o", "similar": "/s"}
SCORES: dict[str, Any] = {
    "rank": 1,
    "score": 0.5,
    "measure": "cosine",
    "cosine": 0.5,
    "confidence": None,
    "matches": [{"by": "picture", "score": 0.5, "share": 1.0, "caption": None, "line": None}],
    "copies": [8, 9],
    "group": None,
}


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Picture, RED),
        (Picture, RED | LINKS),
        (Hit, SCORES | RED | LINKS),
        (Pinned, RED | LINKS | {"place": 0, "note": "a door"}),
    ],
)
def test_a_document_is_written_as_it_was_read_in_the_same_order(
    kind: type[Struct], document: dict[str, Any]
) -> None:
    text = json.dumps(document, separators=(",", ":")).encode()
    assert encode(decode(text, type=kind)) == text


def test_a_hit_and_a_pinned_picture_give_the_picture_alone() -> None:
    alone = decode(encode(RED | LINKS), type=Picture)
    hit = decode(encode(SCORES | RED | LINKS), type=Hit)
    pinned = decode(encode(RED | LINKS | {"place": 0, "note": ""}), type=Pinned)
    assert hit.picture == pinned.picture == alone
    assert (hit.copies, hit.picture.captions[0].text) == ((8, 9), "a red wall")


def test_members_of_a_newer_server_are_passed_over() -> None:
    assert decode(encode(RED | {"mood": "good"}), type=Picture).id == 7


def test_no_number_is_written_as_null() -> None:
    assert b'"score":null' in encode(search.Match("picture", float("nan"), 1.0, None, None))


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (SearchFields, {"k": "many"}, "k is 'many'; it may be a whole number from 1"),
        (SearchFields, {"offset": "-1"}, "offset is '-1'; it may be a whole number from 0"),
        (SearchFields, {"similar": ["1", "x"]}, "similar is 'x'; it may be a picture's id"),
        (SearchFields, {"similar": [str(2**63)]}, "similar is '9223372036854775808'; it may be"),
        (SearchFields, {"weight": "nan"}, "weight is 'nan'; it may be any number but zero"),
        (SearchFields, {"by": ["smell"]}, r"by is \['smell'\]; it may be: picture, caption, words"),
        (SearchFields, {"fold": "perhaps"}, "fold is 'perhaps'; it may be: true, 1, false, 0"),
        (SearchFields, {"limit": "3"}, "no field 'limit'; the fields are: q, minus, similar"),
        (SearchDocument, {"k": None}, "k is None; it may be a whole number from 1"),
        (SearchDocument, {"k": "9" * 5000}, "k is '999"),
        (SearchDocument, {"k": "\ud800"}, r"k is '\?'; it may be a whole number from 1"),
        (SearchDocument, {"more": 3}, "more is 3; it must be a list of pictures' ids"),
        (SearchDocument, {"more": [3, "x"]}, "more is 'x'; it may be a picture's id"),
        (SearchDocument, {"where": 3}, "where is 3; it must be a text, such as: date >= 2021"),
        (SearchDocument, {"terms": "red"}, "terms is 'red'; it must be a list of objects"),
        (SearchDocument, {"terms": [5]}, r"terms is \[5\]; it must be a list of objects"),
        (SearchDocument, {"terms": [{"text": ["red"]}]}, r"text is \['red'\]; it must be a string"),
        (SearchDocument, {"terms": [{"weight": True}]}, "weight is True; it may be any number"),
        (SearchDocument, {"terms": [{"weight": 10**400}]}, "weight is 1000.*…; it may be any"),
        (
            SearchDocument,
            {"terms": [{"text": "red"}, {"word": "x"}]},
            "no field 'word'; the fields are: text, picture_id, concept, weight",
        ),
        (ThumbnailFields, {"side": "321"}, "side is '321'; it may be 160, 320, 480, 960, 1600"),
        (ExportFields, {"id": ["1"], "format": "svg"}, "format is 'svg'; it may be json, csv, zip"),
        (NewSearch, {"name": "x"}, "address is missing; it must be a string"),
        (NewBoard, {"name": "x", "ids": 3}, "ids is 3; it must be a list of pictures' ids"),
        (PinnedChange, {"place": "x"}, "place is 'x'; it may be a whole number from 0"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_member_and_value(
    kind: type[Struct], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadQuery, match=message):
        read(kind, values)


def test_texts_of_an_address_are_read_as_what_they_mean() -> None:
    fields = read(
        SearchFields,
        {"k": "5", "similar": ["7", "8"], "weight": "-0.5", "fold": "1", "by": ["words"]},
    )
    assert (fields.k, fields.similar, fields.weight) == (5, (7, 8), -0.5)
    assert (fields.fold, fields.by, fields.cutoff) == (True, ("words",), 0.0)
    assert read(ThumbnailFields, {"side": "480"}).side == 480
    texts = {"k": ["5", "6"], "weight": [" 0.5"], "where": [""], "q": ["", "a door"]}
    fields = read_texts(SearchFields, texts)
    assert (fields.k, fields.weight, fields.where, fields.q) == (5, 0.5, "", ("", "a door"))
    assert read_texts(FolderFields, {"path": ["/walls "]}).path == "/walls "
    assert read_member("id", "7", PictureId) == 7


def test_a_null_stands_for_a_member_that_is_not_given() -> None:
    assert read(SearchDocument, {"where": None, "by": None, "more": None}) == SearchDocument()


def test_every_class_has_a_schema_whose_references_are_there() -> None:
    described = schemas(DOCUMENTS.values())
    assert set(described) == set(DOCUMENTS)
    for reference in json.dumps(described).split("#/components/schemas/")[1:]:
        assert reference.partition('"')[0] in described
    assert all(each["additionalProperties"] is False for each in described.values())


def test_a_schema_says_what_may_stand_in_a_member() -> None:
    described = schemas([Hit, SearchFields])
    hit, fields = described["Hit"], described["SearchFields"]
    assert set(hit["required"]) == set(hit["properties"]), "also the addresses of files"
    assert hit["properties"]["cosine"] == {
        "type": ["number", "null"],
        "description": "how alike the picture and the search are, from -1 to 1",
    }
    assert "required" not in fields
    assert fields["properties"]["k"] == {
        "type": "integer",
        "description": "how many pictures to answer with",
        "default": 20,
        "minimum": 1,
        "maximum": 10_000,
    }
    assert "default" not in fields["properties"]["where"]
    by = next(each for each in parameters(SearchFields) if each["name"] == "by")
    assert by["schema"]["items"] == {
        "type": "string",
        "enum": ["caption", "name", "picture", "text", "words"],
    }
    assert (by["in"], by["required"], by["explode"]) == ("query", False, True)
