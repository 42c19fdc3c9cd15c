"""How much longer a question takes while a run indexes, as a ratio to the same question alone.

    python -m benchmarks.beside_indexing FOLDER [--collection NAME] [--rounds 3] [--questions 60]

It serves the catalog of LIMN_DATA_DIR by a `limn serve` of its own. Each round asks alone, then
while FOLDER is indexed; a ratio compares the two halves of one round, so a busy machine slows both.
"""

import http.client
import json
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote, urlsplit

import click

from benchmarks.crowd import INDEXED, Indexing, beside
from benchmarks.soak import serving

SUBJECTS = ("a dog", "two women", "a man on a bike", "snow", "red water", "children play", "狗")
PLACES = ("on the street", "at the sea", "in a park", "in the evening", "by a house", "")

# A person's pace: the run has the processor between two questions.
PAUSE_S = 0.2

# A run has begun when its first pictures are there: its encoder is open, its decoders are at work.
BEGINNING_S = 120.0

# The run's own collection is left out: its pictures would make the second half's work larger.
PATH = "/api/v1/search?k=50&collection={collection}&q={words}"


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--collection", default="", help="What is searched.  [default: first]")
@click.option("--rounds", default=3, show_default=True)
@click.option("--questions", default=60, show_default=True)
def main(folder: Path, collection: str, rounds: int, questions: int) -> None:
    """Compare questions alone with questions while FOLDER is indexed."""
    with serving("--root", str(folder)) as (url, _):
        name = collection or _json(url, "/api/v1/collections")["collections"][0]["name"]
        ask(url, name, questions, seed="warm")
        ratios = []
        for number in range(rounds):
            alone = ask(url, name, questions, seed=f"alone {number}")
            run = Indexing(url, str(folder))
            with beside(run):
                wait_for_pictures(url)
                meanwhile = ask(url, name, questions, seed=f"beside {number}")
            ratios.append(median(meanwhile) / median(alone))
            click.echo(
                f"round {number + 1}: {_told(alone)} alone, {_told(meanwhile)} while a run indexed "
                f"{run.added} pictures: {ratios[-1]:.2f} times"
            )
        click.echo(f"median of the ratios: {median(ratios):.2f}")


def ask(url: str, collection: str, questions: int, seed: str) -> list[float]:
    """Return the milliseconds of each question, none of which was asked before."""
    parts = urlsplit(url)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port)
    took_ms = []
    for number in range(questions):
        subject, place = SUBJECTS[number % len(SUBJECTS)], PLACES[number % len(PLACES)]
        words = quote(f"{subject} {place} {seed} {number}")
        began = perf_counter()
        client.request("GET", PATH.format(collection=quote(collection), words=words))
        answer = client.getresponse()
        body = answer.read()
        took_ms.append((perf_counter() - began) * 1000)
        if answer.status != 200:
            raise click.ClickException(body.decode())
        sleep(PAUSE_S)
    client.close()
    return took_ms


def wait_for_pictures(url: str) -> None:
    """Wait until the run has added pictures."""
    until_s = perf_counter() + BEGINNING_S
    while perf_counter() < until_s:
        collections = _json(url, "/api/v1/collections")["collections"]
        if any(each["name"] == INDEXED and each["pictures"] for each in collections):
            return
        sleep(0.5)
    raise click.ClickException(f"no picture was indexed in {BEGINNING_S:.0f} s")


def _told(took_ms: list[float]) -> str:
    return f"{median(took_ms):.0f} ms (95 of 100 within {quantiles(took_ms, n=20)[-1]:.0f})"


def _json(url: str, path: str) -> dict[str, Any]:
    parts = urlsplit(url)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port)
    client.request("GET", path)
    answer: dict[str, Any] = json.loads(client.getresponse().read())
    client.close()
    return answer


if __name__ == "__main__":
    main()
