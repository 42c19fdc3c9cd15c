"""Killing the indexer at any moment: the next run goes on, repeats nothing and loses nothing."""

import contextlib
import os
import random
import signal
import subprocess
import time
from dataclasses import astuple
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.kills import COLLECTION, answers, contents, index_with_kills
from indexer.decoding import Decoders, Work
from indexer.plan import make_plan
from indexer.sources import Item, Scan
from search.encoders.preparation import Preparation
from search.encoders.tiny import TinyEncoder
from search.pictures import Limits
from search.records import Failure, KnownFile, Pixels
from tests.commands import limn_command
from tests.conftest import Limn

PICTURES = 300
EACH = 3
KILLS = 10


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Three hundred different JPEGs with three captions each."""
    folder = tmp_path / "many"
    folder.mkdir()
    chance = random.Random(7)
    rows = ["image,caption"]
    for n in range(PICTURES):
        small = Image.frombytes("RGB", (4, 4), chance.randbytes(48))
        small.resize((256, 256)).save(folder / f"{n}.jpg")
        rows += [f"{n}.jpg,caption {k} of {n}" for k in range(EACH)]
    (folder / "captions.csv").write_text("\n".join(rows))
    return folder


def test_ten_kills_lose_nothing_and_repeat_nothing(
    limn: Limn, limn_environment: dict[str, str], many: Path, tmp_path: Path
) -> None:
    index_with_kills(many, limn_environment, KILLS, random.Random(11))
    again = limn("index", many, "--collection", COLLECTION).stdout
    assert f"0 added, 0 changed, {PICTURES} unchanged" in again
    calm = {**limn_environment, "LIMN_DATA_DIR": str(tmp_path / "calm")}
    limn("index", many, "--collection", COLLECTION, **calm)
    found = contents(tmp_path / "data")
    assert len(found) == PICTURES
    for n in range(PICTURES):
        captions = found[os.fsencode(many / f"{n}.jpg")].captions
        assert [text for text, _ in captions] == [f"caption {k} of {n}" for k in range(EACH)]
    assert found == contents(tmp_path / "calm")
    query = "red on the left"
    assert answers(query, limn_environment) == answers(query, calm)


def test_no_worker_outlives_a_killed_indexer(limn_environment: dict[str, str], many: Path) -> None:
    process = subprocess.Popen(
        limn_command(["index", many, "-c", "many", "--workers", "2"]),
        env=limn_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.kill()
        # Workers hold the pipe's other end: it ends when the last of them has.
        began = time.monotonic()
        assert process.stdout is not None
        process.stdout.read()
        assert time.monotonic() - began < 30


class LethalPreparation(Preparation):
    """Ends its process at a black picture, as a decoder with a memory fault would."""

    def pixels(self, picture: Image.Image) -> Pixels:
        if picture.getpixel((0, 0)) == (0, 0, 0):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().pixels(picture)


def test_a_file_that_kills_its_decoder_costs_that_file_alone(tmp_path: Path) -> None:
    for n in range(40):
        Image.new("RGB", (32, 32), "black" if n in (7, 30) else "red").save(tmp_path / f"{n}.png")
    work = [Work(Item(tmp_path / f"{n}.png", 1, 1)) for n in range(40)]
    lethal = LethalPreparation(*astuple(TinyEncoder().preparation))
    with Decoders(2, lethal, Limits()) as decoders:
        outcomes = list(decoders.run(work))
    failures = [each for each in outcomes if isinstance(each, Failure)]
    assert sorted((each.path.name, each.reason) for each in failures) == [
        ("30.png", "crashed"),
        ("7.png", "crashed"),
    ]
    assert len(outcomes) == 40


def test_what_lies_below_a_folder_that_can_not_be_read_is_not_taken_for_gone() -> None:
    root = Path("/p")
    scan = Scan(root, failures=[Failure(root / "private", "unreadable", "no permission")])
    known = {
        root / "private" / "a.jpg": KnownFile(1, 1, 1, b"", b""),
        root / "b.jpg": KnownFile(2, 1, 1, b"", b""),
    }
    assert make_plan(scan, known).gone == [2]
