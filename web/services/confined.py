"""Pictures of collections that were made over the network: no link leads their files elsewhere."""

import os
from pathlib import Path
from typing import Any

from search.errors import NotFound
from search.files.boundary import is_inside
from search.records import Picture
from web.api.jobs import rows
from web.state import state


def confined(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request for indexing with the folders that it is confined to.

    What was typed as a command is confined to none. What an older version was asked for over the
    network does not say, and is confined to the roots and what was sent.
    """
    if "confined_to" in request or "recursive" in request:
        return request
    folders = [*state().roots.all, state().intake.folder]
    return {**request, "confined_to": [os.path.realpath(each) for each in folders]}


def check_file(picture: Picture) -> Path:
    """Return a picture's path, for its file to be sent.

    Raises:
        NotFound: a link leads it out of the folders that may be indexed from here, though it was
            indexed from here: the link was put there since.
    """
    if os.path.realpath(picture.path) == str(picture.path):
        return picture.path
    asked = [confined(each) for each in rows().requests(picture.collection)]
    about = [each for each in asked if any(map(picture.path.is_relative_to, each["sources"]))]
    folders = [tuple(map(Path, each.get("confined_to", ()))) for each in about]
    if folders and not any(not each or is_inside(picture.path, each) for each in folders):
        raise NotFound(
            f"the file of picture {picture.id} lies behind a link that leads out of the folders "
            "that may be indexed from here"
        )
    return picture.path
