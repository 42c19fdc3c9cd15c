"""A search in a folder, which an indexer of another package brings up to date first."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

from search.engine import Engine
from search.errors import BadQuery
from search.packages import plugins
from search.query.filters.tree import Filter, all_of
from search.query.records import Query
from search.settings import Settings
from search.text.path_names import user_path


class FolderScope(NamedTuple):
    """The collection that contains a folder, and a filter where it contains more."""

    collection: str
    where: Filter | None

    def narrow(self, query: Query) -> Query:
        """Return a query over the pictures of the folder alone."""
        filters = [part for part in (self.where, query.where) if part is not None]
        where = all_of(filters)
        return replace(query, collections=(self.collection,), where=where)


def check_folder(folder: str, collections: tuple[str, ...]) -> Path:
    """Return the folder that `--in` names; raise BadQuery where it can't be searched."""
    if collections:
        raise BadQuery(
            "folder-and-collection",
            "--in searches one folder, and --collection a collection; name one of the two",
        )
    if not folder.strip():
        raise BadQuery("folder-blank", "--in names no folder; '.' is the current one")
    path = user_path(Path(folder))
    if path.is_file():
        raise BadQuery("folder-is-file", "--in is {folder!r}, a file; name a folder", folder=folder)
    if not path.is_dir():
        raise BadQuery(
            "folder-missing", "--in is {folder!r}, and there is no such folder", folder=folder
        )
    return path


def update_folder(engine: Engine, settings: Settings, folder: Path) -> FolderScope:
    """Bring a folder's pictures up to date, with progress on stderr, and return its scope."""
    update = plugins.load(plugins.registered_points("indexers")["folder"])
    return cast(FolderScope, update(engine, settings, folder))
