"""A decoded picture of any mode -> 8-bit sRGB: depth, transparency and colour profile resolved."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

BITS_PER_SAMPLE_TAG = 258
PHOTOMETRIC_TAG = 262
WHITE_IS_ZERO = 0


def to_srgb(image: Image.Image) -> Image.Image:
    """Bring a decoded picture to mode RGB, sRGB, over white where it is transparent.

    The result is new and has none of the picture's metadata, which speaks of how it was stored.
    """
    if image.mode.startswith("I") or image.mode == "F":
        image = _deep_grey(image)
    elif image.mode == "La":  # premultiplied: Pillow converts it to nothing else
        image = image.convert("LA")
    alpha = None
    if image.has_transparency_data:
        whole = image if image.mode == "LA" else image.convert("RGBA")
        alpha = whole.getchannel("A")
        colours = whole.convert(whole.mode[:-1])
        colours.info = image.info
        image = colours
    picture = _through_profile(image) or image.convert("RGB")
    picture.info = {}
    if alpha is None:
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=alpha)
    return white


def _deep_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit or float grey to 8 bits; Pillow's own conversion clips it."""
    tags = getattr(image, "tag_v2", {})
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        bits = tags.get(BITS_PER_SAMPLE_TAG, (16,))[0]
        steps = np.arange(65536, dtype=np.float32) * np.float32(255 / (2**bits - 1))
        grey = np.rint(np.minimum(steps, 255)).astype(np.uint8)[values]
    elif image.mode == "I" and image.format in ("PNG", "PPM"):
        grey = _scaled(values, 0.0, 65535.0)  # Pillow widens these from 16 bits
    else:
        grey = _scaled(values, *_scale(values))
    if tags.get(PHOTOMETRIC_TAG) == WHITE_IS_ZERO:
        grey = 255 - grey
    deep = Image.fromarray(grey)
    deep.info = image.info
    return deep


def _scale(values: NDArray[np.generic]) -> tuple[float, float]:
    """Guess which values are black and white, because these files do not say.

    A scale that the values use less than a sixty-fourth of is not theirs; then the darkest is
    black and the brightest white, as for measurements (depth, heat, height).
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    for white in (1.0, 255.0, 65535.0):
        if low >= 0 and white / 64 < high <= white:
            return 0.0, white
    return low, high


def _scaled(values: NDArray[np.generic], black: float, white: float) -> NDArray[np.uint8]:
    levels = np.nan_to_num(values.astype(np.float32), nan=black, posinf=white, neginf=black)
    levels = (levels - black) * (255 / max(white - black, 1e-12))
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def _through_profile(image: Image.Image) -> Image.Image | None:
    """The picture in sRGB by way of its embedded profile; None where that has none or is broken."""
    embedded = image.info.get("icc_profile")
    if not embedded:
        return None
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(embedded))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return None
        return ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
