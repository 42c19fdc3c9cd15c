"""Pictures and texts by which two forms of a pair are compared."""

import numpy as np

from search.encoders.preparation import Preparation
from search.records import Pixels

PROBE_TEXTS = (
    "a photo of a dog running on the beach, 2024",
    "Two PEOPLE don't sit; it's raining & cold!",
    "一只狗在沙滩上奔跑",
    "Ein Mädchen fährt Straßenbahn — naïve café",
    "собака на пляже 🐕🏖️",
    "犬が浜辺を走る كلب على الشاطئ",
    "red",
    "word " * 200,
)


def probes(preparation: Preparation) -> Pixels:
    """Return pictures to compare by: noise of seven grains, a flat one, and a slope."""
    draw = np.random.default_rng(0)
    height, width = preparation.height_px, preparation.width_px
    pictures = [np.full((height, width, 3), 90, np.uint8)]
    slope = np.linspace(0, 255, width).astype(np.uint8)
    pictures.append(np.broadcast_to(slope[None, :, None], (height, width, 3)))
    for grain in (1, 2, 4, 8, 16, 32, 64):
        cells = (-(-height // grain), -(-width // grain), 3)
        coarse = draw.integers(0, 256, cells, dtype=np.uint8)
        pictures.append(coarse.repeat(grain, 0).repeat(grain, 1)[:height, :width])
    return np.stack(pictures)
