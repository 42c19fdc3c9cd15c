"""Answers to exceptions, and the only mapping from exceptions to status codes.

Programs get RFC 9457's application/problem+json, browsers a page.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from flask import Flask, Response, current_app, request
from msgspec import to_builtins
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from search import errors
from search.documents.problem import Problem
from search.errors import Message
from search.text.printable import one_line, printable
from web.middleware.request_log import request_id
from web.requests.query_form import UnknownMediaType
from web.route import current_facts, is_for_programs


@dataclass(frozen=True, slots=True)
class ErrorTexts:
    """The functions that write errors: for browsers a page, for programs the detail.

    A page is of a status and a message, and of the exception if there was one.
    """

    page: Callable[[int, Message, Exception | None], str]
    detail: Callable[[Message], str]


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

# 503 lets the client retry: the request waited in vain while other large pictures were decoded.
PICTURE_STATUSES = {"not an image": 415, "too large": 413, "timed out": 503}


def handle_errors(app: Flask, texts: ErrorTexts) -> None:
    """Make `app` answer every error with a status and a message that says what to do."""
    app.register_error_handler(errors.LimnError, partial(_deliberate, texts))
    app.register_error_handler(HTTPException, partial(_http, texts))
    app.register_error_handler(Exception, partial(_internal, texts))


def status_of(kind: type[errors.LimnError], reason: str = "") -> int:
    """Return the status of a class of errors; `reason` is that of a picture."""
    status = next((STATUSES[each] for each in kind.__mro__ if each in STATUSES), 500)
    return PICTURE_STATUSES.get(reason, status)


def status_and_message(error: errors.LimnError | HTTPException) -> tuple[int, Message]:
    """Return the status of an error and its message; the status is 0 for a redirect."""
    if isinstance(error, HTTPException):
        is_error = (error.code or 0) >= 400
        return (error.code or 0, _message(error)) if is_error else (0, Message("redirect", ""))
    reason = error.reason if isinstance(error, errors.BadPicture) else ""
    status = status_of(type(error), reason)
    message = error.outside
    if error.is_inside:
        current_app.logger.error("request %s failed: %s", request_id(), error)
        text = "{text}; the log of the server tells more, under the id {id}"
        values = {**message.values, "text": str(message), "id": request_id()}
        message = Message(message.code, text, **values)
    return status, message


def _deliberate(texts: ErrorTexts, error: errors.LimnError) -> Response:
    return _answer(texts, *status_and_message(error), error)


def _http(texts: ErrorTexts, error: HTTPException) -> Response | HTTPException:
    status, message = status_and_message(error)
    if not status:
        return error  # a redirect
    response = _answer(texts, status, message, error)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value  # such as Allow
    return response


def _message(error: HTTPException) -> Message:
    """Return the message of a Flask or Werkzeug error; Limn's errors have their own."""
    if isinstance(error.description, Message):
        return error.description
    if isinstance(error, RequestEntityTooLarge):
        return _too_large()
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return Message(
            "rate-limited",
            "one client may send {rate}; wait a little, and send the request again",
            rate=error.description,
        )
    if error.code == HTTPStatus.NOT_FOUND:
        return Message("nothing-at-address", "there is nothing at {path}", path=request.path)
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Message(
            "method-not-allowed",
            "{method} is not understood at {path}; use {allowed}",
            method=request.method,
            path=request.path,
            allowed=", ".join(sorted(getattr(error, "valid_methods", None) or ())),
        )
    text = error.description or HTTPStatus(error.code or 500).description
    return Message(f"http-{error.code}", "{text}", text=text)


def _internal(texts: ErrorTexts, error: Exception) -> Response:
    why = one_line(printable(str(error)))
    current_app.logger.exception("request %s failed: %s %s", request_id(), request.method, why)
    message = Message(
        "server-fault",
        "something went wrong in the server, which is a fault in Limn; its log tells what, under "
        "the id {id}",
        id=request_id(),
    )
    return _answer(texts, 500, message)


def _too_large() -> Message:
    if current_facts().files:
        return Message(
            "files-too-large",
            "the request is too large: its files may have {most:,} bytes together; send them in "
            "parts, or raise LIMN_MAX_SENT_BYTES where the server runs",
            most=current_app.config["MAX_SENT_BYTES"],
        )
    return Message(
        "pictures-too-large",
        "the request is too large: its pictures may have {pictures:,} bytes together and its words "
        "{words:,}; send a smaller copy, or raise LIMN_MAX_UPLOAD_BYTES where the server runs",
        pictures=current_app.config["MAX_UPLOAD_BYTES"],
        words=current_app.config["MAX_FORM_MEMORY_SIZE"],
    )


def _code(message: Message, error: Exception | None) -> str:
    """Return the code for programs: the error's own, unless clients may read less than it says."""
    if isinstance(error, errors.LimnError) and not error.is_inside:
        return error.code  # of a picture the reason, the same for each fault that has it
    return message.code


def _answer(
    texts: ErrorTexts, status: int, message: Message, error: Exception | None = None
) -> Response:
    if not is_for_programs(request.path):
        return Response(texts.page(status, message, error), status, mimetype="text/html")
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=texts.detail(message),
        request_id=request_id(),
        code=_code(message, error),
        values={
            name: str(printable(value)) if isinstance(value, str) else value
            for name, value in message.values.items()
        },
    )
    body = json.dumps(to_builtins(problem), ensure_ascii=False) + "\n"
    return Response(body, status, content_type="application/problem+json")
