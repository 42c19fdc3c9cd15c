"""Translated reasons for files that were not indexed, as detailed as `limn failures`.

The page shows the file's name next to the reason; a reason therefore says "it" for the file.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from search.catalog.records import Failure
from search.text.printable import one_line, printable
from web.i18n.languages import language

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

# The first match wins, so specific patterns come before general ones.
FAULTS = (
    _("it is an empty file"),
    _("it is empty: it has no bytes"),
    _("it is empty"),
    _("it does not exist"),
    _("it does not fit into memory"),
    _("it is a directory, not a file"),
    _("it is a named pipe, not a file"),
    _("it is a socket, not a file"),
    _("it is a device, not a file"),
    _("it has %(size)s bytes; a picture may have %(most)s"),
    _("it has %(size)s bytes; an SVG may have %(most)s"),
    _(
        "it has %(width)s by %(height)s pixels; at most %(most)s pixels are decoded "
        "(LIMN_MAX_PIXELS)"
    ),
    _("it has no pixels: %(width)s by %(height)s"),
    _("it is cut short: its end is missing"),
    _("it is not a picture that can be read: no %(known)s"),
    _("it is damaged, cut short or a rare sort of %(kind)s: %(why)s"),
    _("it changed while it was read: something still writes it; it is tried again at the next run"),
    _("it can't be read: %(why)s; change its permissions or its owner"),
    _("it can't be read: %(why)s"),
    _("can't read it: %(why)s"),
    _("decoding it took more than %(seconds)s s"),
    _("decoding it ended its process"),
    _("decoding it: %(why)s"),
    _("it has sound, but no pictures"),
    _("not one frame of the film can be read"),
    _("the film can't be read at %(moment)s: %(why)s"),
    _("the film can't be read: %(why)s"),
    _("films are read with PyAV: %(remedy)s"),
    _("the animation can't be read: %(why)s"),
    _("frame %(number)s is damaged: %(why)s"),
    _("the archive is damaged or ends early: %(why)s"),
    _("the archive ends within %(name)s"),
    _("%(name)s is encrypted; unpack the archive and index the folder"),
    _("%(name)s is packed by %(why)s"),
    _("%(name)s is damaged in its archive: %(why)s"),
    _("%(archive)s holds %(name)s, which leads out of it and was passed over"),
    _("it holds no picture %(name)s"),
    _("the table is damaged or ends early: %(why)s"),
    _("the table is damaged: %(why)s"),
    _("the column %(column)s has no picture in row %(row)s"),
    _("Parquet and Arrow files are read with pyarrow: %(remedy)s"),
    _("it is an SVG, read with resvg: %(remedy)s"),
    _("it is XML, but no SVG"),
    _("it defines entities, which are not read"),
    _("it is a damaged SVG: %(why)s"),
    _("it may be a raw file, read with rawpy: %(remedy)s"),
    _("it is a raw file without a preview"),
    _("it is a damaged raw file: %(why)s"),
    _("a JPEG XL is read with pillow-jxl-plugin: %(remedy)s"),
    _("%(name)s is an address on a network; download it first, for example by img2dataset"),
)

# Messages of operating systems and decoders; an unknown message stays in English.
WHY = {
    "Permission denied": _("Permission denied"),
    "No such file or directory": _("No such file or directory"),
    "Is a directory": _("Is a directory"),
    "Input/output error": _("Input/output error"),
    "its header can't be read": _("its header can't be read"),
    "its decoder refuses it": _("its decoder refuses it"),
}


# Messages of failed jobs: the database stores the English text alone.
OF_JOBS = (
    _("none of the %(count)s files in %(listed)s could be read"),
    _(
        "there are no pictures in %(folder)s; Limn reads files that end in %(suffixes)s. Nothing "
        "was changed"
    ),
    _("can't index %(path)s: %(why)s; name a folder of pictures, or a picture"),
    _(
        "collection %(name)s is being indexed by another process; wait for it, or end it, and run "
        "the command again"
    ),
    _("the database can't be used"),
    _("the server can't write what it has to keep"),
)


@dataclass(frozen=True, slots=True)
class FailureText:
    """A failure as a page shows it: its kind, the reason, and the reason's language."""

    kind: str
    detail: str
    language: str


def fault_of(failure: Failure) -> FailureText:
    """Return the translated reason of a failure, for a line next to the file's name."""
    kind = str(REASONS.get(failure.reason, failure.reason))
    name = re.escape(repr(str(failure.path)))
    detail = re.sub(name, "it", failure.detail)
    detail = one_line(printable(detail.removeprefix("it: ")))
    return FailureText(kind, *_translate(detail, FAULTS))


def stored_message(text: str) -> tuple[str, str]:
    """Return a job's message in the language of the page, and the text's language."""
    return _translate(text, OF_JOBS)


def _translate(text: str, messages: tuple[Any, ...]) -> tuple[str, str]:
    if language() == "en":
        return text, "en"
    for message, pattern in _patterns(messages):
        match = pattern.fullmatch(text)
        if match:
            values = {name: str(WHY.get(value, value)) for name, value in match.groupdict().items()}
            return gettext(message, **values), language()
    return text, "en"


@cache
def _patterns(messages: tuple[Any, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each message with a regular expression that matches its texts."""
    texts = [str(message._args[0]) for message in messages]
    return tuple(
        (text, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL))
        for text in texts
    )
