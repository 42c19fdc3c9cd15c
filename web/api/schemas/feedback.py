"""What the API takes and gives of marks and concepts, as marshmallow schemas."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from search.query.checks import MOST_CHARACTERS, MOST_MARKS, MOST_NAME, MOST_TERMS
from web.api.schemas.search import PICTURE_ID, WEIGHT, Term

NAME = Length(1, MOST_NAME)


class Mark(Schema):
    words = fields.String(required=True, metadata={"description": "of the question, if any"})
    content_hash = fields.String(required=True)
    more = fields.Boolean(required=True, metadata={"description": "whether it answers"})
    made_at = fields.String(required=True)


class Marks(Schema):
    marks = fields.List(fields.Nested(Mark), required=True)


class Stored(Schema):
    stored = fields.Integer(required=True, metadata={"description": "how many marks were kept"})


class MarkDocument(Schema):
    terms = fields.List(fields.Nested(Term), validate=Length(0, MOST_TERMS))
    more = fields.List(fields.Integer(validate=PICTURE_ID), validate=Length(0, MOST_MARKS))
    less = fields.List(fields.Integer(validate=PICTURE_ID), validate=Length(0, MOST_MARKS))


class Words(Schema):
    text = fields.String(required=True, validate=Length(1, MOST_CHARACTERS))
    weight = fields.Float(required=True, validate=WEIGHT)


class ConceptSummary(Schema):
    name = fields.String(required=True)
    words = fields.List(fields.Nested(Words), required=True)
    more = fields.Integer(required=True, metadata={"description": "pictures that lead towards it"})
    less = fields.Integer(required=True, metadata={"description": "pictures that lead away"})
    spaces = fields.List(
        fields.String(), required=True, metadata={"description": "where its vector was made"}
    )


class Concepts(Schema):
    concepts = fields.List(fields.Nested(ConceptSummary), required=True)


class ConceptDocument(MarkDocument):
    name = fields.String(
        required=True, validate=NAME, metadata={"description": "letters, digits, - and _"}
    )
    collections = fields.List(fields.String())
    replace = fields.Boolean(
        load_default=False, metadata={"description": "take the place of one of that name"}
    )


class SharedMark(Schema):
    content_hash = fields.String(required=True)
    more = fields.Boolean(required=True)
    file = fields.String(metadata={"description": "its name when it was marked"})


class SharedVector(Schema):
    space = fields.String(required=True)
    float16 = fields.String(required=True, metadata={"description": "base64, little-endian"})


class SharedConcept(Schema):
    kind = fields.String(required=True, metadata={"description": '"limn concept"'})
    version = fields.Integer(required=True)
    name = fields.String(required=True, validate=NAME)
    words = fields.List(fields.Nested(Words), required=True)
    marks = fields.List(fields.Nested(SharedMark), required=True)
    vectors = fields.List(fields.Nested(SharedVector), required=True)
