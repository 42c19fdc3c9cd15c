"""Files as answers: whole or in a range, under a name that is valid in a header."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Response, send_file
from werkzeug.http import is_resource_modified, parse_if_range_header, parse_range_header


class RangedResponse(Response):
    """A response that sends the whole file for an unsuitable `Range` (RFC 9110, 14.2).

    Werkzeug answers 416 there, a status for ranges beyond a file's end alone.
    """

    def make_conditional(
        self,
        request_or_environ: Any,
        accept_ranges: bool | str = False,
        complete_length: int | None = None,
    ) -> Response:
        """Answer 304, 206 or 416 where the request's headers ask for it."""
        environ = dict(getattr(request_or_environ, "environ", request_or_environ))
        range_header = environ.pop("HTTP_RANGE", None)
        suitable = self._range(range_header, environ, complete_length or 0)
        if suitable is not None:
            environ["HTTP_RANGE"] = suitable
        super().make_conditional(environ, accept_ranges, complete_length)
        return self

    def _range(
        self, range_header: str | None, environ: Mapping[str, Any], length: int
    ) -> str | None:
        """Return the range to send; None for the whole file."""
        ranges = parse_range_header(range_header)
        one = ranges is not None and ranges.units == "bytes" and len(ranges.ranges) == 1
        if ranges is None or not one or environ["REQUEST_METHOD"] != "GET":
            return None
        etag, last_modified = self.headers.get("ETag"), self.headers.get("Last-Modified")
        if not is_resource_modified(dict(environ), etag, last_modified=last_modified):
            return None  # the answer is 304 before any range
        same = parse_if_range_header(environ.get("HTTP_IF_RANGE"))
        weak = (environ.get("HTTP_IF_RANGE") or "").startswith("W/")  # the parser drops the W/
        if weak or (same.date is not None and same.date != self.last_modified):
            return None
        first = ranges.ranges[0][0]
        return "bytes=0-" if first < -length else range_header  # a range longer than the file


def send(
    file: Path | BytesIO,
    name: str,
    mimetype: str | None,
    *,
    etag: str | None = None,
    download: bool = False,
) -> Response:
    """Return a file under a valid header name; raises OSError where it can't be opened.

    `etag` is the ETag of bytes; a file's own is made of its size and time.
    """
    if isinstance(file, Path):
        status = file.stat()
        etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    return send_file(
        file,
        mimetype=mimetype or "application/octet-stream",
        as_attachment=download,
        download_name=name,
        conditional=True,
        etag=etag or False,
    )


def attachment(content: str | Iterator[bytes], content_type: str, name: str) -> Response:
    """Return content for download under the name `name`, which must be ASCII."""
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
