"""The HTML pages: the search page and the page of one picture."""

from dataclasses import replace
from time import perf_counter

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from search.errors import EncoderUnavailable, SpaceMismatch
from search.query import MOST_HITS
from search.records import Hit, IndexedTerm, Query
from web.asked import Asked
from web.forms import LARGEST_ID, images_of
from web.state import engine, state

pages = Blueprint("pages", __name__)

# Rows enough to see what the picture is like; the search page has more.
SIMILAR_SHOWN = 12


@pages.get("/")
def search() -> str:
    """The search page: its collections before a search, its hits after one."""
    asked = Asked.of(request.args)
    if not asked.anything:
        summaries = engine().summaries()
        return render_template(
            "welcome.html",
            asked=asked,
            summaries=summaries,
            names=[each.name for each in summaries],
            warmup=state().warmup,
        )
    began_s = perf_counter()
    hits = engine().search(asked.query(state().held))
    return render_template(
        "results.html",
        asked=asked,
        hits=hits,
        took_ms=(perf_counter() - began_s) * 1000,
        more_k=min(2 * asked.k, MOST_HITS) if len(hits) == asked.k < MOST_HITS else None,
        like=engine().picture(asked.similar) if asked.similar is not None else None,
        preview=state().held.get(asked.picture).preview if asked.picture else None,
        names=[each.name for each in engine().collections()],
    )


@pages.post("/")
def send() -> Response:
    """Take the form; the picture in it is held, and the answer is at an address of its own."""
    asked = Asked.of(request.form)
    images = images_of(request.files)
    if images:
        asked = replace(asked, picture=state().held.hold(images[0]), similar=None)
    return redirect(url_for("pages.search", **asked.address()), 303)


@pages.get(f"/pictures/<int(max={LARGEST_ID}):picture_id>")
def picture(picture_id: int) -> str:
    """One picture, large, with its facts, its captions and what is similar to it."""
    found = engine().picture(picture_id)
    like = Query((IndexedTerm(picture_id),), (found.collection,), SIMILAR_SHOWN)
    hits: list[Hit] = []
    unlike = ""
    try:
        hits = engine().search(like)
    except (EncoderUnavailable, SpaceMismatch) as error:  # the picture can be shown all the same
        unlike = str(error)
    return render_template("picture.html", asked=Asked(), picture=found, hits=hits, unlike=unlike)
