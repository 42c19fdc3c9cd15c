"""What the API gives of what collections hold, counted, as marshmallow schemas."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from web.api.schemas.labelled import text, whole


class Value(Schema):
    value = fields.String(required=True)
    pictures = fields.Integer(required=True)


class Span(Schema):
    """Numbers from `least` to below `most`; the last span has no end."""

    least = fields.Float(required=True)
    most = fields.Float(required=True, allow_none=True)
    pictures = fields.Integer(required=True)


class Dates(Schema):
    unit = text("day, month or year", required=True)
    first = fields.String(required=True)
    last = fields.String(required=True)
    values = fields.List(fields.Nested(Value), required=True)


class Folder(Schema):
    path = fields.String(required=True)
    pictures = whole("in it and below it", required=True)
    folders = fields.List(fields.Nested(lambda: Folder()), required=True)


class Column(Schema):
    name = fields.String(required=True)
    pictures = whole("that have it", required=True)
    different = whole("different values", required=True)
    values = fields.List(
        fields.Nested(Value), required=True, metadata={"description": "the commonest first"}
    )
    least = fields.Float(required=True, allow_none=True)
    most = fields.Float(required=True, allow_none=True)


def _box() -> "fields.List[float]":
    about = {"description": "south, west, north, east, in degrees"}
    return fields.List(fields.Float(), required=True, validate=Length(equal=4), metadata=about)


class Point(Schema):
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    box = _box()
    pictures = fields.Integer(required=True)


class Places(Schema):
    pictures = fields.Integer(required=True)
    box = _box()
    points = fields.List(fields.Nested(Point), required=True)


class Facets(Schema):
    """What pictures that pass a filter hold; each facet is counted without its own condition."""

    pictures = fields.Integer(required=True)
    dates = fields.Nested(Dates, required=True, allow_none=True)
    cameras = fields.List(fields.Nested(Value), required=True)
    formats = fields.List(fields.Nested(Value), required=True)
    orientations = fields.List(fields.Nested(Value), required=True)
    megapixels = fields.List(fields.Nested(Span), required=True)
    sizes_bytes = fields.List(fields.Nested(Span), required=True)
    colours = fields.List(fields.Nested(Value), required=True)
    folders = fields.List(fields.Nested(Folder), required=True)
    languages = fields.List(
        fields.Nested(Value), required=True, metadata={"description": "of captions; may be empty"}
    )
    columns = fields.List(fields.Nested(Column), required=True)
    places = fields.Nested(Places, required=True, allow_none=True)


class FacetFields(Schema):
    where = text("a filter, such as: date >= 2021 and camera ~ canon")
