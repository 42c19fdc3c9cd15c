"""A store, an encoder, a source, a filter and a route as another package adds them.

The package is this file, and five lines.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import sqlalchemy as sa
from flask import Blueprint

from indexer.sources import IsUnchanged, Item, ScanResult, SidecarData, Source
from indexer.sources.options import SourceOptions
from search.catalog.conditions import Test
from search.catalog.database import tables
from search.encoders import EncoderBackend
from search.encoders.tiny import TinyEncoder
from search.errors import BadSetting
from search.query.filters.fields import Field
from search.records import Caption, Collection, Pixels, Space, Vectors
from search.stores import IndexKind, StoreOptions
from search.stores.exact import ExactStore
from web.route import route
from web.state import engine

ENTRY_POINTS = """\
[limn.encoders]
toy = toy_backends:ToyEncoders

[limn.sources]
toy = toy_backends:ToySources

[limn.stores]
toy = toy_backends:ToyStores

[limn.filters]
shape = toy_backends:ToyFilter

[limn.routes]
toys = toy_backends:toys
"""


class ToyFilter:
    """The filter `shape = wide`, of pictures at least as wide as high; any other shape is none."""

    field = Field(("=",), str.strip, "shape = wide")

    @staticmethod
    def condition(operator: str, value: object) -> Test:
        """Return the condition on `picture`."""
        picture = tables.picture.c
        return sa.and_(picture.width_px >= picture.height_px, sa.literal(value == "wide"))


toys = Blueprint("toys", __name__)


@route(toys, "/toys", in_openapi=False, scope="public")
def count_toys() -> str:
    """Return the number of collections, as text."""
    return str(len(engine().collections()))


class ToyEncoder(TinyEncoder):
    """The tiny pair with its directions reversed."""

    @property
    def space(self) -> Space:
        tiny = super().space
        return Space("toy-000000000000", "toy:round", tiny.width)

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        return np.ascontiguousarray(super().encode_pixels(pixels)[:, ::-1])

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return np.ascontiguousarray(super().encode_texts(texts)[:, ::-1])


class ToyEncoders(EncoderBackend):
    """The backend of the encoder "toy:round" alone."""

    names: ClassVar[tuple[str, ...]] = ("toy:SHAPE",)

    def open(self, spec: str, device: str) -> ToyEncoder:
        return ToyEncoder()

    def check(self, spec: str) -> None:
        if spec != "toy:round":
            raise BadSetting("unknown-toy", "there is no toy {spec!r}; write toy:round", spec=spec)


class ToyStore(ExactStore):
    """An exact store with a file of its own."""

    def __init__(self, width: int, file: Path) -> None:
        super().__init__(width)
        self._file = file
        self._last_change = (0, "")
        if file.exists():
            with np.load(file) as kept:
                super().put(kept["ids"], kept["vectors"])
                number, epoch = json.loads(str(kept["last_change"]))
                self._last_change = (number, epoch)

    @property
    def last_change(self) -> tuple[int, str]:
        return self._last_change

    @last_change.setter
    def last_change(self, change: tuple[int, str]) -> None:
        self._last_change = change
        ids, vectors = self.items()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._file, ids=ids, vectors=vectors, last_change=json.dumps(change))

    def dump(self) -> Iterator[memoryview]:
        raise AssertionError("a durable store is not dumped")


class ToyStores:
    """The backend of toy stores, with their files in the folder that the store's name gives."""

    names: ClassVar[tuple[str, ...]] = ("toy:FOLDER",)
    durable: ClassVar[bool] = True

    def __init__(self, options: StoreOptions) -> None:
        self._folder = Path(options.name.removeprefix("toy:"))

    def open(self, collection: Collection, space: Space, kind: IndexKind) -> ToyStore:
        return ToyStore(space.width, self._folder / str(collection.id) / f"{space.id}-{kind}.npz")

    def drop(self, collection: Collection) -> None:
        for file in (self._folder / str(collection.id)).glob(f"{collection.space.id}-*.npz"):
            file.unlink()


class ToySource:
    """A source of the pictures in a folder, each with a caption."""

    table = None

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        for path in sorted(self.root.glob("*.jpg")):
            status = path.stat()
            told = SidecarData((Caption(f"a toy that is {path.stem}"),))
            yield Item(path, status.st_size, status.st_mtime_ns, told)


class ToySources:
    """The backend of the source "toy:FOLDER"."""

    names: ClassVar[tuple[str, ...]] = ("toy:FOLDER",)

    def open(self, place: Path | str, options: SourceOptions, within: Path | None) -> Source:
        return ToySource(Path(str(place).removeprefix("toy:")))
