"""Pictures with text that is known: pages, receipts, signs, screens, and text on photographs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.text.words import chinese_line, code, english_line

KINDS = ("page", "receipt", "sign", "screen", "photograph")
LANGUAGES = ("english", "chinese", "mixed")
HARD = ("turn 90", "turn 180", "turn 270", "blur", "jpeg 40")

# The size to which photographs are enlarged before text is drawn on them.
PHOTOGRAPH_SIZE = (800, 600)

LATIN_FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf")
CHINESE_FONTS = (
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Regular.ttc",
)


@dataclass(frozen=True, slots=True)
class Render:
    """A rendered picture: its text by lines, and how it was made; `hardship` is empty if clean."""

    name: str
    kind: str
    language: str
    hardship: str
    lines: tuple[str, ...]


class Fonts:
    """The fonts of some folders, by language and size."""

    def __init__(self, folders: Sequence[Path]) -> None:
        files = {path.name: path for folder in folders for path in folder.rglob("*.tt[cf]")}
        self._latin = [files[name] for name in LATIN_FONTS if name in files]
        self._chinese = [files[name] for name in CHINESE_FONTS if name in files]
        if not self._latin or not self._chinese:
            raise SystemExit("install the packages fonts-dejavu and fonts-wqy-zenhei")

    def draw(self, rng: random.Random, language: str, size_px: int) -> ImageFont.FreeTypeFont:
        """Return a font of a language by chance."""
        files = self._latin if language == "english" else self._chinese
        return ImageFont.truetype(str(rng.choice(files)), size_px)


def make(
    folder: Path, fonts: Fonts, photographs: Sequence[Path], count: int, seed: int
) -> list[Render]:
    """Render so many pictures into a folder, half of them clean; return what they hold."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    renders = []
    for number in range(count):
        kind, language = KINDS[number % len(KINDS)], LANGUAGES[number // len(KINDS) % 3]
        hardship = "" if number % 2 else HARD[number // 10 % len(HARD)]
        image, lines = _draw(rng, fonts, photographs, kind, language)
        name = f"{number:04d}.jpg"
        (folder / name).write_bytes(_spoil(image, hardship))
        renders.append(Render(name, kind, language, hardship, tuple(lines)))
    return renders


def _line(rng: random.Random, language: str, words: int) -> str:
    if language == "english":
        return english_line(rng, words)
    phrases = max(1, words // 3)
    return chinese_line(rng, phrases, codes=0.4 if language == "mixed" else 0.0)


def _draw(
    rng: random.Random, fonts: Fonts, photographs: Sequence[Path], kind: str, language: str
) -> tuple[Image.Image, list[str]]:
    match kind:
        case "page":
            return _page(rng, fonts, language)
        case "receipt":
            return _receipt(rng, fonts, language)
        case "sign":
            return _sign(rng, fonts, language)
        case "screen":
            return _screen(rng, fonts, language)
    return _on_photograph(rng, fonts, photographs, language)


def _page(rng: random.Random, fonts: Fonts, language: str) -> tuple[Image.Image, list[str]]:
    grey = rng.randrange(225, 256)
    image = Image.new("RGB", (900, 1200), (grey, grey, grey - rng.randrange(12)))
    draw = ImageDraw.Draw(image)
    lines = [_line(rng, language, 3)]
    draw.text((70, 60), lines[0], font=fonts.draw(rng, language, 40), fill="black")
    size_px = rng.choice((20, 22, 24))
    font, y = fonts.draw(rng, language, size_px), 150
    for _ in range(rng.randrange(8, 24)):
        text = _fit(_line(rng, language, 8), font, 760)
        draw.text((70, y), text, font=font, fill=(20, 20, 30))
        lines.append(text)
        y += size_px * 2
    return image, lines


def _receipt(rng: random.Random, fonts: Fonts, language: str) -> tuple[Image.Image, list[str]]:
    image = Image.new("RGB", (480, 800), "white")
    draw = ImageDraw.Draw(image)
    font, lines, y = fonts.draw(rng, language, 24), [], 40
    for _ in range(rng.randrange(6, 14)):
        text, price = (
            _fit(_line(rng, language, 2), font, 280),
            f"{rng.randrange(1, 900)}.{rng.randrange(100):02d}",
        )
        draw.text((30, y), text, font=font, fill="black")
        draw.text((360, y), price, font=font, fill="black")
        lines += [text, price]
        y += 46
    text = code(rng)
    draw.text((30, y + 10), text, font=font, fill="black")
    return image, [*lines, text]


def _sign(rng: random.Random, fonts: Fonts, language: str) -> tuple[Image.Image, list[str]]:
    ground = tuple(rng.randrange(0, 110) for _ in range(3))
    image = Image.new("RGB", (640, 480), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 620, 460), outline="white", width=6)
    lines, y = [], 90
    for _ in range(rng.randrange(1, 4)):
        font = fonts.draw(rng, language, rng.choice((48, 56, 64)))
        text = _fit(_line(rng, language, 3), font, 560)
        draw.text((40, y), text, font=font, fill="white")
        lines.append(text)
        y += 110
    return image, lines


def _screen(rng: random.Random, fonts: Fonts, language: str) -> tuple[Image.Image, list[str]]:
    image = Image.new("RGB", (1280, 720), (30, 32, 38))
    draw = ImageDraw.Draw(image)
    lines = []
    for column, width_px in ((20, 220), (280, 460), (780, 460)):
        draw.rectangle((column - 10, 10, column + width_px, 710), fill=(48, 50, 58))
        font, y = fonts.draw(rng, language, rng.choice((18, 20))), 30
        for _ in range(rng.randrange(3, 10)):
            text = _fit(_line(rng, language, 4), font, width_px - 20)
            draw.text((column, y), text, font=font, fill=(225, 225, 230))
            lines.append(text)
            y += 44
    return image, lines


def _on_photograph(
    rng: random.Random, fonts: Fonts, photographs: Sequence[Path], language: str
) -> tuple[Image.Image, list[str]]:
    with Image.open(rng.choice(photographs)) as file:
        image = file.convert("RGB").resize(PHOTOGRAPH_SIZE, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    lines, y = [], rng.choice((30, 380))
    for _ in range(rng.randrange(1, 3)):
        font = fonts.draw(rng, language, rng.choice((36, 44, 52)))
        text = _fit(_line(rng, language, 3), font, 720)
        draw.text((40, y), text, font=font, fill="white", stroke_width=3, stroke_fill="black")
        lines.append(text)
        y += 80
    return image, lines


def _fit(text: str, font: ImageFont.FreeTypeFont, width_px: int) -> str:
    """Return as much of a line's beginning, by whole words, as fits into a width."""
    while font.getlength(text) > width_px:
        text = text.rpartition(" ")[0] if " " in text else text[:-1]
    return text


def _spoil(image: Image.Image, hardship: str) -> bytes:
    quality = 92
    match hardship.split():
        case ["turn", degrees]:
            image = image.rotate(int(degrees), expand=True)
        case ["blur"]:
            image = image.filter(ImageFilter.GaussianBlur(1.2))
        case ["jpeg", text]:
            quality = int(text)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
