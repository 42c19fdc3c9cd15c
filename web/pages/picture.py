"""The page of one picture, which the scripts show as a viewer over the answer."""

from base64 import b64encode
from contextlib import suppress
from typing import Literal

from flask import render_template, request

from search.errors import EncoderUnavailable, LimnError, SpaceMismatch
from search.picture_facts import FACTS
from search.pictures.shade import shade
from search.records import Picture
from web.pages.neighbours import neighbours
from web.pages.similar import Likeness, likeness
from web.requests.query_form import count
from web.requests.search_url import SearchUrl
from web.services.films import moment_of
from web.services.places import places_for, tells_places
from web.state import engine, state

Look = Literal["", "places", "text"]
"""What is told on the picture itself: where it shows the query, or all of its text."""

LOOKS: tuple[Look, ...] = ("", "places", "text")

SHOWN_BY_BROWSERS = frozenset({"JPEG", "MPO", "PNG", "WEBP", "AVIF", "GIF", "BMP"})
"""Formats whose files a browser shows itself, for a close look."""


def picture_page(picture_id: int, url: SearchUrl) -> str:
    """Return the page of a picture, with its rank in the answer to a query."""
    picture = engine().picture(picture_id)
    rank = count(request.values["rank"], "rank") if request.values.get("rank") else None
    alike = Likeness()
    unlike: str = ""
    try:
        alike = likeness(picture)
        nearby = neighbours(url, picture_id, rank)
    except (EncoderUnavailable, SpaceMismatch) as error:  # the picture itself can still be shown
        unlike, nearby = error.outside, None
    look = next((each for each in LOOKS if each == request.args.get("look")), "")
    return render_template(
        "picture.html",
        url=url,
        picture=picture,
        alike=alike,
        moment=moment_of(picture),
        like=SearchUrl(collection=picture.collection).plus("similar", picture_id),
        unlike=unlike,
        lines=[fact for fact in FACTS if fact.on_page],
        neighbours=nearby,
        look=look,
        tells_places=_tells_places(url, picture),
        shade=_shade_of(url, picture) if url.ranks and look == "places" else None,
        shows_original=picture.facts.format in SHOWN_BY_BROWSERS,
    )


def _tells_places(url: SearchUrl, picture: Picture) -> bool:
    """Return whether the page can tell where a picture shows the query."""
    with suppress(LimnError):  # the page is shown without it
        return url.ranks and tells_places(engine(), picture)
    return False


def _shade_of(url: SearchUrl, picture: Picture) -> str | None:
    """Return the address of the shade over places without evidence; None without a shade."""
    with suppress(LimnError):  # the file is missing or has changed, or the query has no direction
        query = state().queries.query_of(url, 1, 0)
        places = places_for(engine(), state().confined_files, query, picture)
        if places is not None:
            return f"data:image/png;base64,{b64encode(shade(places)).decode()}"
    return None
