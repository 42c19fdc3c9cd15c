"""The encoder pairs on this machine, found without a network, and without opening one."""

from collections.abc import Iterable
from dataclasses import replace

from search.encoders import EncoderInfo
from search.packages import plugins
from search.records import Collection


def known_encoders(collections: Iterable[Collection]) -> list[EncoderInfo]:
    """Return the shipped pairs, those in the caches of the hub and of torch, and of `collections`."""
    used: dict[str, list[Collection]] = {}
    for collection in collections:
        used.setdefault(collection.space.encoder, []).append(collection)
    installed = [each for backend in plugins.backends("encoders") for each in backend().installed()]
    installed.sort(key=lambda each: each.where != "ships")  # stable: shipped ones come first
    found = {each.encoder: each for each in installed}
    for encoder, users in used.items():
        at = found.get(encoder) or _described(encoder)
        space = users[0].space
        names = tuple(each.name for each in users)
        found[encoder] = replace(
            at, space=at.space or space.id, width=at.width or space.width, collections=names
        )
    return list(found.values())


def _described(encoder: str) -> EncoderInfo:
    backend = plugins.find("encoders", encoder)
    if backend is None:  # its package was removed
        return EncoderInfo(encoder, "collection", there=False)
    described: EncoderInfo = backend().describe(encoder)
    return described
