"""Conversion of decoded pictures of any mode to 8-bit sRGB: depth, transparency, profile."""

from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

BITS_PER_SAMPLE_TAG = 258
PHOTOMETRIC_TAG = 262
WHITE_IS_ZERO = 0

# Larger pictures are converted some rows at a time, because each step copies its input.
BAND_PX = 4 << 20

Step = Callable[[Image.Image], Image.Image]


def to_srgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Convert a decoded picture to mode RGB, sRGB, over white where it is transparent.

    The sides are divided by `factor`, rounded up. The result is new and has none of the picture's
    metadata, which describes the stored form.
    """
    width_px, height_px = image.size
    shallow = _shallow(image)
    profile = _profile(image)
    if factor == 1 and width_px * height_px <= BAND_PX:
        return _over_white(shallow(image), profile)
    picture = Image.new("RGB", (-(-width_px // factor), -(-height_px // factor)))
    for top, band in bands(image, factor):
        part = _over_white(shallow(band), profile)
        picture.paste(part.reduce(factor) if factor > 1 else part, (0, top // factor))
    return picture


def bands(image: Image.Image, multiple: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Yield the picture in parts of its full width, their rows a multiple of that number."""
    width_px, height_px = image.size
    rows = max(1, BAND_PX // (width_px * multiple)) * multiple
    for top in range(0, height_px, rows):
        yield top, image.crop((0, top, width_px, min(top + rows, height_px)))


def _over_white(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    if image.mode == "La":  # premultiplied: Pillow converts it to nothing else
        image = image.convert("LA")
    alpha = None
    if image.has_transparency_data:
        whole = image if image.mode == "LA" else image.convert("RGBA")
        alpha = whole.getchannel("A")
        image = whole.convert(whole.mode[:-1])
    picture = _through(image, profile) or image.convert("RGB")
    picture.info = {}
    if alpha is None:
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=alpha)
    return white


def _shallow(image: Image.Image) -> Step:
    """Return the scale of 16-bit, 32-bit or float grey to 8 bits; Pillow's conversion clips it."""
    if not image.mode.startswith("I") and image.mode != "F":
        return lambda band: band
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        bits = tags.get(BITS_PER_SAMPLE_TAG, (16,))[0]
        steps = np.arange(65536, dtype=np.float32) * np.float32(255 / (2**bits - 1))
        table = np.rint(np.minimum(steps, 255)).astype(np.uint8)
        levels: Callable[[NDArray[np.generic]], NDArray[np.uint8]] = table.__getitem__
    else:
        if image.mode == "I" and image.format in ("PNG", "PPM"):
            black, white = 0.0, 65535.0  # Pillow widens these from 16 bits
        else:
            black, white = scale(*_ends(image))

        def levels(values: NDArray[np.generic]) -> NDArray[np.uint8]:
            return to_levels(values, black, white)

    is_inverted = tags.get(PHOTOMETRIC_TAG) == WHITE_IS_ZERO

    def shallow(band: Image.Image) -> Image.Image:
        grey = levels(np.asarray(band))
        result = Image.fromarray(255 - grey if is_inverted else grey)
        result.info = band.info
        return result

    return shallow


def _ends(image: Image.Image) -> tuple[float, float]:
    """Return the least and the largest value that is a number."""
    low, high = np.inf, -np.inf
    for _, band in bands(image):
        values = np.asarray(band)
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def scale(low: float, high: float) -> tuple[float, float]:
    """Guess the values of black and white, which these files do not give.

    If the values use less than a sixty-fourth of a scale, it is not theirs; then the darkest is
    black and the brightest white, as for measurements (depth, heat, height).
    """
    for white in (1.0, 255.0, 65535.0):
        if low >= 0 and white / 64 < high <= white:
            return 0.0, white
    return low, high


def to_levels(values: NDArray[np.generic], black: float, white: float) -> NDArray[np.uint8]:
    """Scale values to 0 to 255; NaN is black, infinity white."""
    with np.errstate(over="ignore"):  # 64-bit values beyond these are infinite
        levels = values.astype(np.float32)
    if not np.isfinite(levels).all():
        levels = np.nan_to_num(levels, nan=black, posinf=white, neginf=black)
    levels = (levels - np.float32(black)) * np.float32(255 / max(white - black, 1e-12))
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """Return the embedded profile; None without one, for a broken one, and for sRGB."""
    data = image.info.get("icc_profile")
    if not data:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        return None if "sRGB" in ImageCms.getProfileDescription(profile) else profile
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _through(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image | None:
    """Return the picture in sRGB through its profile; None without a profile that fits."""
    if profile is None:
        return None
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    try:
        return ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
