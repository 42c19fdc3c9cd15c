"""What a page of results asks for as it is scrolled: the shapes of the whole answer, and tiles."""

from typing import Any

from flask import Blueprint, get_template_attribute, request

from search.ranking.pagination import Order
from web.pages.chips import query_of
from web.pages.template_filters import step_of
from web.requests.search_url import PAGE_HITS, Asked
from web.state import engine, state

scrolling = Blueprint("scrolling", __name__)

# A picture that was removed a moment ago keeps its rank, and an empty box.
GONE = (1, 1)


@scrolling.get("/shapes")
def shapes() -> dict[str, Any]:
    """Which pictures the answer has, best first, and the aspect of each box in hundredths.

    From these alone the page knows where each picture will stand.
    """
    ids = _order(Asked.of(request.args)).ids
    sizes = engine().catalog.pictures.sizes_px(ids)
    return {"ids": ids, "shapes": [step_of(*sizes.get(each, GONE)) for each in ids]}


@scrolling.get("/tiles")
def tiles() -> dict[str, Any]:
    """The tiles from the rank `start` on, as HTML, one by one."""
    asked = Asked.of(request.args)
    hits = engine().hits(_order(asked), asked.start, PAGE_HITS)
    tile = get_template_attribute("pieces.html", "tile")
    return {"tiles": {hit.rank: tile(hit, asked) for hit in hits}}


def _order(asked: Asked) -> Order:
    return state().orders.whole(query_of(asked, 1, 0))
