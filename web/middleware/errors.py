"""From exceptions to answers: the only place that knows their status codes.

Programs get RFC 9457's application/problem+json, browsers a page.
"""

import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from flask import Flask, Response, current_app, request
from msgspec import to_builtins
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from search import errors
from search.documents.problem import Problem
from search.text.printable import one_line, printable
from web.middleware.request_log import request_id
from web.requests.query_form import UnknownMediaType
from web.route import current_facts, is_for_programs

# Makes the page of an error of its status, its text, and the exception where there was one.
Page = Callable[[int, str, Exception | None], str]

STATUSES: dict[type[errors.LimnError], int] = {
    errors.BadQuery: 400,
    errors.BadSetting: 400,
    errors.BadPicture: 400,
    errors.BadSource: 400,
    errors.NotFound: 404,
    errors.SpaceMismatch: 409,
    errors.CollectionBusy: 409,
    errors.NameTaken: 409,
    UnknownMediaType: 415,
    errors.EncoderUnavailable: 503,
    errors.DatabaseUnavailable: 503,
    errors.IndexDamaged: 503,
    errors.StorageFailed: 507,
}

# One that had to wait for other large pictures in vain may be sent again.
PICTURE_STATUSES = {"not an image": 415, "too large": 413, "timed out": 503}


def handle_errors(app: Flask, page: Page) -> None:
    """Make `app` answer every error with its status and a text that says what to do."""
    app.register_error_handler(errors.LimnError, partial(_deliberate, page))
    app.register_error_handler(HTTPException, partial(_http, page))
    app.register_error_handler(Exception, partial(_unexpected, page))


def told(error: errors.LimnError | HTTPException) -> tuple[int, str]:
    """Return the status of an error and the text that says what to do; 0 for a redirect."""
    if isinstance(error, HTTPException):
        return (error.code or 0, _detail(error)) if (error.code or 0) >= 400 else (0, "")
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    if isinstance(error, errors.BadPicture):
        status = PICTURE_STATUSES.get(error.reason, status)
    detail = error.outside
    if error.is_inside:
        current_app.logger.error("request %s failed: %s", request_id(), error)
        detail += f"; the log of the server tells more, under the id {request_id()}"
    return status, detail


def _deliberate(page: Page, error: errors.LimnError) -> Response:
    return _answer(page, *told(error), error)


def _http(page: Page, error: HTTPException) -> Response | HTTPException:
    status, detail = told(error)
    if not status:
        return error  # a redirect
    response = _answer(page, status, detail, error)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value  # such as Allow
    return response


def _detail(error: HTTPException) -> str:
    detail = error.description or HTTPStatus(error.code or 500).description
    if isinstance(error, RequestEntityTooLarge):
        detail = _too_large()
    elif error.code == HTTPStatus.TOO_MANY_REQUESTS:
        detail = f"one client may ask this {detail}; wait a little, and ask again"
    elif error.code == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.path}"
    elif error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        detail = f"{request.method} is not understood at {request.path}; use {allowed}"
    return detail


def _unexpected(page: Page, error: Exception) -> Response:
    why = one_line(printable(str(error)))
    current_app.logger.exception("request %s failed: %s %s", request_id(), request.method, why)
    return _answer(
        page,
        500,
        "something went wrong in the server, which is a fault in Limn; its log tells what, "
        f"under the id {request_id()}",
    )


def _too_large() -> str:
    if current_facts().files:
        limit = current_app.config["MAX_SENT_BYTES"]
        return (
            f"the request is too large: its files may have {limit:,} bytes together; send them "
            "in parts, or raise LIMN_MAX_SENT_BYTES where the server runs"
        )
    limit = current_app.config["MAX_UPLOAD_BYTES"]
    words = current_app.config["MAX_FORM_MEMORY_SIZE"]
    return (
        f"the request is too large: its pictures may have {limit:,} bytes together and its words "
        f"{words:,}; send a smaller copy, or raise LIMN_MAX_UPLOAD_BYTES where the server runs"
    )


def _answer(page: Page, status: int, detail: str, error: Exception | None = None) -> Response:
    detail = printable(detail)
    if not is_for_programs(request.path):
        return Response(page(status, detail, error), status, mimetype="text/html")
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id(),
    )
    body = json.dumps(to_builtins(problem), ensure_ascii=False) + "\n"
    return Response(body, status, content_type="application/problem+json")
