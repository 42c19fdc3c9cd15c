"""Refused forms: the form's page again, with the values and the reason."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, g, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from search.errors import LimnError, Message, NameTaken
from search.text.printable import printable
from web.i18n.languages import language
from web.i18n.messages import translate
from web.middleware.errors import status_and_message
from web.pages.headlines import headline_of
from web.requests.query_form import Fields
from web.services.free_names import free_name
from web.services.uploads import RefusedFile
from web.state import engine

View = TypeVar("View", bound=Callable[..., Any])

# Nothing that is typed into a form is longer.
MAX_TYPED = 4_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused form: its name, the field with the message, and the typed values.

    `free_name` may be taken in place of a name that is in use, or can't be one.
    """

    form: str
    field: str
    headline: str
    message: str
    language: str
    values: Fields
    files: tuple[RefusedFile, ...] = ()
    free_name: str = ""


def show_refusals(app: Flask) -> None:
    """Make the refusal of a request available to the templates of `app`."""
    app.jinja_env.globals.update(refusal_of=_refusal_of, typed_value=_typed_value)


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
        def wrapper(**parts: Any) -> Any:
            try:
                return view(**parts)
            except (LimnError, HTTPException) as error:
                status, detail = status_and_message(error)
                if status < 400 or status == 503:  # no error, or no page can be shown
                    raise
                values = _form_fields()
                message, text_language = _reason(error, detail)
                name = form.format_map(defaultdict(str, values.to_dict() | parts))
                files = tuple(g.get("not_taken", ()))
                headline = headline_of(status, error)
                at = next(
                    (field_name for field_name, kind in fields.items() if isinstance(error, kind)),
                    field,
                )
                free = free_name(engine(), detail) if isinstance(detail, Message) else ""
                g.refusal = Refusal(name, at, headline, message, text_language, values, files, free)
                try:
                    return page(**parts), status
                except (
                    LimnError,
                    HTTPException,
                ):  # the page fails too
                    g.pop("refusal")
                    raise error from None

        return wrapper  # type: ignore[return-value]

    return keep


def _reason(error: Exception, detail: str) -> tuple[str, str]:
    """Return why a form was refused, and the language of the text."""
    if isinstance(error, NameTaken) and isinstance(detail, Message) and "name" in detail.values:
        name = printable(str(detail.values["name"]))
        return str(gettext("“%(name)s” is the name of another one already.", name=name)), language()
    return translate(detail)


def _form_fields() -> Fields:
    """Return the fields of the request; the address's alone if the form was too large to read."""
    form: Fields | None = g.get("sent_form")
    if form is not None:
        return form
    try:
        return request.values
    except (HTTPException, LimnError):
        return request.args


def _refusal_of(form: str | None = None, field: str | None = None) -> Refusal | None:
    """Return the refusal of this request, if it concerns that form and field."""
    refusal: Refusal | None = g.get("refusal")
    if (
        refusal is None
        or (form or refusal.form) != refusal.form
        or (field or refusal.field) != refusal.field
    ):
        return None
    return refusal


def _typed_value(form: str, field: str, usual: str = "") -> str:
    """Return the typed value of a refused form's field, else the usual value."""
    refusal = _refusal_of(form)
    return usual if refusal is None else refusal.values.get(field, usual)[:MAX_TYPED]
