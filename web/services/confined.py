"""Confinement of collections made over the network: no link leads to files outside."""

import os
from pathlib import Path
from typing import Any

from search.engine import Engine
from search.errors import NotFound
from search.files.boundary import is_inside
from search.records import Picture
from web.services.server_folders import ServerFolders
from web.services.uploads import Uploads


class ConfinedFiles:
    """The files that may be indexed and sent: those in the server folders, and uploads."""

    def __init__(self, engine: Engine, roots: ServerFolders, uploads: Uploads) -> None:
        self._engine = engine
        self._folders = (*roots.all, uploads.folder)

    def confine(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return an indexing request with the folders that confine it.

        A request typed as a command is not confined. A request that an older version accepted over
        the network names no folders, and is confined to the server folders and the uploads.
        """
        if "confined_to" in request or "recursive" in request:
            return request
        return {**request, "confined_to": [os.path.realpath(each) for each in self._folders]}

    def check_file(self, picture: Picture) -> Path:
        """Return a picture's path, if its file may be sent.

        Raises:
            NotFound: a link leads out of the allowed folders, though the file was indexed over the
                network: the link is newer than the run.
        """
        if os.path.realpath(picture.path) == str(picture.path):
            return picture.path
        requests = self._engine.catalog.jobs.requests(picture.collection)
        confined_requests = [self.confine(each) for each in requests]
        about = [
            each
            for each in confined_requests
            if any(map(picture.path.is_relative_to, each["sources"]))
        ]
        folders = [tuple(map(Path, each.get("confined_to", ()))) for each in about]
        if folders and not any(not each or is_inside(picture.path, each) for each in folders):
            raise NotFound(
                "picture-behind-link",
                "the file of picture {id} lies behind a link that leads out of the "
                "folders that may be indexed from here",
                id=picture.id,
            )
        return picture.path
