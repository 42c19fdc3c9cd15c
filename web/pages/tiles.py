"""Parts of the results page for scrolling: the shapes of the whole answer, and tiles."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, get_template_attribute, request

from search.ranking.pagination import RankedResults
from web.pages.result_order import headings, rest_of
from web.pages.shown_page import years
from web.pages.template_filters import step_of
from web.requests.search_url import PAGE_HITS, SearchUrl
from web.route import route
from web.state import engine, state

tile_pages = Blueprint("tile_pages", __name__)

# A picture that was removed a moment ago leaves its rank and an empty box.
GONE = (1, 1)


@route(tile_pages, "/shapes")
def shapes() -> dict[str, Any]:
    """Return the ids of the answer's pictures, in order, and each box's aspect in hundredths.

    The page computes each picture's position from the aspects and the headings alone: each heading
    with the rank of its first picture, and so the years of an answer by date. The counts by
    strictness are there where they are known, and the number of hits that are sure, with the rule
    below them, where others follow.
    """
    url = SearchUrl.of(request.args)
    results = _order(url)
    ids, counts = results.ids, results.page.counts
    sizes = engine().catalog.pictures.sizes_px(ids)
    answer: dict[str, Any] = {
        "ids": ids,
        "shapes": [step_of(*sizes.get(picture_id, GONE)) for picture_id in ids],
    }
    if starts := headings(results.groups, url.sort):
        answer["headings"] = starts
    if starts_of_years := years(results.groups, url.sort):
        answer["years"] = starts_of_years
    sure = sum(picture.is_sure for picture in results.page.pictures)
    if sure < len(ids):
        rule = get_template_attribute("pieces.html", "rule")
        answer["sure"] = sure
        answer["rule"] = rule(
            rest_of(url, sure, len(ids) - sure, results.page.confidence is not None)
        )
    if counts is not None:
        answer["counts"] = asdict(counts)
    return answer


@route(tile_pages, "/tiles")
def tiles() -> dict[str, Any]:
    """Return one page of tiles from the rank `start` on, as HTML."""
    url = SearchUrl.of(request.args)
    hits = engine().hits(_order(url), url.start, PAGE_HITS)
    tile = get_template_attribute("pieces.html", "tile")
    return {"tiles": {hit.rank: tile(hit, url) for hit in hits}}


def _order(url: SearchUrl) -> RankedResults:
    return state().result_cache.whole(state().queries.query_of(url, 1, 0))
