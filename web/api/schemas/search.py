"""What the API takes and gives, as marshmallow schemas: the OpenAPI document is made of them."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from search.query.checks import (
    MOST_CHARACTERS,
    MOST_HITS,
    MOST_MARKS,
    MOST_NAME,
    MOST_TERMS,
    MOST_WEIGHT,
)
from search.query.records import ALL_SIGNALS
from web.api.schemas.labelled import text as _text
from web.api.schemas.labelled import whole as _whole
from web.links import THUMBNAIL_SIDES_PX
from web.requests.query_form import DEFAULT_K, LARGEST_ID

PICTURE_ID = Range(1, LARGEST_ID)
WEIGHT = Range(-MOST_WEIGHT, MOST_WEIGHT)


class Problem(Schema):
    """An error (RFC 9457): `detail` says what happened, with which value, and what to do."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = _text("stands beside the error in the server's log", required=True)


class Caption(Schema):
    text = fields.String(required=True)
    language = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True)


class Captions(Schema):
    captions = fields.List(fields.Nested(Caption), required=True)


class Picture(Schema):
    id = fields.Integer(required=True)
    collection = fields.String(required=True)
    path = _text("where its file is; bytes that are no UTF-8 are U+FFFD", required=True)
    width_px = fields.Integer(required=True)
    height_px = fields.Integer(required=True)
    format = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    taken_at = _text("ISO 8601, local time", required=True, allow_none=True)
    latitude = fields.Float(required=True, allow_none=True)
    longitude = fields.Float(required=True, allow_none=True)
    camera = fields.String(required=True, allow_none=True)
    content_hash = fields.String(required=True)
    colours = fields.List(
        fields.String(), required=True, metadata={"description": "main ones, #rrggbb"}
    )
    further = fields.Dict(  # `fields` is a name of marshmallow's own
        data_key="fields",
        required=True,
        metadata={"description": "further columns of its source, by name"},
    )
    captions = fields.List(fields.Nested(Caption), required=True)
    thumbnail = _text("its address", required=True)
    original = _text("its address", required=True)
    similar = _text("the address of a search by it", required=True)


class Match(Schema):
    by = _text("picture, caption, words or marks", required=True)
    score = fields.Float(required=True)
    share = fields.Float(required=True, metadata={"description": "its part in the hit's score"})
    caption = fields.Nested(Caption, required=True, allow_none=True)


class Hit(Picture):
    rank = _whole("from 1", required=True)
    score = fields.Float(required=True, metadata={"description": "as `measure` says"})
    measure = _text("cosine, relevance, or none where the newest come first", required=True)
    cosine = fields.Float(
        required=True, allow_none=True, metadata={"description": "of the picture and the query"}
    )
    confidence = fields.Float(
        required=True, allow_none=True, metadata={"description": "that it is right, 0 to 1"}
    )
    matches = fields.List(fields.Nested(Match), required=True)
    copies = fields.List(
        fields.Integer(), required=True, metadata={"description": "near-duplicates folded into it"}
    )


class AskedTerm(Schema):
    text = fields.String()
    picture_id = fields.Integer()
    concept = _text("its name")
    image = _text('"sent", for a picture that came with the request')
    weight = fields.Float(required=True)


class AskedQuery(Schema):
    terms = fields.List(fields.Nested(AskedTerm), required=True)
    collections = fields.List(fields.String(), required=True)
    k = fields.Integer(required=True)
    offset = fields.Integer(required=True)
    where = fields.String(required=True, allow_none=True)
    by = fields.List(fields.String(), required=True)
    cutoff = fields.Float(required=True)
    fold = fields.Boolean(required=True)
    diverse = fields.Float(required=True)
    more = fields.List(fields.Integer(), required=True)
    less = fields.List(fields.Integer(), required=True)


class Cut(Schema):
    text = fields.String(required=True)
    characters = _whole("that it has", required=True)
    read = _whole("that the encoder reads", required=True)


class Answer(Schema):
    query = fields.Nested(AskedQuery, required=True)
    hits = fields.List(fields.Nested(Hit), required=True)
    confidence = fields.Float(
        required=True, allow_none=True, metadata={"description": "of the best hit, 0 to 1"}
    )
    more = fields.Boolean(required=True)
    notes = fields.List(
        fields.String(), required=True, metadata={"description": "why there are no hits, or few"}
    )
    cuts = fields.List(
        fields.Nested(Cut), required=True, metadata={"description": "words not read to their end"}
    )
    next = _text("send it as `cursor` for the next hits", required=True, allow_none=True)
    took_ms = fields.Float(required=True)


class AnswerFields(Schema):
    k = _whole("how many hits", validate=Range(1, MOST_HITS), load_default=DEFAULT_K)
    offset = _whole("so many hits are passed over", validate=Range(0, MOST_HITS), load_default=0)
    where = _text("a filter, such as: date >= 2021 and camera ~ canon")
    by = fields.List(
        fields.String(validate=OneOf(ALL_SIGNALS)),
        metadata={"description": "what may speak; all, if none"},
    )
    cutoff = fields.Float(
        validate=Range(0, 1), metadata={"description": "hits that are less sure are left out"}
    )
    fold = fields.Boolean(metadata={"description": "near-duplicates become one hit"})
    diverse = fields.Float(
        validate=Range(0, 1), metadata={"description": "how much likeness to hits above counts"}
    )
    more = fields.List(
        fields.Integer(validate=PICTURE_ID),
        validate=Length(0, MOST_MARKS),
        metadata={"description": "ids of pictures as wanted: more like these"},
    )
    less = fields.List(
        fields.Integer(validate=PICTURE_ID),
        validate=Length(0, MOST_MARKS),
        metadata={"description": "ids of pictures as not wanted; they are left out"},
    )
    cursor = _text("`next` of the answer before, to the same question")


class SearchFields(AnswerFields):
    q = fields.List(
        fields.String(validate=Length(1, MOST_CHARACTERS)), metadata={"description": "words"}
    )
    minus = fields.List(
        fields.String(validate=Length(1, MOST_CHARACTERS)),
        metadata={"description": "words that lead away"},
    )
    similar = fields.List(
        fields.Integer(validate=PICTURE_ID), metadata={"description": "ids of indexed pictures"}
    )
    concept = fields.List(
        fields.String(validate=Length(1, MOST_NAME)), metadata={"description": "concepts, by name"}
    )
    weight = fields.Float(
        validate=WEIGHT, metadata={"description": "of the pictures, not zero; words have 1"}
    )
    collection = fields.List(fields.String(), metadata={"description": "names; all, if none"})


class SearchForm(SearchFields):
    image = fields.List(
        fields.Raw(metadata={"type": "string", "contentMediaType": "application/octet-stream"}),
        metadata={"description": "files of pictures"},
    )


class Term(Schema):
    text = fields.String(validate=Length(1, MOST_CHARACTERS))
    picture_id = fields.Integer(validate=PICTURE_ID)
    concept = fields.String(validate=Length(1, MOST_NAME))
    weight = fields.Float(validate=WEIGHT, load_default=1.0)


class SearchDocument(AnswerFields):
    terms = fields.List(fields.Nested(Term), validate=Length(0, MOST_TERMS))
    collections = fields.List(fields.String())


class ThumbnailFields(Schema):
    side = _whole("its longest side in pixels", validate=OneOf(THUMBNAIL_SIDES_PX))
    v = _text("its version, from a link: it may then be kept for good")


class OriginalFields(Schema):
    download = _text("present: to be saved, not shown")


class ExportFields(Schema):
    id = fields.List(
        fields.Integer(validate=PICTURE_ID),
        required=True,
        validate=Length(1, MOST_HITS),
        metadata={"description": "the pictures, in the order in which they are wanted"},
    )
    format = _text("what is wanted", validate=OneOf(("json", "csv", "zip")), load_default="json")


class Export(Schema):
    pictures = fields.List(fields.Nested(Picture), required=True)
