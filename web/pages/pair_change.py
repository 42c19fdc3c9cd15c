"""The steps of a change of the encoder pair: forms of a collection's page, and their questions."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.exceptions import NotFound

from web.pages.collection import one
from web.pages.pair_card import may_change, pair_choices
from web.pages.refused_forms import comes_back
from web.requests.search_url import SearchUrl
from web.route import route
from web.state import engine, state

pair_pages = Blueprint("pair_pages", __name__)

PAIR = "/collections/<name>/pair"

# The steps that delete embeddings are asked for twice, in the states of the pair that they suit.
DELETING = {"finish": ("former", "freed"), "discard": ("filling", "ready")}


@route(pair_pages, PAIR, scope="admin")
def choose(name: str) -> str:
    """Show the form that begins a change of the pair."""
    [summary] = engine().summaries([name])
    return _page("pair.html", name, may_change=may_change(), **pair_choices(summary))


@route(pair_pages, PAIR, "POST", scope="admin")
@comes_back("pair", choose, "encoder")
def begin(name: str) -> Response:
    """Queue the job that embeds the collection by another pair."""
    state().pair_changes.begin(name, request.form.get("encoder", ""))
    return _to(name)


@route(pair_pages, f"{PAIR}/continue", "POST", scope="admin")
@comes_back("continue", one)
def go_on(name: str) -> Response:
    """Queue the job again that was stopped, or that left pictures out."""
    state().pair_changes.begin(name)
    return _to(name)


@route(pair_pages, f"{PAIR}/decline", "POST", scope="admin")
def decline(name: str) -> Response:
    """Offer no better pair again."""
    state().pair_changes.decline(name)
    return _to(name)


@route(pair_pages, f"{PAIR}/switch", "POST", scope="admin")
@comes_back("switch", one)
def switch(name: str) -> Response:
    """Answer by the new pair."""
    engine().upgrades.switch(name, "incomplete" in request.form)
    return _to(name)


@route(pair_pages, f"{PAIR}/back", "POST", scope="admin")
@comes_back("back", one)
def back(name: str) -> Response:
    """Answer by the former pair again."""
    engine().upgrades.back(name, "incomplete" in request.form)
    return _to(name)


@route(pair_pages, f"{PAIR}/<step>", scope="admin")
def ask(name: str, step: str) -> str:
    """Show the confirmation before embeddings are deleted."""
    second = engine().catalog.collections.one(name).second
    if second is None or second.state not in DELETING.get(step, ()):
        raise NotFound
    return _page("free_pair.html", name, step=step, second=second)


@route(pair_pages, f"{PAIR}/finish", "POST", scope="admin")
@comes_back("finish", one)
def finish(name: str) -> Response:
    """Delete the embeddings by the former pair."""
    engine().upgrades.finish(name)
    return _to(name)


@route(pair_pages, f"{PAIR}/discard", "POST", scope="admin")
@comes_back("discard", one)
def discard(name: str) -> Response:
    """Delete the embeddings by the new pair."""
    engine().upgrades.discard(name)
    return _to(name)


def _page(template: str, name: str, **context: object) -> str:
    names = [collection.name for collection in engine().collections()]
    collection = engine().catalog.collections.one(name)
    return render_template(
        template, url=SearchUrl(), chips=[], names=names, collection=collection, **context
    )


def _to(name: str) -> Response:
    """Redirect to a collection's page."""
    return redirect(url_for("collection_pages.one", name=name), 303)
