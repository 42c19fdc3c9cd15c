"""The speed of a pair: a class by the work a picture takes, or a short measurement."""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from search.encoders import Encoder

CLASSES = (("fast", 1.0), ("medium", 8.0), ("slow", 30.0))
"""By thousand million multiply-adds a picture, below which a class ends; beyond stands "GPU".
A core of docs/notes/performance.md does about 100 thousand million a second in float32."""

BUILTIN_GMACS = 0.75
"""EfficientNet-Lite2 at 256 pixels, counted over its layers; the pooling adds little."""

INT8_GAIN = 2.0
"""The speed of an int8 export against float32, rounded down: 2.3 with VNNI (measured)."""

PICTURES, TEXTS, REPEATS = 8, 10, 3


def speed_class(gmacs: float | None) -> str | None:
    """Return the class of a pair whose picture takes `gmacs`; None for an unknown number."""
    if gmacs is None:
        return None
    return next((name for name, end in CLASSES if gmacs < end), "GPU")


def measure(encoder: Encoder) -> tuple[float, float]:
    """Return pictures a second in batches of 8, and ms for one text; medians of a few runs."""
    preparation = encoder.preparation
    shape = (PICTURES, preparation.height_px, preparation.width_px, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    texts = [f"a photo of {number} dogs on the beach" for number in range(TEXTS)]
    encoder.encode_pixels(pixels)
    encoder.encode_texts(texts[:1])
    pictures_s = [_took_s(partial(encoder.encode_pixels, pixels)) for _ in range(REPEATS)]
    texts_s = [_took_s(partial(encoder.encode_texts, [text])) for text in texts]
    return PICTURES / statistics.median(pictures_s), 1000 * statistics.median(texts_s)


def _took_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
