"""The JSON API of films: files that are sent whole or in ranges."""

from flask import Blueprint, Response

from search.errors import NotFound
from search.query.limits import LARGEST_ID
from web.api.openapi import RANGES
from web.api.openapi import error_sources as sources
from web.links import API
from web.middleware.file_responses import send
from web.route import route
from web.services.file_names import portable
from web.services.films import TYPES, moment_of
from web.services.originals import not_found_if_unreadable
from web.state import engine, state

films = Blueprint("films", __name__, url_prefix=API)


@route(
    films,
    f"/pictures/<int(max={LARGEST_ID}):picture_id>/film",
    answers=tuple(sorted(set(TYPES.values()))),
    statuses=RANGES,
    urgency="bulk",
    raises=(*sources.FILES, "web.api.films", "web.services.originals"),
)
def film(picture_id: int) -> Response:
    """Send the film of a picture.

    A picture can be a moment of a film; its film comes whole, or the part that `Range` asks for.
    """
    picture = engine().picture(picture_id)
    state().confined_files.check_file(picture)
    moment = moment_of(picture)
    if moment is None:
        raise NotFound(
            "not-a-film-moment", "picture {id} is no moment of a film that is there", id=picture_id
        )
    film, suffix = moment.film, moment.film.suffix
    with not_found_if_unreadable(f"the film of picture {picture_id}"):
        return send(film, portable(film.name, suffix), TYPES[suffix.lower()])
