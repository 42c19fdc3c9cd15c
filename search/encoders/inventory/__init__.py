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
    by_encoder = _collections_by_encoder(settings)
    infos = [
        info for backend in plugins.backends("encoders") for info in backend().list_installed()
    ]
    infos.sort(key=lambda info: info.where != "ships")  # stable: shipped ones come first
    encoders = {info.encoder: info for info in infos}
    for encoder, collections in by_encoder.items():
        at = encoders.get(encoder) or _describe(encoder)
        space = collections[0].space
        names = tuple(collection.name for collection in collections)
        encoders[encoder] = replace(
            at, space=at.space or space.id, width=at.width or space.width, collections=names
        )
    return list(encoders.values())


def _collections_by_encoder(settings: Settings) -> dict[str, list[Collection]]:
    """Return the collections of the catalog, if there is one, by their encoder's specification."""
    if isinstance(settings.database, Path) and not settings.database.exists():
        return {}  # opening it would create it
    by_encoder: dict[str, list[Collection]] = {}
    with open_catalog(settings.database) as catalog:
        for collection in catalog.collections.all():
            by_encoder.setdefault(collection.space.encoder, []).append(collection)
    return by_encoder


def _describe(encoder: str) -> EncoderInfo:
    backend = plugins.find("encoders", encoder)
    if backend is None:  # its package was removed
        return EncoderInfo(encoder, "collection", there=False)
    info: EncoderInfo = backend().describe(encoder)
    return info
