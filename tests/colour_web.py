"""A web application over a small collection of colours, for the tests of pages and API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from search.bootstrap import open_engine
from search.catalog.catalog import Catalog
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.encoders.tiny import TinyEncoder
from search.engine import Engine
from search.pictures import content_hash, read_picture
from search.records import Caption, Fields, PictureFacts
from search.settings import Settings
from web.app import create_app

COLLECTION = "colours"
COLOURS = ("red", "green", "blue", "yellow", "black")


def settings_in(folder: Path, **more: Any) -> Settings:
    """Settings that keep everything in `folder` and need no weights."""
    plain = Settings.from_environment({"LIMN_DATA_DIR": str(folder), "LIMN_ENCODER": "tiny"})
    return replace(plain, **more)


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Engine, FlaskClient]]:
    """The engine, and a client of the application around it."""
    with open_engine(settings) as engine:
        yield engine, create_app(engine, settings).test_client()


def picture_bytes(colour: str, size: tuple[int, int] = (96, 64), kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    data = BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return data.getvalue()


def store(
    catalog: Catalog,
    path: Path,
    colour: str,
    captions: Sequence[Caption] = (),
    *,
    size: tuple[int, int] = (96, 64),
    collection: str = COLLECTION,
    fields: Fields | None = None,
    **facts: Any,
) -> int:
    """Write a picture of that colour, index it, and return its id."""
    encoder = TinyEncoder()
    data = picture_bytes(colour, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    picture, read = read_picture(data)
    stat = path.stat()
    item = EmbeddedPicture(
        FileState(path, stat.st_size, stat.st_mtime_ns, content_hash(data), b"", fields or {}),
        PictureFacts(read.format, read.width_px, read.height_px, **facts),
        encoder.encode_pixels(encoder.preparation.pixels(picture)[None])[0],
        EmbeddedCaptions(
            tuple(captions), encoder.encode_texts([caption.text for caption in captions])
        ),
    )
    held = catalog.collections.open(collection, encoder.space)
    catalog.writer.store(held, [item])
    return catalog.files(held).known([path])[path].picture_id


def store_colours(catalog: Catalog, folder: Path, colours: Sequence[str]) -> dict[str, int]:
    """Index a picture of each colour, with one caption each; returns their ids."""
    return {
        colour: store(catalog, folder / f"{colour}.png", colour, [Caption(f"a {colour} wall")])
        for colour in colours
    }


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    """An application and its engine, with nothing indexed yet."""
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        yield engine, client


@pytest.fixture
def engine(web: tuple[Engine, FlaskClient]) -> Engine:
    """The engine of `web`."""
    return web[0]


@pytest.fixture
def client(web: tuple[Engine, FlaskClient]) -> FlaskClient:
    """A client of `web`."""
    return web[1]


@pytest.fixture
def ids(engine: Engine, tmp_path: Path) -> dict[str, int]:
    """The ids of five pictures of one colour each, by its name."""
    return store_colours(engine.catalog, tmp_path / "pictures", COLOURS)
