"""A captioned set that small towers of random weights can learn: shapes in colours, as JPEGs."""

import itertools
import random
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = ("red", "green", "blue", "yellow", "black", "white")


def draw_shapes(folder: Path, pictures: int = 60) -> Path:
    """Draw circles and squares of one colour on another, two captions each; return the CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(0)
    rows = ["image,caption,language"]
    combinations = itertools.product(("circle", "square"), itertools.permutations(COLOURS, 2))
    for number, (shape, (colour, ground)) in enumerate(itertools.islice(combinations, pictures)):
        picture = Image.new("RGB", (64, 48), ground)
        canvas = ImageDraw.Draw(picture)
        x, y = draw.randint(4, 20), draw.randint(2, 10)
        figure = canvas.ellipse if shape == "circle" else canvas.rectangle
        figure((x, y, x + 34, y + 34), colour)
        picture.save(folder / f"{number}.jpg", quality=92)
        rows.append(f"{number}.jpg,a {colour} {shape} on {ground},en")
        rows.append(f"{number}.jpg,{ground} behind a {colour} {shape},en")
    (folder / "captions.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "captions.csv"
