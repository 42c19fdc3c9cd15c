"""Pictures made for measurements: JPEGs of every shape, each unlike the others, over ten years."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from search.encoders.tiny_words import COLOURS

EXIF_DATE = 36_867  # DateTimeOriginal, in the directory of EXIF
EXIF_DIRECTORY = 34_665

# Half of photographs are 3:2 or 4:3, most of the others the same upright; few are square or wide.
SHAPES = ((480, 320), (480, 360), (360, 480), (320, 480), (480, 320), (480, 360), (400, 400))
WIDE = (640, 270)
FIRST, YEARS = datetime(2014, 1, 1), 10

# Enough patches that no picture is a near-duplicate of another.
PATCHES = (6, 8)


def write_pictures(folder: Path, count: int) -> None:
    """Write so many JPEGs of patches in colours that the pair `tiny` knows, with their dates."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    palette = np.array([rgb for _, rgb in COLOURS], np.uint8)
    for number in range(count):
        shape = WIDE if number % 23 == 0 else SHAPES[number % len(SHAPES)]
        # Of few colours each, so that a colour's name finds some more than others.
        few = random.choice(len(palette), 3, replace=False)
        patches = palette[random.choice(few, PATCHES)]
        picture = Image.fromarray(patches).resize(shape, Image.Resampling.BICUBIC)
        taken_at = FIRST + timedelta(days=YEARS * 365.25 * random.random() ** 0.7)
        exif = Image.Exif()
        exif.get_ifd(EXIF_DIRECTORY)[EXIF_DATE] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
        picture.save(folder / f"{number:05}.jpg", quality=80, exif=exif)
