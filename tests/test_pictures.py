"""Decoding of pictures: upright, in 8-bit sRGB, or refused with a reason."""

import os
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.errors import BadPicture
from search.pictures import PICTURE_SUFFIXES, Limits, content_hash, load_file, read_picture
from tests.pictures_of_every_kind import (
    BAD,
    GOOD,
    ODD_NAMES,
    bomb_png,
    corners,
    cut,
    grey,
    jpeg,
    open_socket,
    png,
    quadrants,
    shows_quadrants,
    swapped_profile,
    turned_jpeg,
    write_odd_names,
)

SINGLE = ("jpg", "png", "gif", "webp", "avif", "tiff", "bmp", "jp2", "ppm")


def refusal(source: Path | bytes, limits: Limits | None = None) -> BadPicture:
    with pytest.raises(BadPicture) as caught:
        read_picture(source, limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize("name", GOOD)
def test_a_good_picture_comes_out_upright_in_rgb_over_white(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    GOOD[name](path)
    picture, facts = read_picture(path)
    assert picture.mode == "RGB"
    assert picture.size == (facts.width_px, facts.height_px) == (64, 48)
    assert shows_quadrants(picture), corners(picture)
    assert path.suffix in PICTURE_SUFFIXES


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_reason_and_its_name(name: str, tmp_path: Path) -> None:
    reason, write = BAD[name]
    write(tmp_path / name)
    error = refusal(tmp_path / name)
    assert error.reason == reason
    assert name in str(error)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(orientation: int, suffix: str, tmp_path: Path) -> None:
    path = turned_jpeg(tmp_path / f"turned.{suffix}", orientation)
    picture, facts = read_picture(path)
    assert shows_quadrants(picture, 25), corners(picture)
    assert (facts.width_px, facts.height_px) == picture.size == (64, 48)
    assert picture.getexif().get(0x0112) is None  # nobody may turn it again


def test_the_facts_give_the_whole_size_of_a_jpeg_that_is_decoded_smaller(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    quadrants(1600, 1200).rotate(90, expand=True).save(tmp_path / "large.jpg", exif=exif)
    picture, facts = read_picture(tmp_path / "large.jpg", target_px=100)
    assert (facts.width_px, facts.height_px) == (1600, 1200)
    assert picture.size == (200, 150)
    assert shows_quadrants(picture)
    assert read_picture(tmp_path / "large.jpg")[0].size == (1600, 1200)


@pytest.mark.parametrize(
    ("white", "middle", "kind"),
    [
        (65535, 32768, np.uint16),
        (65535, 32768, np.int32),
        (1.0, 0.5, np.float32),
        (250.0, 127.5, np.float32),
    ],
)
def test_deep_mid_grey_is_mid_grey(
    white: float, middle: float, kind: type[np.generic], tmp_path: Path
) -> None:
    values = np.array([[white, middle, 0]]).astype(kind)
    picture, _ = read_picture(grey(tmp_path / "grey.tiff", values))
    bright, mid, dark = np.asarray(picture)[0, :, 0].tolist()
    assert bright >= 250
    assert abs(mid - 128) <= 2
    assert dark == 0


def test_a_deep_grey_png_is_scaled_and_not_clipped(tmp_path: Path) -> None:
    steps = np.array([[0, 16384, 32768, 49152, 65535]], np.uint16)
    picture, _ = read_picture(grey(tmp_path / "steps.png", steps))
    assert np.asarray(picture)[0, :, 0].tolist() == [0, 64, 128, 191, 255]


def test_measurements_are_stretched_and_what_is_no_number_is_black(tmp_path: Path) -> None:
    values = np.array([[-3000, 0, 3000, np.nan, np.inf]], np.float32)
    picture, _ = read_picture(grey(tmp_path / "depth.tiff", values))
    assert np.asarray(picture)[0, :, 1].tolist() == [0, 128, 255, 0, 255]


def test_pure_cmyk_red_is_red(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "red.jpg", quality=95)
    red, green, blue = corners(read_picture(tmp_path / "red.jpg")[0])[0]
    assert red > 245
    assert max(green, blue) < 10


def test_half_transparent_black_over_white_is_grey(tmp_path: Path) -> None:
    Image.new("LA", (8, 8), (0, 128)).save(tmp_path / "veil.png")
    assert corners(read_picture(tmp_path / "veil.png")[0])[0] == (127, 127, 127)


def test_a_colour_profile_is_obeyed_and_a_broken_one_ignored(tmp_path: Path) -> None:
    obeyed = jpeg(tmp_path / "swapped.jpg", icc_profile=swapped_profile())
    red, green, blue = corners(read_picture(obeyed)[0])[0]
    assert blue > 200
    assert max(red, green) < 80
    broken = jpeg(tmp_path / "broken.jpg", icc_profile=swapped_profile()[:200])
    assert shows_quadrants(read_picture(broken)[0])


@pytest.mark.parametrize("suffix", SINGLE)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.98])
def test_a_file_cut_anywhere_is_refused(suffix: str, part: float, tmp_path: Path) -> None:
    whole = tmp_path / f"whole.{suffix}"
    Image.effect_noise((200, 150), 60).save(whole)
    error = refusal(cut(tmp_path / f"cut.{suffix}", whole, part))
    assert error.reason == "truncated"
    assert error.__cause__ is not None or "cut short" in str(error)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "gif"])
def test_zeros_that_an_interrupted_copy_left_are_refused(suffix: str, tmp_path: Path) -> None:
    Image.effect_noise((300, 300), 90).save(tmp_path / f"whole.{suffix}")
    data = (tmp_path / f"whole.{suffix}").read_bytes()
    kept = max(len(data) - 20_000, len(data) // 3)
    assert refusal(data[:kept] + bytes(len(data) - kept)).reason == "truncated"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_read_and_can_be_printed_when_refused(name: bytes, tmp_path: Path) -> None:
    write_odd_names(tmp_path)
    path = tmp_path / os.fsdecode(name)
    assert shows_quadrants(read_picture(path)[0])
    path.write_bytes(b"no longer a picture")
    assert str(refusal(path)).encode("utf-8").count(b"\n") == 0


def test_damaged_files_are_refused_or_read_but_raise_nothing_else(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    for name, write in GOOD.items():
        write(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        for _ in range(20):
            damaged = bytearray(whole)
            for place in random.integers(0, min(len(whole), 400), 4):
                damaged[place] = random.integers(0, 256)
            try:
                picture, _ = read_picture(bytes(damaged), limits=Limits(max_pixels=1_000_000))
            except BadPicture as error:
                assert error.reason in BadPicture.REASONS[3:7]  # a header may now name a rare kind
            else:
                assert picture.mode == "RGB"


def test_limits_are_obeyed_to_the_pixel_and_to_the_byte(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "plain.jpg")
    size_bytes = path.stat().st_size
    read_picture(path, limits=Limits(max_pixels=64 * 48, max_file_bytes=size_bytes))
    assert refusal(path, Limits(max_pixels=64 * 48 - 1)).reason == "too large"
    assert refusal(path, Limits(max_file_bytes=size_bytes - 1)).reason == "too large"
    assert refusal(path.read_bytes(), Limits(max_file_bytes=size_bytes - 1)).reason == "too large"


def test_a_large_picture_within_the_limit_is_read_without_a_warning(tmp_path: Path) -> None:
    # Pillow alone warns from 89 megapixels on, and refuses from 179.
    Image.new("L", (15_000, 12_500)).save(tmp_path / "map.jpg")
    _, facts = read_picture(tmp_path / "map.jpg", target_px=100)
    assert facts.width_px * facts.height_px == 187_500_000


def test_a_bomb_is_refused_from_bytes_too(tmp_path: Path) -> None:
    error = refusal(bomb_png(tmp_path / "bomb.png").read_bytes())
    assert error.reason == "too large"
    assert "60,000 by 60,000" in str(error)


def test_a_picture_without_pixels_is_refused(tmp_path: Path) -> None:
    path = png(tmp_path / "flat.png", 0, 5, np.zeros((1, 1), np.uint8), 8, 2)
    assert refusal(path).reason in ("not an image", "truncated")


def test_devices_sockets_and_impossible_paths_are_refused_unopened(tmp_path: Path) -> None:
    assert refusal(Path("/dev/zero")).reason == "not an image"
    with open_socket(tmp_path / "socket.jpg"):
        assert refusal(tmp_path / "socket.jpg").reason == "not an image"
    assert refusal(Path("nul\0byte.jpg")).reason == "missing"
    assert refusal(jpeg(tmp_path / "plain.jpg") / "below.jpg").reason == "missing"


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "private.jpg")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root ignores permissions
        os.seteuid(65534)
    try:
        error = refusal(path)
    finally:
        os.seteuid(user)
    assert error.reason == "unreadable"
    assert "permission" in str(error).lower()


def test_a_hash_tells_content_from_content_and_not_name_from_name(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "one.jpg")
    data = load_file(path)
    assert content_hash(path) == content_hash(data) == content_hash(jpeg(tmp_path / "two.jpg"))
    assert len(content_hash(data)) == 32
    assert content_hash(data + b"\0") != content_hash(data)
    with pytest.raises(BadPicture, match="does not exist"):
        content_hash(tmp_path / "three.jpg")


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in GOOD]
    for path in paths:
        GOOD[path.name](path)
    right: list[bool] = []

    def read_all() -> None:
        right.extend(shows_quadrants(read_picture(path)[0]) for path in paths)

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 4 * len(paths)
    assert all(right)


def test_the_second_eye_of_a_stereo_picture_may_be_missing(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mpo"
    GOOD["both-eyes.mpo"](whole)
    end_of_first = whole.read_bytes().index(b"\xff\xd9") + 2
    picture, _ = read_picture(whole.read_bytes()[: end_of_first + 40])
    assert shows_quadrants(picture)


def test_an_upload_is_read_from_bytes_alone() -> None:
    stream = BytesIO()
    quadrants().save(stream, "PNG")
    assert shows_quadrants(read_picture(stream.getvalue())[0])
    assert refusal(b"").reason == "empty file"
    assert refusal(b"<svg></svg>").reason == "not an image"
    assert refusal(b"<html></html>").reason == "not an image"


def test_a_file_that_grows_while_it_is_read_is_never_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "growing.bmp"
    path.write_bytes(bytes(20_000_000))  # reading takes long enough for many writes
    ended = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not ended.is_set():
                file.write(b"more")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(BadPicture, match="a program still writes it") as caught:
            for _ in range(100):  # the writer may get no core during a whole reading
                load_file(path)
    finally:
        ended.set()
        writer.join()
    assert caught.value.reason == "unreadable"  # the next run tries again
    assert len(load_file(path)) == path.stat().st_size
