"""The encoder pairs on this machine, found without a network, and without opening one."""

from dataclasses import replace
from pathlib import Path

from search import plugins
from search.catalog.catalog import open_catalog
from search.catalog.records import Collection
from search.encoders import EncoderInfo
from search.settings import Settings


def known_encoders(settings: Settings) -> list[EncoderInfo]:
    """Return the shipped pairs, those in the caches of the hub and of torch, and of collections."""
    used = _used(settings)
    installed = [each for backend in plugins.backends("encoders") for each in backend().installed()]
    installed.sort(key=lambda each: each.where != "ships")  # stable: shipped ones come first
    found = {each.encoder: each for each in installed}
    for encoder, collections in used.items():
        at = found.get(encoder) or _described(encoder)
        space = collections[0].space
        names = tuple(each.name for each in collections)
        found[encoder] = replace(
            at, space=at.space or space.id, width=at.width or space.width, collections=names
        )
    return list(found.values())


def pictures_of(collection: str, settings: Settings) -> int:
    """Return the number of a collection's pictures; raise NotFound for an unknown name."""
    with open_catalog(settings.database) as catalog:
        [summary] = catalog.collections.summaries([collection])
    return summary.pictures


def _used(settings: Settings) -> dict[str, list[Collection]]:
    """Return the collections of the catalog, if there is one, by their encoder's specification."""
    if isinstance(settings.database, Path) and not settings.database.exists():
        return {}  # opening it would create it
    used: dict[str, list[Collection]] = {}
    with open_catalog(settings.database) as catalog:
        for collection in catalog.collections.all():
            used.setdefault(collection.space.encoder, []).append(collection)
    return used


def _described(encoder: str) -> EncoderInfo:
    backend = plugins.find("encoders", encoder)
    if backend is None:  # its package was removed
        return EncoderInfo(encoder, "collection", there=False)
    described: EncoderInfo = backend().describe(encoder)
    return described
