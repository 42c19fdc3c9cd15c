"""Refused forms: the form's page again, with the typed values and the reason."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException

from search.errors import LimnError
from web.i18n.messages import translate
from web.middleware.errors import status_and_message
from web.pages.headlines import headline_of
from web.requests.query_form import Fields
from web.services.uploads import RefusedFile

View = TypeVar("View", bound=Callable[..., Any])

# Nothing that is typed into a form is longer.
MAX_TYPED = 4_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused form: its name, the field with the message, and the typed values."""

    form: str
    field: str
    headline: str
    message: str
    spoken: str
    typed: Fields
    files: tuple[RefusedFile, ...] = ()


def show_refusals(app: Flask) -> None:
    """Make the refusal of a request available to the templates of `app`."""
    app.jinja_env.globals.update(refused=_refused, typed=_typed)


def comes_back(
    form: str, page: Callable[..., Any], field: str = "name", **fields: type[Exception]
) -> Callable[[View], View]:
    """Let a view answer an error of its form with the form's page.

    `form` names the form on its page, with parts of the address or of the form in braces; `page` is
    called with the parts of the address. The message appears at `field`, or at the one of `fields`
    that has the error's class.
    """

    def keep(view: View) -> View:
        @wraps(view)
        def taken(**parts: Any) -> Any:
            try:
                return view(**parts)
            except (LimnError, HTTPException) as error:
                status, detail = status_and_message(error)
                if status < 400 or status == 503:  # no error, or no page can be shown
                    raise
                sent = _sent()
                message, spoken = translate(detail)
                name = form.format_map(defaultdict(str, sent.to_dict() | parts))
                files = tuple(g.get("not_taken", ()))
                headline = headline_of(status, error)
                at = next((each for each, kind in fields.items() if isinstance(error, kind)), field)
                g.refusal = Refusal(name, at, headline, message, spoken, sent, files)
                try:
                    return page(**parts), status
                except (
                    LimnError,
                    HTTPException,
                ):  # the page fails too
                    g.pop("refusal")
                    raise error from None

        return taken  # type: ignore[return-value]

    return keep


def _sent() -> Fields:
    """Return the fields of the request; the address's alone if the form was too large to read."""
    read: Fields | None = g.get("sent_form")
    if read is not None:
        return read
    try:
        return request.values
    except (HTTPException, LimnError):
        return request.args


def _refused(form: str | None = None, field: str | None = None) -> Refusal | None:
    """Return the refusal of this request, if it concerns that form and field."""
    found: Refusal | None = g.get("refusal")
    if found is None or (form or found.form) != found.form or (field or found.field) != found.field:
        return None
    return found


def _typed(form: str, field: str, usual: str = "") -> str:
    """Return the typed value of a refused form's field, else the usual value."""
    found = _refused(form)
    return usual if found is None else found.typed.get(field, usual)[:MAX_TYPED]
