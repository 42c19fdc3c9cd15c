"""What the API takes and gives of collections, jobs and maps, as marshmallow schemas."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from web.api.schemas.labelled import text, whole
from web.requests.query_form import DEFAULT_K


class Collection(Schema):
    name = fields.String(required=True)
    encoder = fields.String(required=True)
    space = fields.String(required=True)
    pictures = fields.Integer(required=True)
    captions = fields.Integer(required=True)
    failures = fields.Integer(required=True)
    missing = whole("pictures whose files were not found, kept until they are", required=True)
    size_bytes = fields.Integer(required=True)
    created_at = fields.String(required=True)
    updated_at = fields.String(required=True, allow_none=True)


class Collections(Schema):
    collections = fields.List(fields.Nested(Collection), required=True)


class Job(Schema):
    id = fields.Integer(required=True)
    collection = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    state = text("queued, running, done, failed, cancelled or interrupted", required=True)
    cancelled = fields.Boolean(required=True, metadata={"description": "its end was asked for"})
    total = whole("files to deal with, once they are counted", required=True, allow_none=True)
    found = fields.Integer(required=True)
    added = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    removed = fields.Integer(required=True)
    missing = whole("pictures whose files were not found, kept until they are", required=True)
    failed = fields.Integer(required=True)
    rate = fields.Float(
        required=True, allow_none=True, metadata={"description": "pictures a second"}
    )
    left_s = fields.Float(required=True, allow_none=True)
    current = text("the file that was done last", required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    started_at = fields.String(required=True)
    updated_at = fields.String(required=True)
    finished_at = fields.String(required=True, allow_none=True)


class Jobs(Schema):
    jobs = fields.List(fields.Nested(Job), required=True)
    next = text("send it as `cursor` for older jobs", required=True, allow_none=True)


class JobFields(Schema):
    k = whole("how many jobs", validate=Range(1, 1000), load_default=DEFAULT_K)
    cursor = text("`next` of the answer before")


class MapRegion(Schema):
    x = fields.Float(required=True, metadata={"description": "0 to 1, from the left"})
    y = fields.Float(required=True, metadata={"description": "0 to 1, from the bottom"})
    pictures = fields.Integer(required=True)
    level = whole("0: the few large regions; 1: the many small ones", required=True)
    names = fields.Dict(required=True, metadata={"description": "by language"})
    typical = fields.List(fields.Integer(), required=True)


class PictureMap(Schema):
    pictures = fields.Integer(required=True)
    stale = fields.Boolean(
        required=True, metadata={"description": "the collection has changed since"}
    )
    regions = fields.List(fields.Nested(MapRegion), required=True)
    points = text("the address of the places", required=True)


class NotTaken(Schema):
    name = fields.String(required=True)
    reason = text(
        "kind: none that is indexed; name: nothing of it can be kept; same: it is there already",
        required=True,
    )


class QueuedJob(Job):
    """A job, and the files that were sent for it and not taken."""

    refused = fields.List(fields.Nested(NotTaken), required=True)


class JobList(Schema):
    jobs = fields.List(fields.Nested(Job), required=True)


class EventFields(Schema):
    seconds = whole("when the stream ends, if the job has not", validate=Range(1, 60))


class NewCollection(Schema):
    """A collection of a folder on the server."""

    name = text("1 to 200 characters, no slash", required=True, validate=Length(1, 200))
    folder = text("the whole path of a folder that may be indexed", required=True)


class SentCollection(Schema):
    """A collection of files that are sent with it."""

    name = fields.String(required=True, validate=Length(1, 200))
    files = fields.List(
        fields.Raw(metadata={"type": "string", "contentMediaType": "application/octet-stream"}),
        required=True,
        metadata={"description": "pictures, films, zip or tar archives, captions.csv"},
    )


class SentFiles(Schema):
    files = fields.List(
        fields.Raw(metadata={"type": "string", "contentMediaType": "application/octet-stream"}),
        required=True,
    )


class Renamed(Schema):
    name = text("the new one", required=True, validate=Length(1, 200))


class Again(Schema):
    retry = fields.Boolean(metadata={"description": "read files that failed again, changed or not"})


class Removed(Schema):
    removed = fields.String(required=True)


class MissingFolder(Schema):
    path = text("a folder or a container", required=True)
    pictures = whole("how many are missing of it", required=True)


class Missing(Schema):
    missing = whole("pictures whose files were not found", required=True)
    folders = fields.List(fields.Nested(MissingFolder), required=True)
    more = whole("how many folders there are beyond these", required=True)


class Forgotten(Schema):
    forgotten = whole("how many pictures were forgotten", required=True)


class Failure(Schema):
    path = fields.String(required=True)
    reason = fields.String(required=True)
    detail = fields.String(required=True)


class Failures(Schema):
    failures = fields.List(fields.Nested(Failure), required=True)
    more = whole("how many there are beyond these", required=True)


class FolderFields(Schema):
    path = text("a folder; without it, the roots are listed")


class Folders(Schema):
    """Folders that may be indexed: the roots, or what is in one."""

    path = fields.String(required=True, allow_none=True)
    above = fields.String(required=True, allow_none=True)
    folders = fields.List(fields.String(), required=True)
    pictures = whole("pictures and archives in it, those in folders below not counted")
