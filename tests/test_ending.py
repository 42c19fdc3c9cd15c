"""Stopping by signals: cleanly, within seconds, whatever other signals arrive."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.jobs import Jobs
from tests.commands import limn_command
from tests.conftest import Limn

PICTURES = 1500

# The time on a busy machine; the process itself allows less.
PATIENCE_S = 10.0

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    chance = random.Random(7)
    for n in range(PICTURES):
        Image.frombytes("RGB", (8, 8), chance.randbytes(192)).save(folder / f"{n}.png")
    return folder


@pytest.mark.parametrize(
    ("signals", "gap_s"),
    [
        ([INT], 0.0),
        ([TERM], 0.0),
        ([HUP], 0.0),
        ([INT, INT], 0.0),
        ([INT, INT], 0.05),
        ([INT, INT], 0.5),
        ([TERM, INT, HUP], 0.02),
        ([INT] * 6, 0.01),
    ],
)
def test_a_run_that_is_told_to_end_ends_and_writes_nothing_afterwards(
    signals: Sequence[signal.Signals],
    gap_s: float,
    limn_environment: dict[str, str],
    many: Path,
    tmp_path: Path,
) -> None:
    limn = subprocess.Popen(
        limn_command(["index", many, "-c", "many"]),
        env=limn_environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    database = Database(tmp_path / "data" / "limn.db")
    while limn.poll() is None and not stored(database):
        time.sleep(0.02)
    began = time.monotonic()
    for each in signals:
        limn.send_signal(each)
        time.sleep(gap_s)
    assert limn.stderr is not None
    told = limn.stderr.readline()  # or a line before it
    then = stored(database)
    # A signal after Python has removed its handlers ends the process directly.
    assert limn.wait(PATIENCE_S) in (1, *(-each for each in signals[1:]))
    assert time.monotonic() - began < PATIENCE_S
    told += limn.stderr.read()
    limn.stderr.close()
    assert b"stopped; what was read is kept" in told
    assert b"Traceback" not in told
    assert 0 < stored(database) < PICTURES
    if len(signals) < 3:  # further signals may end the process at once
        assert stored(database) == then
        assert [job.state for job in Jobs(database).latest()] == ["interrupted"]
    database.close()


def test_a_run_that_was_told_to_end_goes_on_where_it_was(
    limn: Limn, limn_environment: dict[str, str], many: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(limn_command(["index", many, "-c", "many"]), env=limn_environment)
    database = Database(tmp_path / "data" / "limn.db")
    while process.poll() is None and not stored(database):
        time.sleep(0.02)
    process.send_signal(INT)
    process.send_signal(INT)
    process.wait(PATIENCE_S)
    database.close()
    limn("index", many, "-c", "many")
    again = limn("index", many, "-c", "many").stdout
    assert f"0 added, 0 changed, {PICTURES:,} unchanged, 0 removed, 0 failed" in again


def test_a_run_that_hangs_ends_when_its_job_is_cancelled(
    limn: Limn, limn_environment: dict[str, str], tmp_path: Path
) -> None:
    listed = tmp_path / "list.jsonl"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    listed.write_text('{"image": "a.png"}\n')
    limn("index", listed, "-c", "stuck")
    listed.unlink()
    os.mkfifo(listed)  # without a writer, a reader waits forever
    process = subprocess.Popen(
        limn_command(["index", listed, "-c", "stuck"]),
        env=limn_environment,
        stderr=subprocess.PIPE,
    )
    database = Database(tmp_path / "data" / "limn.db")
    while process.poll() is None and len(Jobs(database).latest()) < 2:
        time.sleep(0.02)
    job, _ = Jobs(database).latest()
    began = time.monotonic()
    limn("jobs", "--cancel", str(job.id))
    assert process.stderr is not None
    assert process.wait(PATIENCE_S) == 1
    assert time.monotonic() - began < PATIENCE_S
    assert b"stopped; what was read is kept" in process.stderr.read()
    process.stderr.close()
    assert Jobs(database).one(job.id).state == "cancelled"
    database.close()


STUCK = """
import sys, threading
from indexer.cli.ending import end_in_order
end_in_order("it was told to end")
try:
    print("ready", flush=True)
    threading.Event().wait()
finally:
    threading.Event().wait()  # what will not end
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signals", "within_s"), [([TERM], 5.0), ([INT, INT], 2.0), ([HUP] * 3, 1.0)]
)
def test_a_process_that_hangs_while_it_ends_ends_all_the_same(
    signals: Sequence[signal.Signals], within_s: float
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        began = time.monotonic()
        for each in signals:
            process.send_signal(each)
            time.sleep(0.1)
        assert process.wait(PATIENCE_S) == 1
        assert time.monotonic() - began < within_s + 2
        assert process.stderr.read() == b"it was told to end\n"


def test_what_a_shell_runs_in_the_background_is_not_ended_by_its_terminal() -> None:
    quiet = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + STUCK
    with subprocess.Popen(
        [sys.executable, "-c", quiet], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(HUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.kill()


def stored(database: Database) -> int:
    """Return the number of stored pictures; none while the database is being made."""
    if database.file is None or not Path(database.file).exists():
        return 0
    with database.read_transaction() as sql:
        if not sa.inspect(sql).has_table("picture"):
            return 0
        return int(sql.scalar(sa.select(sa.func.count()).select_from(t.picture)) or 0)
