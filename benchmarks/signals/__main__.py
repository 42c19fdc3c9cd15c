"""What each signal adds to the others: python -m benchmarks.signals CAPTIONS --in FOLDER.

CAPTIONS is the table of a training split, of which the photographs are used that training holds
out. FOLDER is what `benchmarks.text.recall` wrote: pictures with text, and what was read in them.
Half of the photographs have captions, and all lie in albums, some of them of things that not all of
their pictures show.

Asked are captions that are not indexed, albums, things in an album, things alone, and phrases of
the text. Each is answered with all signals and without each. Then weights are fitted: the signals
given by `--fit` are scaled, so that right pictures are the likeliest by a softmax over the
candidates. Two halves of the questions are fitted in turn, each measured with the other's scales.
"""

import csv
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.signals.fitting import MEASURED, Rows, candidates_of, fit, loss
from benchmarks.signals.questions import (
    ASKING,
    LANGUAGES,
    Photograph,
    Question,
    in_albums,
    questions_of,
)
from benchmarks.text.storing import store_texts
from indexer.captioned_pictures import read_pairs, split
from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from search.bootstrap import open_engine
from search.engine import Engine
from search.query.limits import SIGNAL_NAMES
from search.query.records import Query, TextTerm
from search.ranking.signals import SIGNALS
from search.settings import Settings

NAME = "signals"

Found = tuple[float, float]
"""Whether the first hit is right, and the share of right ones among the first ten."""


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--in", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--held-out", default=250, help="Photographs, drawn as training does.")
@click.option("--texts", "text_count", default=250, help="Pictures with text.")
@click.option("--fit", "fitted", multiple=True, default=("name", "text"), help="Signals.")
@click.option("--seed", default=5)
def main(
    table: Path, folder: Path, held_out: int, text_count: int, fitted: tuple[str, ...], seed: int
) -> None:
    """Measure each signal on the photographs of TABLE and the pictures with text of a folder."""
    rng = random.Random(seed)
    photographs = in_albums(split(read_pairs(table), held_out)[1], rng)
    renders = rng.sample(json.loads((folder / "readings.json").read_text("utf-8")), text_count)
    questions = questions_of(photographs, renders, rng)
    with _engine(photographs, folder, renders) as engine:
        for left_out in (None, *SIGNAL_NAMES):
            by = tuple(name for name in SIGNAL_NAMES if name != left_out)
            query = Query((), (NAME,), k=MEASURED, by=by)
            found = [_answer(engine, query, question) for question in questions]
            _print(f"without {left_out}" if left_out else "all signals", questions, found)
        asked = [candidates_of(engine, NAME, question) for question in questions]
    are_free = np.array([signal.name in fitted for signal in SIGNALS])
    ones, halves = np.ones(len(SIGNALS)), (asked[::2], asked[1::2])
    scales = [fit(half, are_free) for half in halves]
    for title, tried in (("weights as they ship", (ones, ones)), ("fitted", scales[::-1])):
        losses = [loss(scale, half) for scale, half in zip(tried, halves, strict=True)]
        found = [
            each.found(scale) for scale, half in zip(tried, halves, strict=True) for each in half
        ]
        _print(title, [each.question for half in halves for each in half], found)
        click.echo(f"loss {np.mean(losses):.4f}")
    for title, scale in (("half", scales[0]), ("other", scales[1]), ("all", fit(asked, are_free))):
        click.echo(f"scales, {title}: {_in_words(scale)}")


@contextmanager
def _engine(
    photographs: Sequence[Photograph], folder: Path, renders: Sequence[Mapping[str, Any]]
) -> Iterator[Engine]:
    """Open an engine over the photographs in their albums and the pictures with text."""
    with tempfile.TemporaryDirectory(prefix="limn-signals-") as data:
        pictures = Path(data) / "pictures"
        rows = [("image", "caption", "language")]
        for each in photographs:
            (pictures / each.album).mkdir(parents=True, exist_ok=True)
            shutil.copy(each.pair.path, pictures / each.path)
            if each.has_captions:
                rows += [
                    (each.path, text, language)
                    for language in LANGUAGES
                    for text in each.pair.captions[language][ASKING:]
                ]
        (pictures / "text").mkdir()
        for render in renders:
            shutil.copy(folder / render["name"], pictures / "text")
        with (pictures / "captions.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        settings = Settings.from_environment({"LIMN_DATA_DIR": data, "LIMN_READ_TEXT": "off"})
        with open_engine(settings, begin=True) as engine:
            run(engine, settings, Request.of((str(pictures),), NAME), PlainProgress())
            read = {each["name"]: [line["text"] for line in each["read"]] for each in renders}
            store_texts(engine, NAME, read)
            yield engine


def _answer(engine: Engine, query: Query, question: Question) -> Found:
    hits = engine.search(replace(query, terms=(TextTerm(question.text),)))
    right = ["/".join(hit.picture.path.parts[-2:]) in question.right for hit in hits]
    return float(any(right[:1])), sum(right) / min(MEASURED, len(question.right))


def _print(title: str, questions: Sequence[Question], found: Sequence[Found]) -> None:
    by_kind: dict[str, list[Found]] = {}
    for question, each in zip(questions, found, strict=True):
        by_kind.setdefault(question.kind, []).append(each)
    click.echo(
        f"{title:22}"
        + "".join(
            f"  {kind} ({len(rows)}) {np.mean([row[0] for row in rows]):.3f} "
            f"{np.mean([row[1] for row in rows]):.3f}"
            for kind, rows in by_kind.items()
        )
    )


def _in_words(scales: Rows) -> str:
    return ", ".join(
        f"{signal.name} {scale:.2f}" for signal, scale in zip(SIGNALS, scales, strict=True)
    )


if __name__ == "__main__":
    main()
