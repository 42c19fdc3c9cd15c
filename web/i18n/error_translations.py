"""What went wrong, in the language of the page: errors speak English, and are known by their words.

A message that is not among these is shown as it is.
"""

import re
from functools import cache

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from search.errors import BadPicture
from web.i18n.languages import language
from web.i18n.patterns import Patterns, patterns_of

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
    _(
        "%(name)s can't name a collection; a name has 1 to 200 printable characters and no slash. "
        "Choose another"
    ),
    _("there is a collection %(name)s already; choose another name"),
    _(
        "collection %(name)s is being indexed by another process; wait for it, or end it, and run "
        "the command again"
    ),
    _("no file was sent; choose pictures, or a zip of them"),
    _(
        "none of the files can be indexed: %(listed)s; send pictures, films, zip or tar archives, "
        "and captions.csv"
    ),
    _("the form can't be read: %(why)s; send it again"),
    _(
        "%(name)s is no folder that may be indexed from here; such folders are at or below: "
        "%(listed)s"
    ),
    _("can't read %(path)s: %(why)s"),
    _("it is not known what %(name)s was made of; limn index PATH tells it"),
    _("there is no job %(id)s; limn jobs lists them"),
    _("collection %(name)s has no map yet; make one: limn map %(same)s"),
    _("there is a concept %(name)s already; choose another name, or replace it"),
    _("there is no concept %(name)s; the concepts are: %(listed)s"),
    _("there is no concept %(name)s; see: limn concept list"),
    _("a concept can't be named %(name)s; use letters, digits, - and _, %(most)s at most"),
    _("a picture that was sent can't be kept in a concept; index it, and mark it"),
    _("the query is empty; give words, a picture, a filter or a collection"),
    _("nothing is asked that leads anywhere; give words, a picture, or both"),
    _("can't return %(count)s results; ask for 1 to %(most)s"),
    _("picture %(id)s is marked both more and less like what is wanted; leave one out"),
    _("%(count)s pictures are marked; there may be %(most)s"),
    _("the marks cancel out; mark another picture, or give words beside them"),
    _("only words can be compared with captions and words; add picture to by"),
    _("there are %(count)s of %(field)s; there may be 1 to %(most)s"),
    _("none of these pictures' files is there any more; index their folder again"),
    _("no pictures are indexed yet; limn index PATH"),
    _("none of the %(count)s files in %(listed)s could be read"),
    _(
        "there are no pictures in %(folder)s; Limn reads files that end in %(suffixes)s. Nothing "
        "was changed"
    ),
    _("can't index %(path)s: %(why)s; name a folder of pictures, or a picture"),
    _(
        "the token %(name)s is for %(scope)s, and this needs %(wanted)s; make one: limn token "
        "create NAME --scope %(same)s"
    ),
    _(
        "this server wants a token; send one as Authorization: Bearer ..., made where the server "
        "runs with: limn token create NAME"
    ),
    _(
        "the token is not known or was revoked; send one as Authorization: Bearer ..., made where "
        "the server runs with: limn token create NAME"
    ),
)

# What an error of a file begins with.
NAMED = re.compile(r"""(['"]).*?\1""")

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
        named, why = NAMED.match(detail), str(PICTURES[error.reason])
        return (f"{named[0]}：{why}" if named else why), spoken
    for known, pattern in _patterns():
        found = pattern.fullmatch(detail)
        if found:
            return gettext(known, **found.groupdict()), spoken
    return detail, "en"


@cache
def _patterns() -> Patterns:
    return patterns_of(MESSAGES)
