"""The encoder pairs that are on this machine: found without a network, and without opening any."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from search.catalog.catalog import open_catalog
from search.catalog.records import Collection
from search.encoders.inventory.caches import cached_weights, picture_parameters
from search.encoders.inventory.speed import BUILTIN_GMACS, INT8_GAIN, speed_class
from search.encoders.onnx_pair.builtin import builtin_space, pair_folder
from search.encoders.onnx_pair.exported import onnx_folder, read_facts, space_of
from search.encoders.onnx_pair.pair_folder import DESCRIPTION, opening
from search.encoders.openclip.registry import configuration, languages, picture_work
from search.encoders.tiny import TinyEncoder
from search.errors import LimnError
from search.settings import Settings


@dataclass(frozen=True, slots=True)
class Known:
    """One pair. None, or nothing, is what can't be told without opening it.

    `encoder` is its specification; `where` is "ships", "cache" or "collection"; `speed` is a class
    of `speed.py`; `languages` has codes, or "many". A pair whose files are gone is not `there`.
    """

    encoder: str
    where: str
    space: str | None = None
    width: int | None = None
    size_bytes: int | None = None
    speed: str | None = None
    languages: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    there: bool = True


def known_encoders(settings: Settings) -> list[Known]:
    """Those that ship, those in the caches of the hub and of torch, and those of collections."""
    used = _used(settings)
    found = {each.encoder: each for each in (*_shipped(), *_cached())}
    for encoder, collections in used.items():
        at = found.get(encoder) or _named(encoder)
        space = collections[0].space
        names = tuple(each.name for each in collections)
        found[encoder] = replace(
            at, space=at.space or space.id, width=at.width or space.width, collections=names
        )
    return list(found.values())


def _used(settings: Settings) -> dict[str, list[Collection]]:
    """The collections of the catalog, if there is one, by their encoder's specification."""
    if isinstance(settings.database, Path) and not settings.database.exists():
        return {}  # looking at it would make it
    used: dict[str, list[Collection]] = {}
    with open_catalog(settings.database) as catalog:
        for collection in catalog.collections.all():
            used.setdefault(collection.space.encoder, []).append(collection)
    return used


def _shipped() -> Iterator[Known]:
    yield replace(_trained("builtin"), where="ships")
    tiny = TinyEncoder().space
    yield Known("tiny", "ships", tiny.id, tiny.width, 0, "fast", ("en", "zh"))


def _cached() -> Iterator[Known]:
    for weights in cached_weights():
        config = configuration(weights.architecture) or {}
        work = picture_work(config, picture_parameters(weights.file))
        size_bytes = weights.file.stat().st_size
        width = config.get("embed_dim")
        spoken = languages(config)
        yield Known(weights.encoder, "cache", None, width, size_bytes, speed_class(work), spoken)


def _named(encoder: str) -> Known:
    """What a specification that a collection holds stands for."""
    if encoder.startswith("onnx:"):
        return _exported(encoder)
    if encoder.startswith("builtin@"):
        return _trained(encoder)
    if not encoder.startswith("open_clip:"):
        return Known(encoder, "collection", there=False)
    name, at, place = encoder.removeprefix("open_clip:").partition("@")
    architecture, _, _ = name.rpartition("/") if "/" in name else (name, "", "")
    config = configuration(architecture) or {}
    file = Path(place)
    there = bool(at) and file.exists()
    parameters = picture_parameters(file) if there and file.is_file() else None
    return Known(
        encoder,
        "collection",
        width=config.get("embed_dim"),
        size_bytes=_size_bytes(file) if there else None,
        speed=speed_class(picture_work(config, parameters)) if config else None,
        languages=languages(config) if config else (),
        there=there,
    )


def _trained(encoder: str) -> Known:
    folder = pair_folder(encoder)
    try:
        with opening(folder, ""):
            space = builtin_space(folder)
            facts: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
            spoken = tuple(facts["languages"])
    except LimnError:
        return Known(encoder, "collection", there=False)
    size_bytes, speed = _size_bytes(folder), speed_class(BUILTIN_GMACS)
    return Known(encoder, "collection", space.id, space.width, size_bytes, speed, spoken)


def _exported(encoder: str) -> Known:
    folder = onnx_folder(encoder)
    try:
        with opening(folder, ""):
            facts = read_facts(folder)
            space = space_of(folder, facts)
            work, spoken = facts["picture_gmacs"], tuple(facts["languages"])
            quicker = INT8_GAIN if facts["precision"] == "int8" else 1.0
    except LimnError:
        return Known(encoder, "collection", there=False)
    speed = speed_class(work / quicker if work is not None else None)
    return Known(encoder, "collection", space.id, space.width, _size_bytes(folder), speed, spoken)


def _size_bytes(path: Path) -> int:
    files = [path] if path.is_file() else list(path.iterdir())
    return sum(each.stat().st_size for each in files if each.is_file())
