"""Sixty pictures that show nothing: logos, blank and printed scans, charts, codes and grounds."""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (320, 240)
INKS = ("navy", "crimson", "seagreen", "orange", "purple", "black", "teal", "gold", "grey", "brown")


def plain_graphics() -> Iterator[tuple[str, Image.Image]]:
    """Yield names and pictures, the same ones each time: ten of each kind."""
    kinds: dict[str, Callable[[int, np.random.Generator], Image.Image]] = {
        "logo": _logo,
        "blank": _blank,
        "page": _page,
        "chart": _chart,
        "code": _code,
        "ground": _ground,
    }
    for kind, draw in kinds.items():
        for number in range(10):
            yield f"{kind}-{number}.png", draw(number, np.random.default_rng(number))


def _logo(number: int, random: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    canvas, ink = ImageDraw.Draw(picture), INKS[number]
    box = (100, 40, 220, 160)
    (canvas.ellipse if number % 2 else canvas.rectangle)(box, ink)
    canvas.text((112, 175), "".join(random.choice(list("ACEMNORSTX"), 6)), ink, _font(36))
    return picture


def _blank(number: int, random: np.random.Generator) -> Image.Image:
    paper = 225 + 3 * number + random.normal(0, 1 + number / 3, (SIZE[1], SIZE[0], 1))
    return Image.fromarray(np.clip(np.repeat(paper, 3, 2), 0, 255).astype(np.uint8))


def _page(number: int, random: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, (255, 255, 250 - 2 * number))
    canvas = ImageDraw.Draw(picture)
    for line in range(4 + number):
        words = " ".join("".join(random.choice(list("aeionrst"), 5)) for _ in range(8))
        canvas.text((16, 12 + 16 * line), words, "black", _font(12))
    return picture


def _chart(number: int, random: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    canvas = ImageDraw.Draw(picture)
    for bar, height in enumerate(random.integers(20, 200, 8)):
        left = 20 + 36 * bar
        canvas.rectangle((left, 220 - int(height), left + 24, 220), INKS[(number + bar % 2) % 10])
    canvas.line((14, 10, 14, 222, 310, 222), "black", 2)
    return picture


def _code(number: int, random: np.random.Generator) -> Image.Image:
    cells = random.integers(0, 2, (15 + number, 15 + number)).astype(np.uint8) * 255
    return Image.fromarray(cells).convert("RGB").resize((240, 240), Image.Resampling.NEAREST)


def _ground(number: int, random: np.random.Generator) -> Image.Image:
    ends = random.integers(0, 256, (2, 3))
    steps = np.linspace(0, number % 2, SIZE[0])[None, :, None]
    rows = np.repeat(ends[0] * (1 - steps) + ends[1] * steps, SIZE[1], 0)
    return Image.fromarray(rows.astype(np.uint8))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
