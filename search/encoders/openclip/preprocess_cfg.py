"""open_clip's preprocessing configurations, without open_clip."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.encoders.preparation import Preparation, Resize


def preparation_of(cfg: Mapping[str, Any]) -> Preparation:
    """Translate open_clip's preprocessing configuration, as its `image_transform` reads it."""
    size: int | Sequence[int] = cfg["size"]
    resize: Resize = cfg["resize_mode"] or "shortest"
    height_px, width_px = (size, size) if isinstance(size, int) else (size[0], size[-1])
    # open_clip passes no interpolation on for an oblong "shortest", and reads "random" as bicubic.
    has_effect = resize != "shortest" or height_px == width_px
    bilinear = has_effect and cfg["interpolation"] == "bilinear"
    return Preparation(
        height_px=int(height_px),
        width_px=int(width_px),
        resize=resize,
        interpolation="bilinear" if bilinear else "bicubic",
        mean=channels(cfg["mean"]),
        std=channels(cfg["std"]),
        fill=int(cfg["fill_color"]),
    )


def channels(value: float | Sequence[float]) -> tuple[float, float, float]:
    """Return a number for each of red, green and blue."""
    red, green, blue = value if isinstance(value, Sequence) else (value,) * 3
    return float(red), float(green), float(blue)
