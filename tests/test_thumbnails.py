"""Thumbnails: small, upright, never enlarged, cached in a folder that may be lost."""

import resource
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from search.errors import BadPicture
from search.pictures import content_hash
from search.pictures.thumbnails import Thumbnails, thumbnail
from search.records import Picture, PictureFacts
from tests.pictures_of_every_kind import cut_jpeg, jpeg, quadrants, shows_quadrants, turned_jpeg


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=["WEBP"])


def indexed(path: Path) -> Picture:
    data = path.read_bytes()
    return Picture(1, "demo", path, len(data), 0, content_hash(data).hex(), PictureFacts("", 1, 1))


def test_a_thumbnail_is_an_upright_webp_within_its_square(tmp_path: Path) -> None:
    quadrants(900, 600).save(tmp_path / "large.png")
    small = opened(thumbnail(tmp_path / "large.png", 120))
    assert small.size == (120, 80)
    assert shows_quadrants(small, 25)
    turned = opened(thumbnail(turned_jpeg(tmp_path / "turned.jpg", 8), 32))
    assert turned.size == (32, 24)
    assert shows_quadrants(turned, 40)


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    assert opened(thumbnail(jpeg(tmp_path / "small.jpg"), 500)).size == (64, 48)


def test_a_sliver_keeps_a_pixel_of_its_short_side() -> None:
    assert opened(thumbnail(Image.new("RGB", (3000, 2)), 100)).size == (100, 1)


def test_an_opened_picture_is_left_as_it_was() -> None:
    picture = quadrants(400, 300)
    assert opened(thumbnail(picture, 100)).size == (100, 75)
    assert picture.size == (400, 300)


def test_what_is_no_picture_has_no_thumbnail(tmp_path: Path) -> None:
    with pytest.raises(BadPicture):
        thumbnail(cut_jpeg(tmp_path / "cut.jpg"), 100)
    with pytest.raises(BadPicture):
        thumbnail(b"", 100)


def test_a_kept_thumbnail_is_served_when_its_picture_is_gone(tmp_path: Path) -> None:
    picture = indexed(jpeg(tmp_path / "photo.jpg"))
    made = Thumbnails(tmp_path / "kept").of(picture, 32)
    picture.path.unlink()
    assert Thumbnails(tmp_path / "kept").of(picture, 32) == made
    with pytest.raises(BadPicture, match="does not exist"):
        Thumbnails(tmp_path / "kept").of(picture, 33)


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_file_is_made_anew(damage: bytes | None, tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "kept")
    picture = indexed(jpeg(tmp_path / "photo.jpg"))
    made = thumbnails.of(picture, 32)
    (kept,) = (tmp_path / "kept").rglob("*-32.webp")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)
    assert thumbnails.of(picture, 32) == made
    assert kept.read_bytes() == whole


def test_a_kept_file_is_itself_a_picture(tmp_path: Path) -> None:
    Thumbnails(tmp_path / "kept").of(indexed(jpeg(tmp_path / "photo.jpg")), 32)
    (kept,) = (tmp_path / "kept").rglob("*-32.webp")
    with Image.open(kept) as picture:
        assert shows_quadrants(picture, 40)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file stands where the folder should be")
    assert (
        opened(Thumbnails(tmp_path / "kept").of(indexed(jpeg(tmp_path / "a.jpg")), 32)).width == 32
    )


def test_a_write_that_fails_halfway_costs_only_time_and_leaves_nothing(tmp_path: Path) -> None:
    picture = indexed(jpeg(tmp_path / "a.jpg"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))  # no file may grow past 20 bytes
    try:
        made = Thumbnails(tmp_path / "kept").of(picture, 32)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert opened(made).width == 32
    assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


def test_a_file_that_changed_since_is_shown_but_not_kept_as_what_it_was(tmp_path: Path) -> None:
    picture = indexed(jpeg(tmp_path / "photo.jpg"))
    Image.new("RGB", (64, 48)).save(picture.path)
    thumbnails = Thumbnails(tmp_path / "kept")
    assert not shows_quadrants(opened(thumbnails.of(picture, 32)), 40)
    jpeg(picture.path)
    assert shows_quadrants(opened(thumbnails.of(picture, 32)), 40)


def test_nothing_is_left_lying_about(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "kept")
    for side_px in (16, 32):
        thumbnails.of(indexed(jpeg(tmp_path / "photo.jpg")), side_px)
    assert len([path for path in (tmp_path / "kept").rglob("*") if path.is_file()]) == 2
