"""Albums that are named after places and people are found by those names, before any looks."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Limn

COLOURS = ("red", "green", "blue", "yellow", "black", "white")
ALBUMS = ("Mallorca", "Kyoto 2019", "Walls")


@pytest.fixture
def albums(limn: Limn, tmp_path: Path) -> Limn:
    """Index an album of every name with a picture of every colour."""
    for album in ALBUMS:
        folder = tmp_path / "Pictures" / album
        folder.mkdir(parents=True)
        for place, colour in enumerate(COLOURS):
            size = (96, 64 + ALBUMS.index(album))
            Image.new("RGB", size, colour).save(folder / f"IMG_{place}.png")
    limn("index", tmp_path / "Pictures", "--encoder", "builtin")
    return limn


def found(limn: Limn, *words: str) -> list[tuple[str, str, float]]:
    """Return the albums, names and confidences of the hits."""
    hits = json.loads(limn("search", *words, "-k", "18", "--json").stdout)
    paths = [Path(hit["path"]) for hit in hits]
    return [
        (path.parent.name, path.name, hit["confidence"] or 0.0)
        for path, hit in zip(paths, hits, strict=True)
    ]


@pytest.mark.parametrize(
    ("words", "album"),
    [("mallorca", "Mallorca"), ("kyoto", "Kyoto 2019"), ("Kyoto 2019", "Kyoto 2019")],
)
def test_a_name_that_no_caption_has_brings_its_whole_album_first(
    albums: Limn, words: str, album: str
) -> None:
    hits = found(albums, "--where", "width > 0", words)
    assert {name for name, _, _ in hits[: len(COLOURS)]} == {album}
    assert min(sure for _, _, sure in hits[: len(COLOURS)]) > 0.5


def test_within_an_album_looks_decide(albums: Limn) -> None:
    assert found(albums, "a red wall in mallorca")[0][:2] == ("Mallorca", "IMG_0.png")


def test_a_name_that_all_pictures_share_tells_none_apart(albums: Limn) -> None:
    assert {name for name, _, _ in found(albums, "red")[:3]} == set(ALBUMS)
    assert {name for name, _, _ in found(albums, "pictures of red")[:3]} == set(ALBUMS)
