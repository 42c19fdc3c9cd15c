"""The encoder pairs on this machine, found without a network, and without opening one."""

from collections.abc import Iterable
from dataclasses import replace

from search.encoders import EncoderInfo
from search.packages import plugins
from search.records import Collection


def known_encoders(collections: Iterable[Collection]) -> list[EncoderInfo]:
    """Return the shipped pairs, those in the caches of the hub and torch, and of collections."""
    users_of: dict[str, list[Collection]] = {}
    for collection in collections:
        users_of.setdefault(collection.space.encoder, []).append(collection)
    infos = [
        info for backend in plugins.backends("encoders") for info in backend().list_installed()
    ]
    infos.sort(key=lambda info: info.where != "ships")  # stable: shipped ones come first
    encoders = {info.encoder: info for info in infos}
    for encoder, users in users_of.items():
        at = encoders.get(encoder) or _describe(encoder)
        space = users[0].space
        names = tuple(user.name for user in users)
        encoders[encoder] = replace(
            at, space=at.space or space.id, width=at.width or space.width, collections=names
        )
    return list(encoders.values())


def _describe(encoder: str) -> EncoderInfo:
    backend = plugins.find("encoders", encoder)
    if backend is None:  # its package was removed
        return EncoderInfo(encoder, "collection", there=False)
    info: EncoderInfo = backend().describe(encoder)
    return info
