"""A small drawing of a collection's map for the first page: dots, some pictures, some names."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from cachetools import LRUCache

from search.engine import Engine
from search.errors import LimnError
from search.library.map_file import PictureMap, Region
from search.records import Collection, Picture

WIDTH, HEIGHT = 1240, 680
MARGIN_X, MARGIN_Y = 120, 60
LEAST_EXTENT = 1e-3

# The width of a name's character, and what is left free at its ends.
CHARACTER, MARGIN_OF_NAMES = 26, 16

# Few enough to draw at once: a picture of 100,000 has the same shape.
MAX_DOTS = 600
MAX_PICTURES = 28
MAX_NAMES = 6
MAX_CARDS = 20


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing of a map: the path of its dots, and what lies where, in its own units."""

    dots: str
    pictures: Sequence[tuple[int, int, int]]
    names: Sequence[tuple[Region, int, int]]


@dataclass(frozen=True, slots=True)
class MapCard:
    """The drawing of a collection's map, with its pictures at their places."""

    name: str
    drawing: Drawing
    pictures: Sequence[tuple[Picture, int, int]]


class MapCards:
    """The drawings of an engine's maps. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._drawings: LRUCache[object, Drawing | None] = LRUCache(MAX_CARDS)
        self._lock = Lock()

    def largest(self, names: Sequence[str]) -> MapCard | None:
        """Return the card of the first of the collections that has a map, or None."""
        for name in names:
            collection = self._engine.catalog.collections.get(name)
            drawing = None if collection is None else self._drawing(collection)
            if drawing is not None:
                ids = [picture_id for picture_id, _, _ in drawing.pictures]
                pictures = self._engine.catalog.pictures.by_id(ids)
                places = ((pictures.get(each), x, y) for each, x, y in drawing.pictures)
                return MapCard(name, drawing, [(p, x, y) for p, x, y in places if p is not None])
        return None

    def _drawing(self, collection: Collection) -> Drawing | None:
        try:
            stat = self._engine.map_file(collection).stat()
        except OSError:
            return None
        key = (collection.id, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if key in self._drawings:
                return self._drawings[key]
        try:
            picture_map = self._engine.picture_map(collection)
        except LimnError:
            picture_map = None
        drawing = None if picture_map is None else draw(picture_map)
        with self._lock:
            self._drawings[key] = drawing
        return drawing


def draw(picture_map: PictureMap) -> Drawing:
    """Return the drawing of a map."""
    if not len(picture_map.ids):
        return Drawing("", (), ())
    least, most = picture_map.places.min(axis=0), picture_map.places.max(axis=0)
    extent = np.maximum(most - least, LEAST_EXTENT)

    def place(x: float, y: float) -> tuple[int, int]:
        """Return a place of the map, where y goes up, in the drawing, where it goes down."""
        across, up = (np.array([x, y]) - least) / extent
        return (
            round(MARGIN_X + float(across) * (WIDTH - 2 * MARGIN_X)),
            round(MARGIN_Y + (1 - float(up)) * (HEIGHT - 2 * MARGIN_Y)),
        )

    def name_place(region: Region) -> tuple[int, int]:
        """Return the middle of a region's name, moved inwards where it would be cut off."""
        x, y = place(region.x, region.y)
        half = MARGIN_OF_NAMES + CHARACTER / 2 * max(map(len, region.names.values()), default=0)
        return round(min(max(x, half), max(half, WIDTH - half))), y

    step = max(1, len(picture_map.ids) // MAX_DOTS)
    small = [region for region in picture_map.regions if region.level == 1 and region.typical]
    large = [region for region in picture_map.regions if region.level == 0]
    dots = (place(x, y) for x, y in picture_map.places[::step].tolist())
    return Drawing(
        "".join(f"M{x} {y}h0" for x, y in dots),
        [(region.typical[0], *place(region.x, region.y)) for region in small[:MAX_PICTURES]],
        [(region, *name_place(region)) for region in (large or small)[:MAX_NAMES]],
    )
