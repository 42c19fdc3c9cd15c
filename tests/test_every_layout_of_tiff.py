"""TIFFs of every depth, order and packing: correct colours, or an error that names the kind."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search.errors import BadPicture
from search.pictures import read_picture
from tests.pictures_of_every_kind import corners, quadrants, shows_quadrants, stored_as
from tests.tiffs import DEFLATE, LZW, NONE, Samples, Way, tiff

RGB = np.asarray(quadrants(70, 50))
GREY = np.asarray(quadrants(70, 50).convert("L"))[..., None]
DEPTHS = ("u1", "u2", "u4", "i4", "f2", "f4", "f8")

ways = st.builds(
    Way,
    order=st.sampled_from("<>"),
    separate=st.booleans(),
    packing=st.sampled_from([NONE, LZW, DEFLATE]),
    segment=st.sampled_from([None, (16, 16), (48, 32), (80, 64)]),
    big=st.booleans(),
)


def deep(levels: Samples, depth: str) -> Samples:
    """Return levels from 0 to 255 as values of that depth, with the brightest white."""
    kind = np.dtype(depth)
    if kind.kind == "f":
        return (levels / 255).astype(kind)
    return (levels.astype(np.float64) / 255 * np.iinfo(kind).max).astype(kind)


def predicted(way: Way, depth: str, predictor: int) -> Way:
    """Return the same layout with a predictor, where packing and depth allow one."""
    allowed = (1,) if way.packing == NONE else (1, 3) if depth[0] == "f" else (1, 2)
    chosen = predictor if predictor in allowed else 1
    return Way(way.order, way.separate, way.packing, chosen, way.segment, way.big)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    depth=st.sampled_from(DEPTHS),
    kind=st.sampled_from(["rgb", "rgba", "premultiplied", "rgb and more", "cmyk"]),
    way=ways,
    predictor=st.sampled_from([1, 2, 3]),
)
def test_colours_come_out_right_however_they_are_stored(
    depth: str, kind: str, way: Way, predictor: int
) -> None:
    opaque = np.full_like(RGB[..., :1], 255)
    photometric = "rgb"
    extra: tuple[int, ...] = ()
    levels: Any = RGB
    if kind == "cmyk":
        photometric, levels = "cmyk", np.dstack([255 - RGB, opaque * 0])
    elif kind != "rgb":
        extra = {"rgba": (2,), "premultiplied": (1,), "rgb and more": (0,)}[kind]
        levels = np.dstack([RGB, opaque if kind != "rgb and more" else opaque // 3])
    samples = deep(levels, depth)
    if depth in ("u4", "i4"):  # counts, whose scale is guessed: from the least to the greatest
        samples[0, 0] = 0
        samples[0, 1] = np.iinfo(depth).max
    data = tiff(samples, photometric, predicted(way, depth, predictor), extra)
    picture, facts = read_picture(data)
    assert picture.size == (facts.width_px, facts.height_px) == (70, 50)
    assert facts.format == "TIFF"
    assert shows_quadrants(picture), corners(picture)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    depth=st.sampled_from(DEPTHS),
    kind=st.sampled_from(["minisblack", "miniswhite", "alpha", "more"]),
    way=ways,
    predictor=st.sampled_from([1, 2, 3]),
)
def test_greys_come_out_right_however_they_are_stored(
    depth: str, kind: str, way: Way, predictor: int
) -> None:
    levels: Any = 255 - GREY if kind == "miniswhite" else GREY
    levels = levels.copy()
    levels[0, :2, 0] = 0, 255
    extra: tuple[int, ...] = ()
    if kind in ("alpha", "more"):
        levels = np.dstack([levels, np.full_like(GREY, 255)])
        extra = (2,) if kind == "alpha" else (0,)
    photometric = "miniswhite" if kind == "miniswhite" else "minisblack"
    data = tiff(deep(levels, depth), photometric, predicted(way, depth, predictor), extra)
    picture = np.asarray(read_picture(data)[0]).astype(int)
    assert np.abs(picture[2:, 2:] - GREY[2:, 2:]).max() <= 2


@pytest.mark.parametrize("depth", ["u2", "f4"])
@pytest.mark.parametrize("premultiplied", [False, True])
def test_what_is_transparent_is_over_white(depth: str, premultiplied: bool) -> None:
    half = np.full((20, 20, 2), 0.5)
    half[..., 0] = 0.25 if premultiplied else 0.5
    levels = deep(half * 255, depth)
    data = tiff(levels, "minisblack", Way(), (1 if premultiplied else 2,))
    assert abs(corners(read_picture(data)[0])[0][0] - 191) <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_deep_tiff_is_turned_upright(orientation: int) -> None:
    stored = np.asarray(stored_as(orientation, quadrants()))
    data = tiff(deep(stored, "f4"), "rgb", Way(separate=True), _274=orientation)
    picture, facts = read_picture(data)
    assert picture.size == (facts.width_px, facts.height_px) == (64, 48)
    assert shows_quadrants(picture), corners(picture)


def test_lights_brighter_than_white_leave_the_rest_as_it_is() -> None:
    samples = deep(RGB, "f4")
    samples[:5, :5] = 40.0
    assert shows_quadrants(read_picture(tiff(samples, "rgb", Way()))[0])


def test_a_signed_grey_is_stretched() -> None:
    samples = np.array([[-1000, 0, 1000]] * 4, np.int16)[..., None]
    picture = np.asarray(read_picture(tiff(samples, "minisblack", Way(order=">")))[0])
    assert picture[0, :, 0].tolist() == [0, 128, 255]


def test_a_deep_tiff_says_what_it_shows() -> None:
    """Check texts and dates of deep TIFFs, including ones that Pillow can't open."""
    written = BytesIO()
    quadrants().save(written, "TIFF", tiffinfo={270: "four fields", 306: "2020:01:02 03:04:05"})
    plain = Image.open(BytesIO(written.getvalue()))
    assert plain.tag_v2[270] == "four fields"  # type: ignore[attr-defined]
    data = _with_texts(deep(RGB, "f4"))
    facts = read_picture(data)[1]
    assert [caption.text for caption in facts.captions] == ["four fields"]
    assert facts.taken_at == "2020-01-02T03:04:05"


def _with_texts(samples: Samples) -> bytes:
    import tifffile

    written = BytesIO()
    with tifffile.TiffWriter(written) as file:
        file.write(
            samples, photometric="rgb", description="four fields", datetime="2020:01:02 03:04:05"
        )
    return written.getvalue()


@pytest.mark.slow
@settings(deadline=None, derandomize=True)
@given(part=st.floats(0.02, 0.98), way=ways)
def test_a_tiff_whose_rows_are_not_all_there_is_truncated(part: float, way: Way) -> None:
    samples = deep(RGB, "u2")
    noise = np.random.default_rng(1).integers(0, 65536, samples.shape, dtype=np.uint16)
    data = bytearray(tiff(noise, "rgb", way))
    directory = data.index(b"\x01\x00" if way.order == "<" else b"\x00\x01", len(data) - 900)
    cut = max(20, int(directory * part))
    with pytest.raises(BadPicture) as caught:
        read_picture(bytes(data[:cut]))
    assert caught.value.reason == "truncated"


@pytest.mark.parametrize("packing", [6, 34712, 34887, 50002, 60000])
def test_a_whole_tiff_of_a_rare_packing_is_unsupported(packing: int) -> None:
    data = tiff(RGB, "rgb", Way(), _259=packing)
    with pytest.raises(BadPicture, match=f"compression {packing}") as caught:
        read_picture(data)
    assert caught.value.reason == "unsupported"


def test_channels_of_twelve_bits_are_named() -> None:
    data = tiff(deep(RGB, "u2"), "rgb", Way(), _258=12)
    with pytest.raises(BadPicture, match="12 bits") as caught:
        read_picture(data)
    assert caught.value.reason == "unsupported"
