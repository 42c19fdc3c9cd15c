"""The reader of forms with files, which writes each file where the caller opens it."""

from collections.abc import Callable
from typing import IO, Any

from werkzeug import Request
from werkzeug.formparser import FormDataParser

from search.errors import BadQuery
from web.requests.query_form import FORM_TYPES, Fields

# A folder of a camera holds a few thousand pictures; Werkzeug's own limit is 1,000.
MAX_FILES = 20_000


def read_form(request: Request, open_file: Callable[[str], IO[bytes]], max_bytes: int) -> Fields:
    """Write the files of a form of at most `max_bytes`; return its other fields.

    `open_file` takes the name that the client sent with a file.

    Raises:
        BadQuery: the body is no multipart form, or is damaged.
    """
    request.max_content_length = max_bytes
    if request.mimetype != FORM_TYPES[0]:
        raise BadQuery(
            "multipart-needed",
            "files are sent as multipart/form-data, as in: curl -F name=mine -F files=@a.zip",
        )

    def open_draft(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> Any:
        return open_file(filename or "")

    parser = FormDataParser(
        stream_factory=open_draft,
        max_form_memory_size=request.max_form_memory_size,
        max_content_length=request.max_content_length,
        max_form_parts=MAX_FILES,
        silent=False,
    )
    try:
        _, form, _ = parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except ValueError as error:
        raise BadQuery(
            "form-unreadable", "the form can't be read: {error}; send it again", error=error
        ) from error
    return form
