"""`limn upgrade`: each step, its messages, and a job that outlives kills and Ctrl-C."""

import os
import random
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.catalog.catalog import open_catalog
from tests.commands import limn_command, on_terminal
from tests.conftest import Limn

COUNT = 60
KILLS = 4


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(COUNT):
        pixels = np.zeros((32, 32, 3), np.uint8)
        pixels[:, :16], pixels[:, 16:] = np.random.default_rng(number).integers(0, 255, (2, 3))
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    return folder


def lacking(database: Path, encoder: str) -> int:
    """Return how many pictures the second space lacks."""
    with open_catalog(database) as catalog:
        collection = catalog.collections.one("pictures")
        assert collection.second is not None and collection.second.space.encoder == encoder
        return catalog.embeddings.count_lacking(collection, collection.second.space)[0]


def test_every_step_and_what_to_type_next(limn: Limn, pictures: Path) -> None:
    limn("index", pictures)
    assert "--encoder balanced" in limn("upgrade", "pictures").stderr
    before = limn("search", "red", "-k", "5").stdout
    said = limn("upgrade", "pictures", "--encoder", "tiny:96").stderr
    assert f"{COUNT} pictures and 0 captions to embed by tiny:96" in said
    assert "tiny:96, ready" in limn("info", "pictures").stdout
    assert "tiny answers meanwhile" in said and "limn upgrade pictures --switch" in said
    assert limn("search", "red", "-k", "5").stdout == before
    said = limn("upgrade", "pictures", "--switch").stderr
    assert "answers by tiny:96" in said and "--back" in said and "made anew" in said
    assert limn("search", "red", "-k", "5").stdout
    limn("upgrade", "pictures", "--back")
    assert limn("search", "red", "-k", "5").stdout == before
    limn("upgrade", "pictures", "--finish", code=1)
    limn("upgrade", "pictures", "--switch")
    limn("upgrade", "pictures", "--finish")
    assert "tiny:96; begin to change" in limn("upgrade", "pictures").stderr
    limn("index", pictures)
    assert "limn upgrade" in limn("index", pictures, "--encoder", "tiny", code=1).stderr


def test_what_came_since_is_embedded_by_the_line_that_the_refusal_names(
    limn: Limn, pictures: Path, tmp_path: Path
) -> None:
    """A run that is killed after it wrote its pictures leaves some to embed by a ready pair."""
    name = "my $(date)'s"
    limn("index", pictures, "--collection", name)
    limn("upgrade", name, "--encoder", "tiny:96")
    with open_catalog(tmp_path / "data" / "limn.db") as catalog:
        collection = catalog.collections.one(name)
        assert collection.second is not None
        catalog.embeddings.free(collection, collection.second.space)
    said = limn("upgrade", name, "--switch", code=1).stderr
    [line] = re.findall("embed them with: limn (.*?); or", said)
    again = limn(*shlex.split(line)).stderr
    assert "tiny:96 is ready" in again and "but for" not in again
    [line] = re.findall("answer by the new one: limn (.*?); or", again)
    limn(*shlex.split(line))


def test_mistakes_are_told(limn: Limn, pictures: Path) -> None:
    limn("index", pictures)
    assert "there is no collection" in limn("upgrade", "nope", "-e", "tiny:96", code=1).stderr
    assert "tiny:WIDTH" in limn("upgrade", "pictures", "-e", "tiny:5", code=2).stderr
    assert "already" in limn("upgrade", "pictures", "-e", "tiny", code=1).stderr
    assert "One step at a time" in limn("upgrade", "pictures", "--back", "--switch", code=2).stderr
    assert "one pair alone" in limn("upgrade", "pictures", "--switch", code=1).stderr
    assert "encoder ''" in limn("upgrade", "pictures", "-e", "", code=2).stderr
    assert "goes with --switch" in limn("upgrade", "pictures", "--incomplete", code=2).stderr


def test_a_job_that_is_killed_goes_on_where_it_was(
    limn: Limn, limn_environment: dict[str, str], pictures: Path, tmp_path: Path
) -> None:
    """Kill the job's process and its decoders at random moments; nothing is lost or done twice."""
    limn("index", pictures)
    chance = random.Random(4)
    for _ in range(KILLS):
        command = limn_command(("upgrade", "pictures", "--encoder", "tiny:96", "--detach"))
        subprocess.run(command, env=limn_environment, check=True, capture_output=True, timeout=60)
        time.sleep(chance.uniform(0.2, 2.0))
        for pid in job_processes(tmp_path):
            os.kill(pid, signal.SIGKILL)
    limn("upgrade", "pictures", "--encoder", "tiny:96")
    assert lacking(tmp_path / "data" / "limn.db", "tiny:96") == 0
    limn("upgrade", "pictures", "--switch")
    limn("verify", "pictures")


def job_processes(folder: Path) -> list[int]:
    """Return the processes of jobs whose data is below a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"worker" in command and os.fsencode(folder) in environment:
            found.append(int(entry.name))
    return found


def test_ctrl_c_leaves_the_job_at_work_and_discard_ends_it(
    limn: Limn, limn_environment: dict[str, str], pictures: Path, tmp_path: Path
) -> None:
    limn("index", pictures)
    command = limn_command(("upgrade", "pictures", "--encoder", "tiny:96"))
    with subprocess.Popen(command, env=limn_environment, stderr=subprocess.PIPE) as process:
        while not job_processes(tmp_path):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0 or b"is ready" in said
    assert b"goes on in the background" in said or b"is ready" in said
    limn("upgrade", "pictures", "--discard")
    deadline_s = time.monotonic() + 20
    while job_processes(tmp_path) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not job_processes(tmp_path)
    assert "one pair alone" in limn("upgrade", "pictures", "--discard", code=1).stderr


def test_a_better_pair_is_offered_once_and_only_to_people(
    limn: Limn, limn_environment: dict[str, str], pictures: Path
) -> None:
    environment = {**limn_environment, "LIMN_ENCODER": "builtin"}
    said = limn("index", pictures, LIMN_ENCODER="builtin").stderr
    assert "better answers" not in said  # a program reads it
    command = ("index", pictures)
    assert "better answers: limn upgrade pictures" in on_terminal(command, environment)
    assert "better answers" not in on_terminal(command, environment)
