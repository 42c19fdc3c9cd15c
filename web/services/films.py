"""Films of pictures: the file and the moment that a frame comes from."""

from dataclasses import dataclass
from pathlib import Path

from search.pictures.containers import FILM_SUFFIXES, container_of
from search.pictures.containers.film import seconds
from search.records import Picture

# Formats that a browser may be able to play, by suffix; for others the page shows the frame.
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
        """Return the time as players show it: 1:23, or 1:02:03."""
        minutes, whole = divmod(int(self.at_s), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def named_moment(picture: Picture) -> Moment | None:
    """Return the moment of a film that a picture's path names, whether the film is there or not."""
    at_s, film = seconds(picture.path.name), picture.path.parent
    return Moment(film, at_s) if at_s is not None and is_film(film) else None


def is_film(path: Path) -> bool:
    """Return whether a path has the name of a film."""
    return path.name.lower().endswith(FILM_SUFFIXES)


def moment_of(picture: Picture) -> Moment | None:
    """Return the moment of a film's frame; None for other pictures, or if the film is missing."""
    at_s = seconds(picture.path.name)
    film = container_of(picture.path) if at_s is not None else None
    if at_s is None or film is None or not is_film(film):
        return None
    return Moment(film, at_s)
