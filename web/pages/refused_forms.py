"""Forms that were not taken: their page comes back with what was typed, and why."""

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
    """Which form of a page was not taken, at which field the message stands, and what was typed."""

    form: str
    field: str
    headline: str
    message: str
    spoken: str
    typed: Fields
    files: tuple[RefusedFile, ...] = ()


def show_refusals(app: Flask) -> None:
    """Make the refusal of a request known to the templates of `app`."""
    app.jinja_env.globals.update(refused=_refused, typed=_typed)


def comes_back(
    form: str, page: Callable[..., Any], field: str = "name", **fields: type[Exception]
) -> Callable[[View], View]:
    """Let a view answer an error of its form with the page that has the form.

    `form` names it among those of the page, with parts of the address or of the form in braces;
    `page` is called with the parts of the address. The message stands at `field`, or at one of
    `fields` where the error is of its kind.
    """

    def keep(view: View) -> View:
        @wraps(view)
        def taken(**parts: Any) -> Any:
            try:
                return view(**parts)
            except (LimnError, HTTPException) as error:
                status, detail = status_and_message(error)
                if status < 400 or status == 503:  # nothing was wrong, or no page can be shown
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
                ):  # the page can't be shown either
                    g.pop("refusal")
                    raise error from None

        return taken  # type: ignore[return-value]

    return keep


def _sent() -> Fields:
    """Return the fields of the request; none of a form that was too large to be read."""
    read: Fields | None = g.get("sent_form")
    if read is not None:
        return read
    try:
        return request.values
    except (HTTPException, LimnError):
        return request.args


def _refused(form: str | None = None, field: str | None = None) -> Refusal | None:
    """Return the refusal of this request, where it is of that form and that field."""
    found: Refusal | None = g.get("refusal")
    if found is None or (form or found.form) != found.form or (field or found.field) != found.field:
        return None
    return found


def _typed(form: str, field: str, usual: str = "") -> str:
    """Return what was typed into a field of a form that was not taken; else what is usual."""
    found = _refused(form)
    return usual if found is None else found.typed.get(field, usual)[:MAX_TYPED]
