"""The error page: the message, and the search form with the query, to correct it."""

from typing import Any

from flask import render_template, request
from werkzeug.exceptions import HTTPException

from search.errors import LimnError, Message, StorageFailed
from web.i18n.messages import translate
from web.pages.chips import chip_views, marks
from web.pages.headlines import headline_of
from web.requests.query_form import Fields
from web.requests.search_url import SearchUrl
from web.state import engine


def error_page(status: int, message: Message, error: Exception | None) -> str:
    """Return the page of an error, in the language of the page."""
    text, language = translate(message)
    return render_template(
        "error.html",
        **_question(error),
        headline=headline_of(status, error),
        detail=text,
        detail_language=language,
    )


def _question(error: Exception | None) -> dict[str, Any]:
    """Return the query for the search form, so that the user can correct the query.

    Chips, marks and collections appear where a query was refused, since this client may see them.
    """
    fields: Fields
    try:
        fields = request.values
    except (HTTPException, StorageFailed):  # the form was too large, or the disk was full
        fields = request.args
    try:
        if isinstance(error, LimnError) and request.blueprint == "pages":
            url = SearchUrl.of(fields).but()
            names = [collection.name for collection in engine().collections()]
            return {"url": url, "chips": chip_views(url), "marks": marks(url), "names": names}
    except LimnError:
        pass  # an invalid query can't be shown whole: its text and filters can
    where = tuple(text[:1000] for text in fields.getlist("where")[:20])
    words = fields.get("q", "")[:1000]
    url = SearchUrl(q=words, collection=fields.get("collection", ""), where=where)
    return {"url": url, "chips": []}
