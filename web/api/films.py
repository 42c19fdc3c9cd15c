"""Pictures that are moments of films: which film, which moment, and the film's file in ranges."""

from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response

from search.errors import NotFound
from search.pictures.containers import FILM_SUFFIXES, container_of
from search.pictures.containers.film import seconds
from search.records import Picture
from web.api.openapi import describe
from web.links import API
from web.middleware.file_responses import RANGES, send
from web.requests.query_form import LARGEST_ID
from web.services.confined import check_file
from web.services.file_names import portable
from web.state import engine

films = Blueprint("films", __name__, url_prefix=API)

# What a browser may be able to play; it tells itself, and the frame stands in its place otherwise.
TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/webm",
    ".3gp": "video/3gpp",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".avi": "video/x-msvideo",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a film: the film's file, and the seconds from its beginning."""

    film: Path
    at_s: float

    @property
    def clock(self) -> str:
        """The time as players show it: 1:23, or 1:02:03."""
        minutes, whole = divmod(int(self.at_s), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def moment_of(picture: Picture) -> Moment | None:
    """The moment that a picture is; None for what is none, or whose film has gone."""
    at_s = seconds(picture.path.name)
    film = container_of(picture.path) if at_s is not None else None
    if at_s is None or film is None or not film.name.lower().endswith(FILM_SUFFIXES):
        return None
    return Moment(film, at_s)


@films.get(f"/pictures/<int(max={LARGEST_ID}):picture_id>/film")
@describe(*sorted(set(TYPES.values())), statuses=RANGES)
def film(picture_id: int) -> Response:
    """The film that a picture is a moment of, whole or the range that is asked for."""
    picture = engine().picture(picture_id)
    check_file(picture)
    moment = moment_of(picture)
    if moment is None:
        raise NotFound(f"picture {picture_id} is no moment of a film that is there")
    try:
        film, suffix = moment.film, moment.film.suffix
        return send(film, portable(film.name, suffix), TYPES[suffix.lower()])
    except OSError as error:
        raise NotFound(
            f"the film of picture {picture_id} can't be read ({error.strerror}); if it has moved, "
            "index its folder again"
        ) from error
