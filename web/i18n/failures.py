"""Files that were not indexed, in the language of the page."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from search.catalog.records import Failure
from search.errors import Message
from search.text.printable import one_line
from web.i18n.messages import translate

REASONS = {
    "missing": _("missing"),
    "unreadable": _("unreadable"),
    "empty file": _("empty file"),
    "not an image": _("not an image"),
    "truncated": _("truncated"),
    "too large": _("too large"),
    "unsupported": _("unsupported"),
    "timed out": _("timed out"),
    "crashed": _("crashed"),
}


@dataclass(frozen=True, slots=True)
class FailureText:
    """A failure as a page shows it: its kind, the detail, and the detail's language."""

    kind: str
    detail: str
    language: str


def failure_text(failure: Failure) -> FailureText:
    """Return a failure for a line next to its file's name; it says "it" for the file."""
    kind = str(REASONS.get(failure.reason, failure.reason))
    detail, language = translate(_without_name(failure))
    return FailureText(kind, one_line(detail), language)


def _without_name(failure: Failure) -> str:
    name = repr(str(failure.path))
    text = failure.detail.replace(name, "it").removeprefix("it: ")
    if not isinstance(failure.detail, Message):
        return text
    values = {key: value for key, value in failure.detail.values.items() if value != name}
    return Message.from_parts(failure.detail.code, text, values)
