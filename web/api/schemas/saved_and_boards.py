"""What the API takes and gives of saved searches and boards, as marshmallow schemas."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from search.catalog.boards import MOST_PICTURES
from search.query.checks import MOST_HITS
from web.api.schemas.labelled import text, whole
from web.api.schemas.search import PICTURE_ID, Picture
from web.requests.pagination import MOST_ROWS
from web.requests.query_form import DEFAULT_K
from web.requests.saved_search import MOST_ADDRESS, MOST_NAME, MOST_NOTE

NAME = Length(1, MOST_NAME)
ADDRESS = Length(1, MOST_ADDRESS)


class PageFields(Schema):
    k = whole("how many", validate=Range(1, MOST_ROWS), load_default=DEFAULT_K)
    cursor = text("`next` of the answer before")


class SavedSearch(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    address = text('what stands after the "?" of the page\'s address', required=True)
    created_at = fields.String(required=True)


class SavedSearches(Schema):
    saved = fields.List(fields.Nested(SavedSearch), required=True)
    next = text("send it as `cursor` for those saved later", required=True, allow_none=True)


class NewSearch(Schema):
    name = text("1 to 200 characters", required=True, validate=NAME)
    address = text(
        'such as: q=a+red+door&more=12; what stands after the "?" of the page\'s address',
        required=True,
        validate=ADDRESS,
    )


class SearchChange(Schema):
    name = text("another name", validate=NAME)
    address = text("another question", validate=ADDRESS)


class SavedAnswerFields(Schema):
    k = whole("how many hits", validate=Range(1, MOST_HITS), load_default=DEFAULT_K)
    cursor = text("`next` of the answer before")


class Board(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    created_at = fields.String(required=True)
    pictures = whole("how many are on it and there", required=True)
    missing = whole("how many more are on it, whose files are not there", required=True)
    cover = whole("the first picture's id", required=True, allow_none=True)


class Boards(Schema):
    boards = fields.List(fields.Nested(Board), required=True)
    next = text("send it as `cursor` for those made later", required=True, allow_none=True)


class Ids(Schema):
    ids = fields.List(
        fields.Integer(validate=PICTURE_ID),
        validate=Length(0, MOST_PICTURES),
        metadata={"description": "pictures, in the order in which they are put at the end"},
    )


class NewBoard(Ids):
    name = text("1 to 200 characters", required=True, validate=NAME)


class BoardChange(Schema):
    name = text("another name", validate=NAME)
    order = fields.List(
        fields.Integer(validate=PICTURE_ID),
        validate=Length(0, MOST_PICTURES),
        metadata={"description": "pictures on it to come first; the others follow in their order"},
    )


class Added(Schema):
    added = whole("how many were not on it before", required=True)


class Pinned(Picture):
    place = whole("from 0", required=True)
    note = fields.String(required=True)


class PinnedPictures(Schema):
    pictures = fields.List(fields.Nested(Pinned), required=True)
    next = text("send it as `cursor` for those that follow", required=True, allow_none=True)


class PinnedChange(Schema):
    note = text("what is noted of it; empty for nothing", validate=Length(0, MOST_NOTE))
    place = whole("where it goes, from 0; past the end is the end", validate=Range(0))
