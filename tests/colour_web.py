"""A web application over a small collection of colours, for the tests of pages and API."""

from collections.abc import Iterator, Mapping, Sequence
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
from search.catalog.text_records import TextRecord
from search.encoders.onnx_pair.builtin import builtin_space
from search.encoders.tiny import TinyEncoder
from search.engine import Engine
from search.pictures import content_hash, read_picture
from search.records import Caption, Fields, PictureFacts, TextLine
from search.settings import Settings
from web.app import create_app

COLLECTION = "colours"
COLOURS = ("red", "green", "blue", "yellow", "black")


def settings_in(folder: Path, **more: Any) -> Settings:
    """Return settings that store everything in `folder` and need no weights."""
    plain = Settings.from_environment({"LIMN_DATA_DIR": str(folder), "LIMN_ENCODER": "tiny"})
    return replace(plain, **more)


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Engine, FlaskClient]]:
    """Yield the engine, and a client of the application around it."""
    with open_engine(settings) as engine:
        yield engine, create_app(engine, settings).test_client()


def picture_bytes(colour: str, size: tuple[int, int] = (96, 64), kind: str = "PNG") -> bytes:
    """Return a picture of one colour."""
    data = BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return data.getvalue()


def store(
    catalog: Catalog, path: Path, colour: str, captions: Sequence[Caption] = (), **more: Any
) -> int:
    """Write a picture of that colour, index it, and return its id; `more` are as of `coloured`."""
    collection = more.pop("collection", COLLECTION)
    store_all(catalog, [coloured(path, colour, captions, **more)], collection)
    held = catalog.collections.one(collection)
    return catalog.files(held).by_path([path])[path].picture_id


def store_all(
    catalog: Catalog, items: Sequence[EmbeddedPicture], collection: str = COLLECTION
) -> None:
    """Index pictures together."""
    catalog.writer.store(catalog.collections.open(collection, TinyEncoder().space), items)


def coloured(
    path: Path,
    colour: str,
    captions: Sequence[Caption] = (),
    *,
    size: tuple[int, int] = (96, 64),
    fields: Fields | None = None,
    **facts: Any,
) -> EmbeddedPicture:
    """Write a picture of that colour, and return it ready for the catalog."""
    encoder = TinyEncoder()
    data = picture_bytes(colour, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    picture, read = read_picture(data)
    stat = path.stat()
    return EmbeddedPicture(
        FileState(path, stat.st_size, stat.st_mtime_ns, content_hash(data), b"", fields or {}),
        PictureFacts(read.format, read.width_px, read.height_px, **facts),
        encoder.encode_pixels(encoder.preparation.pixels(picture)[None])[0],
        EmbeddedCaptions(
            tuple(captions), encoder.encode_texts([caption.text for caption in captions])
        ),
    )


def store_colours(catalog: Catalog, folder: Path, colours: Sequence[str]) -> dict[str, int]:
    """Index a picture of each colour, with one caption each; return their ids."""
    return {
        colour: store(catalog, folder / f"{colour}.png", colour, [Caption(f"a {colour} wall")])
        for colour in colours
    }


def store_with_text(catalog: Catalog, texts: Mapping[int, Sequence[str]]) -> None:
    """Store lines as the text that was read in pictures, by the pictures' ids."""
    collection = catalog.collections.one(COLLECTION)
    readings = [
        TextRecord(
            picture,
            "read",
            tuple(TextLine(line, 0.98, (0.1, 0.2, 0.5, 0.3)) for line in texts.get(picture.id, ())),
        )
        for picture in catalog.text.pictures_to_read(collection, "test")
    ]
    catalog.text.store(collection, "test", readings)


def let_builtin_answer(engine: Engine, name: str = COLLECTION) -> None:
    """Record the built-in pair as that of a collection; no picture is embedded by it."""
    collection = engine.catalog.collections.one(name)
    engine.catalog.second_spaces.begin(collection, builtin_space())
    engine.catalog.second_spaces.set_ready(collection)
    engine.upgrades.switch(name, incomplete=True)
    engine.upgrades.finish(name)


def store_described(catalog: Catalog, folder: Path) -> None:
    """Index two pictures with all facts, from two years, and one with few facts."""
    paris: dict[str, Any] = {"latitude": 48.85, "longitude": 2.35, "camera": "Canon EOS 5D"}
    red = [Caption("a red wall", "en"), Caption("红色的墙", "zh")]
    sets: dict[str, Any] = {
        "fields": {"rating": 5.0, "who": "Ann"},
        "taken_at": "2019-05-04T10:00:00",
        **paris,
    }
    store(catalog, folder / "2019" / "red.png", "red", red, colours=("#d62728",), **sets)
    sets |= {"fields": {"rating": 2.0, "who": "Bob"}, "taken_at": "2021-01-01"}
    sets |= {"latitude": -33.9, "longitude": 151.2, "camera": "NIKON D5"}
    store(catalog, folder / "2021" / "blue.png", "blue", colours=("#2f5fc4",), **sets)
    store(catalog, folder / "2021" / "tall.png", "green", size=(60, 90))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    """Yield an application and its engine, with nothing indexed yet."""
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        yield engine, client


@pytest.fixture
def engine(web: tuple[Engine, FlaskClient]) -> Engine:
    """Return the engine of `web`."""
    return web[0]


@pytest.fixture
def client(web: tuple[Engine, FlaskClient]) -> FlaskClient:
    """Return a client of `web`."""
    return web[1]


@pytest.fixture
def ids(engine: Engine, tmp_path: Path) -> dict[str, int]:
    """Return the ids of five pictures of one colour each, by its name."""
    return store_colours(engine.catalog, tmp_path / "pictures", COLOURS)
