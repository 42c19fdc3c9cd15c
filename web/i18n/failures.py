"""Files that were not added, in the language of the page: what each is, and what helps."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from search.catalog.records import Failure
from search.errors import Message
from search.text.printable import one_line
from web.i18n.messages import translate

# What follows the name of the file, by the reason of the failure.
REASONS = {
    "missing": _("is not there any more."),
    "unreadable": _("can’t be opened."),
    "empty file": _("is empty."),
    "not an image": _("is not a picture."),
    "truncated": _("is cut short or damaged."),
    "too large": _("is too large."),
    "unsupported": _("is of a kind that can’t be shown."),
    "timed out": _("took too long to open."),
    "crashed": _("stopped the program that opens it."),
}

# What helps, by the reason.
REMEDIES = {
    "missing": _("Put it back, then try again."),
    "unreadable": _("Let the server read it, then try again."),
    "empty file": _("Copy it again, then try again."),
    "not an image": _("It was passed over."),
    "truncated": _("Copy it again from the camera, then try again."),
    "too large": _("Save it smaller, then try again."),
    "unsupported": _("Save it as JPEG or PNG, then try again."),
    "timed out": _("Try again when the server has less to do."),
    "crashed": _("Save it anew with another program, then try again."),
}

# Faults whose sentence says everything, by code; the other faults have details.
SENTENCES = {
    "picture-end-missing": _("is cut short: its end is missing."),
    "picture-rows-missing": _("is cut short: its last rows are missing."),
    "picture-file-empty": REASONS["empty file"],
    "picture-file-missing": REASONS["missing"],
    "picture-format-unknown": REASONS["not an image"],
    "picture-web-page": _("is a web page, not a picture."),
    "picture-document": _("is a document, not a picture."),
}
CODE_REMEDIES = {
    "picture-web-page": _("Save the picture itself, then try again."),
}


@dataclass(frozen=True, slots=True)
class FailureText:
    """A failure as a page shows it after the file's name: what it is, and what helps.

    `detail` is the fault's own text, empty where the sentence says everything, in `language`.
    """

    sentence: str
    remedy: str
    detail: str
    language: str


def failure_text(failure: Failure) -> FailureText:
    """Return a failure for a line next to its file's name; the detail says "it" for the file."""
    code = failure.detail.code if isinstance(failure.detail, Message) else ""
    remedy = str(CODE_REMEDIES.get(code) or REMEDIES.get(failure.reason, ""))
    if code in SENTENCES:
        return FailureText(str(SENTENCES[code]), remedy, "", "")
    detail, language = translate(_without_name(failure))
    sentence = str(REASONS.get(failure.reason, failure.reason))
    return FailureText(sentence, remedy, one_line(detail), language)


def _without_name(failure: Failure) -> str:
    name = repr(str(failure.path))
    text = failure.detail.replace(name, "it").removeprefix("it: ")
    if not isinstance(failure.detail, Message):
        return text
    values = {key: value for key, value in failure.detail.values.items() if value != name}
    return Message.from_parts(failure.detail.code, text, values)
