"""What went wrong, in the language of the page: errors speak English, and are known by their words.

A message that is not among these is shown as it is.
"""

import re
from functools import cache

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from search.errors import BadPicture
from web.languages import language

MESSAGES = (
    _("the query's words are blank; say what the picture shows"),
    _("the words have %(count)s characters; shorten them to %(most)s at most"),
    _("the query has %(count)s terms; it may have %(most)s at most"),
    _("the query's terms cancel out; change a weight or leave one out"),
    _("can't pass over %(count)s results and return %(k)s; both together may be %(most)s at most"),
    _("weight is %(found)s; it may be any number but zero from %(least)s to %(most)s"),
    _("start is %(found)s; pages begin at 1 to %(most)s"),
    _("%(field)s is %(found)s; it may be a whole number from %(least)s"),
    _("%(field)s is %(found)s; it may be a picture's id, a whole number"),
    _(
        "the part of a picture is %(found)s; it may be its left, top, right and bottom edges in "
        "percent, such as 10,20,60,80"
    ),
    _("there is no collection %(name)s; the collections are: %(listed)s"),
    _("there is no picture %(id)s; it may have been removed"),
    _("the picture that this search was by is no longer held; choose it once more"),
    _("there is nothing at %(path)s"),
    _("%(method)s is not understood at %(path)s; use %(allowed)s"),
    _("a page of another site sent this; only pages of this server may"),
    _("one client may ask this %(rate)s; wait a little, and ask again"),
    _(
        "the request is too large: its pictures may have %(pictures)s bytes together and its words "
        "%(words)s; send a smaller copy, or raise LIMN_MAX_UPLOAD_BYTES where the server runs"
    ),
    _(
        "something went wrong in the server, which is a fault in Limn; its log tells what, under "
        "the id %(id)s"
    ),
    _("the filter has %(count)s characters; it may have %(most)s at most"),
    _("the filter is nested more than %(most)s deep; write it flatter"),
    _("the filter has a parenthesis that is not closed"),
    _("the filter can't be read from %(rest)s on"),
    _("the filter %(filter)s can't be read from %(rest)s on"),
    _("the filter ends at %(rest)s where a condition is wanted, such as: %(example)s"),
    _(
        "the filter has %(found)s where a field's name is wanted; a condition looks like this: "
        "%(example)s"
    ),
    _(
        "there is no field %(name)s to filter by; the fields are: %(fields)s; and the columns that "
        "came with the pictures: %(columns)s"
    ),
    _("%(field)s takes %(operators)s, not %(found)s; such as: %(example)s"),
    _("%(field)s can't be %(found)s; such as: %(example)s"),
    _(
        "%(condition)s compares with what is neither a number nor a date; such as: %(number)s, or "
        "%(date)s"
    ),
    _(
        "these collections were embedded by different encoders, whose scores can't be compared; "
        "choose one with --collection (%(listed)s)"
    ),
    _("the name is %(name)s; give one of %(least)s to %(most)s characters"),
    _("there is no question to save; search for something first"),
    _("the question has %(count)s characters as an address; it may have %(most)s to be saved"),
    _("there is a saved search %(name)s already; choose another name"),
    _("that saved search is gone; see the page of what is kept"),
    _("there is a board %(name)s already; choose another name"),
    _("there is no board %(id)s; it may have been deleted"),
    _("a board holds %(most)s pictures; this one has %(count)s"),
    _("picture %(id)s is not on this board"),
    _("the note has %(count)s characters; it may have %(most)s"),
    _(
        "can't keep the files that were sent: %(why)s; the log of the server tells more, under the "
        "id %(id)s"
    ),
    _("the database can't be used; the log of the server tells more, under the id %(id)s"),
    _("the database is damaged; the log of the server tells more, under the id %(id)s"),
    _(
        "the server can't write what it has to keep; the log of the server tells more, under the "
        "id %(id)s"
    ),
    _("an index can't be used; the log of the server tells more, under the id %(id)s"),
    _(
        "the request is too large: its files may have %(most)s bytes together; send them in parts, "
        "or raise LIMN_MAX_SENT_BYTES where the server runs"
    ),
)

PICTURES = {
    "missing": _("The file of the picture is not there."),
    "unreadable": _("The file of the picture can’t be read."),
    "empty file": _("The file is empty."),
    "not an image": _("The file is not a picture that can be read."),
    "truncated": _("The picture is damaged or cut off."),
    "too large": _("The picture is too large; send a smaller copy."),
    "unsupported": _("Pictures of this kind can’t be read here."),
    "timed out": _("Reading the picture took too long."),
    "crashed": _("The picture can’t be read."),
}


def in_words_of_the_page(detail: str, error: Exception | None = None) -> tuple[str, str]:
    """The message and the language that it is in."""
    spoken = language()
    if spoken == "en":
        return detail, spoken
    if isinstance(error, BadPicture):
        return str(PICTURES[error.reason]), spoken
    for known, pattern in _patterns():
        found = pattern.fullmatch(detail)
        if found:
            return gettext(known, **found.groupdict()), spoken
    return detail, "en"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each message as it is looked up, and what a text of it looks like."""
    texts = [str(each._args[0]) for each in MESSAGES]
    return tuple(
        (text, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL))
        for text in texts
    )
