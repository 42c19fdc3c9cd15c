"""Whether text finds its picture and no other: python -m benchmarks.text.answers CAPTIONS --in DIR.

DIR is what `benchmarks.text.recall` wrote. Its pictures, with what was read in them, and
photographs that a table of captions names make one collection. A third of the pictures with text
get captions of other photographs as further lines, like pages of stories. Asked are phrases of the
pictures with text, of which the first hit must hold all words, and captions of the photographs,
which must bring no picture with text among ten that is not there without the signal. Each question
is asked once; what other weights of the signal would answer follows from the evidence.
"""

import csv
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np

from benchmarks.text.photographs import training_photographs
from benchmarks.text.phrases import phrase_of
from benchmarks.text.storing import Texts, store_texts
from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from search.bootstrap import open_engine
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.ranking.signals import SIGNALS
from search.ranking.signals import text as text_signal
from search.settings import Settings
from search.text.spelling import asked_words, written_words

NAME = "text"

STORY_LINES = 12


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--in", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--photographs", "count", default=500)
@click.option("--questions", default=50, help="Captions that are asked, of photographs alone.")
@click.option("--weight", "weights", multiple=True, type=float, help="Weights of relevance to try.")
@click.option("--exact", is_flag=True, help="Search what is written, not what was read.")
@click.option("--seed", default=3)
def main(
    table: Path,
    folder: Path,
    count: int,
    questions: int,
    weights: tuple[float, ...],
    exact: bool,
    seed: int,
) -> None:
    """Ask phrases of pictures with text, and captions of TABLE's photographs."""
    rng = random.Random(seed)
    renders = json.loads((folder / "readings.json").read_text("utf-8"))
    files = rng.sample(training_photographs([table]), count)
    captions = _captions(table)
    shown = {file.name for file in files}
    others = [text for name, texts in captions.items() if name not in shown for text in texts]
    stories = {
        each["name"]: rng.sample(others, STORY_LINES)
        for each in renders[::3]
        if each["kind"] != "sign"
    }
    written = {each["name"]: (*each["lines"], *stories.get(each["name"], ())) for each in renders}
    read = {
        each["name"]: (*(line["text"] for line in each["read"]), *stories.get(each["name"], ()))
        for each in renders
    }
    for each in renders:
        if exact:
            read[each["name"]] = written[each["name"]]
    phrases = [phrase for each in renders if (phrase := phrase_of(rng, each["lines"]))]
    plain = [rng.choice(captions[file.name]) for file in rng.sample(files, questions)]
    with _engine(folder, files) as engine:
        names = store_texts(engine, NAME, read)
        held = [_Answer(engine, names, phrase) for phrase in phrases]
        shown_answers = [_Answer(engine, names, text) for text in plain]
    for weight in (*weights, text_signal.WEIGHT["relevance"]):
        missed = [answer.question for answer in held if not _holds_all(answer, weight, written)]
        brought = [
            answer.question for answer in shown_answers if _intruders(answer, weight, written)
        ]
        click.echo(
            f"weight {weight:5.1f}: first for {1 - len(missed) / len(held):.3f} of {len(held)} "
            f"phrases; {len(brought)} of {len(plain)} captions bring pictures with text"
        )
    click.echo(f"not first: {missed[:12]}\nbrought by: {brought[:12]}", err=True)


class _Answer:
    """The candidates of a question, their log odds without the text signal, and its strengths."""

    def __init__(self, engine: Engine, names: Mapping[int, str], question: str) -> None:
        self.question = question
        query = Query((TextTerm(question),), (NAME,), k=50)
        ranking = engine.order(query).ranking
        if ranking is None:  # no word is known, and none was read
            self._names, self._odds = [], np.empty(0, np.float32)
            self._strengths = self._odds
            return
        self._names = [names[picture_id] for picture_id in ranking.ids.tolist()]
        evidence = ranking.evidence
        if evidence is None:  # no text answers: pictures alone are compared
            self._odds, self._strengths = ranking.scores, np.zeros_like(ranking.scores)
        else:
            place = [signal.name for signal in SIGNALS].index("text")
            self._strengths = evidence.signals[place].strength
            share = np.float32(text_signal.WEIGHT["relevance"])
            self._odds = evidence.log_odds - share * self._strengths

    def best(self, weight: float, count: int) -> list[str]:
        """Return the names of the best pictures, where the signal has this weight."""
        order = np.argsort(-(self._odds + weight * self._strengths), kind="stable")
        return [self._names[place] for place in order[:count]]


def _captions(table: Path) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = {}
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            captions.setdefault(row["image"], []).append(row["caption"])
    return captions


@contextmanager
def _engine(folder: Path, photographs: Sequence[Path]) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as data:
        pictures = Path(data) / "pictures"
        pictures.mkdir()
        for file in [*folder.glob("*.jpg"), *photographs]:
            shutil.copy(file, pictures / file.name)
        settings = Settings.from_environment({"LIMN_DATA_DIR": data, "LIMN_READ_TEXT": "off"})
        with open_engine(settings, begin=True) as engine:
            run(engine, settings, Request.of((str(pictures),), NAME), PlainProgress())
            yield engine


def _holds_all(answer: _Answer, weight: float, written: Texts) -> bool:
    """Return whether the first picture holds all words of the question."""
    first = "".join(answer.best(weight, 1))
    words = set(written_words(" \n ".join(written.get(first, ()))))
    return words.issuperset(asked_words(answer.question))


def _intruders(answer: _Answer, weight: float, written: Texts) -> set[str]:
    """Return the pictures with text among ten that are not there without the signal."""
    return (set(answer.best(weight, 10)) - set(answer.best(0.0, 10))) & written.keys()


if __name__ == "__main__":
    main()
