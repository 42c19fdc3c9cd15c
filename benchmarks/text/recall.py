"""How much of known text is read: python -m benchmarks.text.recall CAPTIONS... --out FOLDER.

Renders pictures, half of them spoiled, reads them, and prints the share of their words that was
read, by kind. A word counts where it stands somewhere in the text, as it is written but for case;
of Chinese, each character. FOLDER then has the pictures and `readings.json`, which
`benchmarks.text.answers` searches.
"""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import regex
from PIL import Image

from benchmarks.text.photographs import training_photographs
from benchmarks.text.renders import Fonts, Render, make
from indexer.text_reading.recogniser import Recogniser

HAN = regex.compile(r"\p{Han}")
WORD = regex.compile(r"[\p{Latin}\p{N}]+")


@click.command()
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--fonts", "font_folders", multiple=True, type=click.Path(path_type=Path))
@click.option("--count", default=500)
@click.option("--seed", default=7)
def main(
    tables: tuple[Path, ...], folder: Path, font_folders: tuple[Path, ...], count: int, seed: int
) -> None:
    """Render, read and measure; TABLES of captions name the photographs to draw on."""
    fonts = Fonts((Path("/usr/share/fonts"), *font_folders))
    photographs = random.Random(seed).sample(training_photographs(tables), 300)
    renders = make(folder, fonts, photographs, count, seed)
    recogniser, readings = Recogniser(), []
    counts: dict[str, list[float]] = defaultdict(lambda: [0.0] * 4)
    for render in renders:
        with Image.open(folder / render.name) as file:
            pixels = np.asarray(file.convert("RGB"))
        began_s = time.process_time()
        lines = recogniser.read(pixels)
        took_s = time.process_time() - began_s
        readings.append({**asdict(render), "read": [asdict(line) for line in lines]})
        wanted = tokens(render.lines)
        hits = sum((wanted & tokens(line.text for line in lines)).values())
        for group in _groups(render):
            for place, value in enumerate((hits, sum(wanted.values()), took_s, 1)):
                counts[group][place] += value
    (folder / "readings.json").write_text(json.dumps(readings, ensure_ascii=False), "utf-8")
    for group, (hits, wanted_count, took_s, pictures) in sorted(counts.items()):
        click.echo(
            f"{group:18} recall {hits / wanted_count:.3f}  {took_s / pictures:.2f} s of CPU  "
            f"{pictures:.0f} pictures"
        )


def tokens(lines: Iterable[str]) -> Counter[str]:
    """Return the words and Chinese characters of some lines, with their counts."""
    text = " ".join(lines)
    words = (word.casefold() for word in WORD.findall(HAN.sub(" ", text)))
    return Counter(HAN.findall(text)) + Counter(words)


def _groups(render: Render) -> tuple[str, ...]:
    hardness = "hard" if render.hardship else "clean"
    kinds = (render.kind, render.language, "all")
    return (*(f"{kind}, {hardness}" for kind in kinds), render.hardship or "clean")


if __name__ == "__main__":
    main()
