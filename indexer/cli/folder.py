"""A folder brought up to date for a search in it: `limn search WORDS --in FOLDER`."""

import os
import time
from dataclasses import replace
from pathlib import Path

import click

from indexer.cli.ending import end_in_order
from indexer.cli.index import STOPPED, run_with_progress
from indexer.indexing.request import Request
from search.catalog.catalog import Catalog
from search.cli.folder import FolderScope
from search.engine import Engine
from search.errors import CollectionBusy, shell_word
from search.query.filters.tree import Condition
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import one_line, printable


def update_folder(engine: Engine, settings: Settings, folder: Path) -> FolderScope:
    """Index what is new or changed in a folder, with progress on stderr, and return its scope.

    A folder that was indexed before, by itself or within another, stays in its collection, and is
    read with the options of that time. Another folder becomes a collection of its own.

    Raises:
        BadSource: there are no pictures in the folder.
    """
    folder = _absolute(folder)
    request = request_of(engine.catalog, folder)
    if engine.catalog.collections.get(request.name) is None:
        name = one_line(printable(request.name))
        click.echo(f"indexing {printable(str(folder))} for the first time, as {name}", err=True)
    try:
        _update(engine, settings, request)
    except CollectionBusy as error:
        click.echo(f"{one_line(printable(str(error)))}; searching what is there", err=True)
    sources = engine.catalog.jobs.sources(request.name)
    alone = all(path == folder or folder in path.parents for path in map(_absolute, sources))
    where = None if alone else Condition("folder", "=", str(folder))
    return FolderScope(request.name, where)


def request_of(catalog: Catalog, folder: Path) -> Request:
    """Return the request that brings a folder up to date, in the collection that contains it.

    Of several collections the one is taken whose source is nearest to the folder.
    """
    nearest: tuple[int, Request] | None = None
    for collection in catalog.collections.all():
        for document in catalog.jobs.requests(collection.name):
            request = Request.from_json({**document, "name": collection.name})
            depths = [
                len(Path(source).parts) for source in request.sources if _contains(source, folder)
            ]
            if depths and (nearest is None or max(depths) >= nearest[0]):
                nearest = max(depths), replace(request, sources=(str(folder),), encoder=None)
    if nearest is not None:
        return nearest[1]
    return Request.of((str(folder),), _free_name(catalog, folder))


def _contains(source: str, folder: Path) -> bool:
    path = _absolute(source)
    return path == folder or path in folder.parents


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))


def _free_name(catalog: Catalog, folder: Path) -> str:
    """Return a name for a new collection: the folder's, with its parents' where that is taken."""
    name = Request.of((str(folder),), None).name
    for parent in folder.parents:
        if catalog.collections.get(name) is None:
            break
        name = f"{printable(parent.name)} {name}".strip()
    return name


def _update(engine: Engine, settings: Settings, request: Request) -> None:
    began = time.monotonic()
    result, _ = run_with_progress(engine, settings, request, end_in_order(STOPPED))
    counts = result.counts
    changes = {
        "new": counts.added,
        "changed": counts.changed,
        "moved": counts.moved,
        "removed": counts.removed,
        "missing": counts.missing,
    }
    parts = [f"{count:,} {kind}" for kind, count in changes.items() if count]
    if parts:
        took_s = time.monotonic() - began
        click.echo(f"{', '.join(parts)}, in {took_s:.1f} s", err=True)
    if result.failures:
        files, name = amount(len(result.failures), "file"), shell_word(request.name)
        click.echo(f"{files} can't be read; see: limn failures {name}", err=True)
