"""How well the gate tells pictures with text: python -m benchmarks.text.gate CAPTIONS...

Fits the logistic regression of `indexer.text_reading.gate` on one half of the pictures, measures it
on the other, and prints the constants of a fit on all. Half of the photographs are enlarged as
those that text is drawn on, so that their size tells nothing.
"""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression

from benchmarks.text.photographs import training_photographs
from benchmarks.text.renders import PHOTOGRAPH_SIZE, Fonts, make
from indexer.text_reading.edges import FEATURES, edge_features
from search.encoders import Encoder, open_encoder

WRITING = (
    *("a page of text", "a document", "a sign with writing", "a screenshot of text", "a receipt"),
    *("a poster with words", "a label with letters", "a page of a book", "a newspaper", "a menu"),
    *("a table of numbers", "words written on a photograph"),
)
PLAIN = (
    *("a photograph", "a photo of people", "a photo of an animal", "a landscape", "food"),
    *("a building", "a dog", "a street"),
)

KEPT = 0.985

Rows = NDArray[np.float64]


@click.command()
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--fonts", "font_folders", multiple=True, type=click.Path(path_type=Path))
@click.option("--count", default=500, help="Pictures with text, and photographs.")
@click.option("--seed", default=7)
def main(tables: tuple[Path, ...], font_folders: tuple[Path, ...], count: int, seed: int) -> None:
    """Fit and measure the gate on the photographs that TABLES of captions name."""
    rng = random.Random(seed)
    files = training_photographs(tables)
    rng.shuffle(files)
    encoder = open_encoder("builtin", "cpu")
    texts = encoder.encode_texts([*WRITING, *PLAIN])
    with tempfile.TemporaryDirectory() as folder:
        fonts = Fonts((Path("/usr/share/fonts"), *font_folders))
        renders = make(Path(folder), fonts, files[count:], count, seed)
        pictures = [_read(Path(folder) / render.name) for render in renders]
        written = _features(pictures, encoder, texts)
    plain = _features([_photograph(path, rng) for path in files[:count]], encoder, texts)
    columns = {"edges": slice(1, None), "opinion": slice(0, 1), "both": slice(0, None)}
    for name, part in columns.items():
        kept_share, read_share = _halves(written[:, part], plain[:, part], rng)
        click.echo(f"{name:8} keeps {kept_share:.3f} of text, reads {read_share:.3f} of the rest")
    edges = columns["edges"]
    weights, constant, least = _fit(written[:, edges], plain[:, edges])
    for feature, weight in zip(FEATURES, weights, strict=True):
        click.echo(f"{weight:9.3f}  {feature}")
    click.echo(f"{constant:9.3f}  constant\n{least:9.3f}  least odds")


def _read(path: Path) -> Image.Image:
    with Image.open(path) as file:
        return file.convert("RGB")


def _photograph(path: Path, rng: random.Random) -> Image.Image:
    picture = _read(path)
    return (
        picture.resize(PHOTOGRAPH_SIZE, Image.Resampling.BICUBIC) if rng.random() < 0.5 else picture
    )


def _features(pictures: Sequence[Image.Image], encoder: Encoder, texts: Rows) -> Rows:
    """Return the pair's opinion and the features of edges (n, 1 + features)."""
    preparation, rows = encoder.preparation, []
    for picture in pictures:
        vector = encoder.encode_pixels(preparation.pixels(picture, exact=False)[None])
        cosines = (vector @ texts.T)[0]
        opinion = (cosines[: len(WRITING)].max() - cosines.mean()) / cosines.std()
        rows.append([opinion, *edge_features(picture)])
    return np.array(rows)


def _fit(written: Rows, plain: Rows) -> tuple[Rows, float, float]:
    """Return the weights, the constant, and the odds above which `KEPT` of text lies."""
    rows = np.concatenate([written, plain])
    is_text = np.arange(len(rows)) < len(written)
    scale = rows.std(axis=0)
    model = LogisticRegression(C=3.0, max_iter=2_000).fit(rows / scale, is_text)
    weights, constant = model.coef_[0] / scale, float(model.intercept_[0])
    return weights, constant, float(np.quantile(written @ weights + constant, 1 - KEPT))


def _halves(written: Rows, plain: Rows, rng: random.Random) -> tuple[float, float]:
    """Return the shares that pass, of pictures that the constants were not fitted on."""
    kept_shares, read_shares = [], []
    for _ in range(5):
        sides = [rng.sample(range(len(rows)), len(rows)) for rows in (written, plain)]
        for turn in (0, 1):
            fitted, tested = (
                [rows[side[start::2]] for rows, side in zip((written, plain), sides, strict=True)]
                for start in (turn, 1 - turn)
            )
            weights, constant, least = _fit(*fitted)
            kept_shares.append((tested[0] @ weights + constant >= least).mean())
            read_shares.append((tested[1] @ weights + constant >= least).mean())
    return float(np.mean(kept_shares)), float(np.mean(read_shares))


if __name__ == "__main__":
    main()
