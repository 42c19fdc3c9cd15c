"""The first page: what the collections hold, and questions to begin with."""

from typing import Any

from flask import Blueprint, render_template

from web.auth import may
from web.i18n.languages import language
from web.pages.chips import chip_views, marks
from web.requests.search_url import SearchUrl
from web.route import route
from web.services.collection_admin import CollectionStatus
from web.state import engine, state

home_pages = Blueprint("home_pages", __name__)

RECENT_SHOWN = 6
SAVED_SHOWN = 8


@route(home_pages, "/examples")
def examples() -> str:
    """Return the example questions as a part of the first page, chosen now where none are known."""
    return render_template("examples.html", examples=state().examples.choose(language()))


def home_page(url: SearchUrl) -> str:
    """Return the first page, before any question."""
    statuses = state().collections.everything()
    pictures = sum(each.summary.pictures for each in statuses if each.summary is not None)
    return render_template(
        "welcome.html",
        url=url,
        chips=chip_views(url),
        marks=marks(url),
        statuses=statuses,
        names=[status.name for status in statuses if status.summary is not None],
        warmup=state().warmup,
        workers=state().workers,
        pictures_indexed=pictures,
        **(_overview(statuses) if pictures else {}),
    )


def _overview(statuses: list[CollectionStatus]) -> dict[str, Any]:
    overview, collections = state().overview, engine().collections()
    timeline = overview.timeline()
    everything = SearchUrl(sort="-date" if timeline else "")
    # Others' questions are for those alone who may see them where pairs are compared.
    recent = state().recent_questions.newest(collections, RECENT_SHOWN) if may("admin") else []
    counts = {each.name: each.summary.pictures for each in statuses if each.summary is not None}
    return {
        "mosaics": overview.mosaics(),
        "examples": state().examples.current(language()),
        "recent": recent,
        "saved": engine().catalog.saved_searches.all()[:SAVED_SHOWN],
        "timeline": timeline,
        "everything": everything,
        "newest": overview.newest(everything.but(copies=True)),
        "map_card": state().map_cards.largest(sorted(counts, key=lambda name: -counts[name])),
    }
