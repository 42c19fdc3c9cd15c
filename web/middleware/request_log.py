"""An id for every request, and a log line of JSON for each request where logs are wanted.

Query texts and query images are never logged: a line has the path alone.
"""

import logging
import re
import sys
from time import perf_counter
from uuid import uuid4

from flask import Flask, Response, g, request

from search.text.printable import json_text
from web.auth import token

HEADER = "X-Request-Id"
# The prefix of the links to boards, and the secret that follows it, which no log has.
SHARED = "/shared"
LINK = re.compile(rf"^{SHARED}/[^/]+")

GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger("limn.requests")


def follow(app: Flask) -> None:
    """Give each request of `app` an id: the proxy's id, or a new one."""

    @app.before_request
    def begin() -> None:
        header = request.headers.get(HEADER, "")
        g.request_id = header if GIVEN.fullmatch(header) else uuid4().hex[:12]
        g.began_s = perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = request_id()
        if log.isEnabledFor(logging.INFO):
            log.info("request", extra={"limn": _facts(response)})
        return response


def request_id() -> str:
    """Return the id of the current request."""
    return str(g.get("request_id") or uuid4().hex[:12])


def write_logs() -> None:
    """Log requests and errors to stderr, one JSON document a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "limn", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json_text(line)


def _path() -> str:
    """Return the path without the secret of a board's link."""
    return LINK.sub(f"{SHARED}/...", request.path)


def _facts(response: Response) -> dict[str, object]:
    client_token = token()
    return {
        "request_id": request_id(),
        "method": request.method,
        "path": _path(),
        "status": response.status_code,
        "took_ms": round((perf_counter() - g.get("began_s", perf_counter())) * 1000, 1),
        "bytes": response.content_length,
        "client": request.remote_addr,
        "token": client_token.name if client_token else None,
    }
