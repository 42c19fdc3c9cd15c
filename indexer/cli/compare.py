"""`limn compare`: the answers and the recall of a collection's two encoder pairs."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from search.cli.options import settings_with, store_options
from search.cli.output import as_document
from search.cli.waiting import announce_wait
from search.engine import Engine
from search.errors import shell_word
from search.query.limits import SIGNAL_NAMES, SignalName
from search.records import Collection, Space
from search.text.printable import one_line, printable

if TYPE_CHECKING:
    from indexer.evaluation.compare import PairAnswers, PairComparison

QUESTIONS = 5

PICTURE_ALONE: tuple[SignalName, ...] = ("picture",)

STOCK_QUESTIONS = ("a person", "a building", "an animal", "plants", "food")

# Options of `limn upgrade` that fit the state of the second pair, and what they do.
NEXT = {
    "ready": (("--switch", "answer by the other pair"), ("--discard", "give it up")),
    "former": (("--back", "answer by the other pair again"), ("--finish", "free its room")),
}


@click.command()
@click.argument("name")
@click.argument("questions", nargs=-1, metavar="[QUESTION]...")
@click.option("-k", "k", default=5, show_default=True, help="How many pictures to show of each.")
@store_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def compare(
    name: str,
    questions: tuple[str, ...],
    k: int,
    store: str | None,
    memory: str | None,
    as_json: bool,
) -> None:
    """Ask both encoder pairs of collection NAME the same, and measure them by its captions.

    `limn upgrade` embeds a collection by a second pair. Each QUESTION is words in quotes. Without
    one, saved searches and marks become the questions, or else captions, folders and subjects of
    the collection, by which pictures alone are ranked. Pictures in both answers have an = sign.
    """
    from indexer.evaluation.compare import measure_both
    from search.bootstrap import open_engine
    from search.catalog.second_space_errors import answering_by_second

    with open_engine(settings_with(store, memory)) as engine:
        collection = engine.catalog.collections.one(name)
        answering_by_second(collection)  # before the encoders are opened
        with announce_wait("opening both encoders and their indexes"):
            pairs = _ask(engine, collection, questions, k)
        with announce_wait("comparing captions with pictures"):
            comparison = measure_both(engine, collection)
    if as_json:
        click.echo(as_document(_document(collection, pairs, comparison)))
    else:
        _print(collection, pairs, comparison)


def _ask(
    engine: Engine, collection: Collection, questions: Sequence[str], k: int
) -> "list[PairAnswers]":
    """Ask both pairs these questions, or those that people asked, or some from the collection.

    Captions that the last are made of would answer for themselves: pictures alone are ranked.
    """
    from indexer.demo.questions import questions as made_questions
    from indexer.evaluation.compare import ask_both
    from indexer.evaluation.questions import asked_questions

    texts = questions or asked_questions(engine.catalog, collection, QUESTIONS)
    by = SIGNAL_NAMES if texts else PICTURE_ALONE
    texts = texts or made_questions(engine, collection, QUESTIONS) or STOCK_QUESTIONS
    return [ask_both(engine, collection.name, text, k, by) for text in texts]


def _print(
    collection: Collection, pairs: "Sequence[PairAnswers]", comparison: "PairComparison | None"
) -> None:
    from indexer.evaluation.side_by_side import answer_lines, recall_lines

    width = min(100, max(30, shutil.get_terminal_size().columns))
    encoders = [one_line(printable(space.encoder)) for space in _spaces(collection)]
    click.echo(f"present  {encoders[0]}\nother    {encoders[1]}")
    for pair in pairs:
        click.echo()
        for line in answer_lines(pair, width):
            click.echo(line)
    click.echo()
    if comparison is None:
        click.echo("no caption names one picture of the collection: there is no recall to compare")
    else:
        for line in recall_lines(comparison, encoders, width):
            click.echo(line)
    click.echo()
    commands = _next(collection)
    room = max(len(command) for command, _ in commands)
    for command, effect in commands:
        click.echo(f"{command:{room}}  # {effect}")


def _document(
    collection: Collection, pairs: "Sequence[PairAnswers]", comparison: "PairComparison | None"
) -> dict[str, Any]:
    """Return the comparison as one JSON document."""
    from msgspec import to_builtins

    from search.documents.from_records import hit_document

    present, other = (asdict(space) for space in _spaces(collection))
    return {
        "collection": collection.name,
        "state": collection.second and collection.second.state,
        "present": present,
        "other": other,
        "questions": [
            {
                "question": printable(pair.question),
                "present": [to_builtins(hit_document(hit)) for hit in pair.present.hits],
                "other": [to_builtins(hit_document(hit)) for hit in pair.other.hits],
                "in_both": sorted(pair.shared_ids),
            }
            for pair in pairs
        ],
        "recall": None if comparison is None else asdict(comparison),
        "better": None if comparison is None else comparison.winner,
        "next": [command for command, _ in _next(collection)],
    }


def _spaces(collection: Collection) -> tuple[Space, Space]:
    return collection.space, collection.in_second_space().space


def _next(collection: Collection) -> list[tuple[str, str]]:
    """Return the commands that fit the state of the second pair, each with its effect."""
    state = collection.second.state if collection.second else ""
    name = shell_word(collection.name)
    return [(f"limn upgrade {name} {option}", effect) for option, effect in NEXT[state]]
