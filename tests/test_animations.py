"""Animations: their first and middle frames are pictures, and the page shows the animation."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.rates import Silent
from indexer.indexing.pipeline import index
from indexer.maintenance.duplicates import duplicates
from indexer.sources.folder import FolderSource
from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from search.catalog.records import RunCounts
from search.encoders.tiny import TinyEncoder
from search.errors import BadPicture
from search.pictures import Limits, load_file, read_picture
from search.pictures.containers.animation import FURTHEST, frames
from tests.colour_web import opened, settings_in
from tests.pictures_of_every_kind import quadrants

FRAMES = 6


def moving(path: Path) -> Path:
    """Write an animation that is red, then blue from the middle on."""
    shown = [
        Image.new("RGB", (64, 48), "red" if n < FRAMES // 2 else "blue") for n in range(FRAMES)
    ]
    for n, frame in enumerate(shown):  # equal frames would be written as one
        frame.putpixel((n, 0), (255, 255, 255))
    shown[0].save(path, save_all=True, append_images=shown[1:], duration=100, lossless=True)
    return path


def middle(path: Path) -> tuple[int, ...]:
    """Return the colour of a picture's middle."""
    pixel = read_picture(path)[0].getpixel((32, 24))
    assert isinstance(pixel, tuple)
    return tuple(round(each / 255) for each in pixel)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.apng", "a.webp"])
def test_the_first_and_the_middle_frame_are_pictures(name: str, tmp_path: Path) -> None:
    path = moving(tmp_path / name)
    assert frames(path.read_bytes()) == ("0", "3")
    assert middle(path / "0") == (1, 0, 0)
    assert middle(path / "3") == (0, 0, 1)


@pytest.mark.parametrize("name", ["6", "-1", "x", "00000009", "1/2"])
def test_a_frame_that_is_not_there_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadPicture) as caught:
        load_file(moving(tmp_path / "a.gif") / name)
    assert caught.value.reason == "missing"


def test_a_picture_that_does_not_move_has_no_frames(tmp_path: Path) -> None:
    quadrants().save(tmp_path / "still.gif")
    assert frames((tmp_path / "still.gif").read_bytes()) == ()
    assert frames(b"GIF89a") == ()
    assert frames(b"") == ()


def test_the_middle_of_a_long_animation_is_looked_for_no_further(tmp_path: Path) -> None:
    shown = [Image.new("L", (2, 2), n % 256) for n in range(2 * FURTHEST + 100)]
    written = BytesIO()
    shown[0].save(written, "GIF", save_all=True, append_images=shown[1:])
    assert frames(written.getvalue()) == ("0", str(FURTHEST))


@pytest.mark.slow
def test_an_animation_is_indexed_followed_and_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    moving(folder / "a.gif")
    moving(folder / "b.png")
    quadrants().save(folder / "still.png")
    database = Database(tmp_path / "limn.db")
    ensure_schema(database)
    catalog = Catalog(database)

    def indexed() -> RunCounts:
        collection, counts = index(
            catalog,
            "m",
            [FolderSource(folder)],
            TinyEncoder(),
            workers=1,
            limits=Limits(),
            progress=Silent(),
        )
        assert not catalog.failures.of(collection.id)
        return counts

    assert indexed().added == 5
    assert indexed().unchanged == 5
    collection = catalog.collections.one("m")
    assert [group.paths for group in duplicates(catalog, collection)] == [
        (folder / "a.gif" / number, folder / "b.png" / number) for number in ("0", "3")
    ]
    os.utime(folder / "b.png", (1, 1))  # its frames stay
    quadrants().save(folder / "a.gif")  # no longer an animation
    assert indexed().removed == 0
    assert indexed().removed == 2, "the frames that a.gif has no more"
    assert indexed().unchanged == 4
    (folder / "b.png").unlink()
    assert indexed().removed == 2
    database.close()


@pytest.mark.slow
def test_the_original_of_a_frame_is_the_animation(tmp_path: Path) -> None:
    path = moving(tmp_path / "a.gif")
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        collection, _ = index(
            engine.catalog,
            "m",
            [FolderSource(path)],
            TinyEncoder(),
            workers=1,
            limits=Limits(),
            progress=Silent(),
        )
        [_, frame] = engine.catalog.files(collection).everything()
        answer = client.get(f"/api/v1/pictures/{frame.id}/original")
        assert (answer.mimetype, answer.data) == ("image/gif", path.read_bytes())
        answer.close()
        assert engine.catalog.pictures.one(frame.id).path == path / "3"
