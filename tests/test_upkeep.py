"""Maintenance of collections: failures, jobs, their worker, moved files, copies, verify, watch."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from tests import collections_of_every_kind as made
from tests.commands import limn_command
from tests.conftest import Limn
from tests.pictures_of_every_kind import cut


@pytest.fixture
def held(tmp_path: Path, limn: Limn) -> Iterator[Catalog]:
    """Yield the catalog of the `limn` fixture's commands."""
    (tmp_path / "data").mkdir()
    database = Database(tmp_path / "data" / "limn.db")
    ensure_schema(database)
    yield Catalog(database)
    database.close()


def lines(limn: Limn, *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in limn(*arguments, "--json", code=code).stdout.splitlines()]


def ids(limn: Limn) -> dict[str, int]:
    found = json.loads(limn("search", "--json", "wall").stdout)
    return {Path(hit["path"]).name: hit["id"] for hit in found}


def test_a_file_that_failed_is_left_alone_until_it_changes_or_a_retry(
    limn: Limn, colours: Path
) -> None:
    bad = cut(colours / "bad.jpg", colours / "red.jpg")
    limn("index", colours, "-c", "walls")
    [told] = lines(limn, "failures", "walls")
    assert (told["path"], told["reason"]) == (str(bad), "truncated")
    assert "0 to read" in limn("index", colours, "-c", "walls", "--dry-run").stdout
    assert "8 unchanged, 0 removed, 1 failed" in limn("index", colours, "-c", "walls").stdout
    assert "1 to read" in limn("index", colours, "-c", "walls", "--retry", "--dry-run").stdout
    shutil.copy(colours / "red.jpg", bad)
    assert "1 added" in limn("failures", "walls", "--retry").stdout
    assert limn("failures", "walls").stdout == ""


def test_a_moved_file_keeps_its_picture_and_takes_its_new_captions(
    limn: Limn, colours: Path
) -> None:
    limn("index", colours, "-c", "walls")
    before = ids(limn)
    (colours / "deep").mkdir()
    shutil.move(colours / "red.jpg", colours / "deep" / "crimson.jpg")
    (colours / "deep" / "crimson.txt").write_text("a crimson wall")
    done = limn("index", colours, "-c", "walls").stdout
    assert "0 added, 0 changed, 1 moved, 7 unchanged, 0 removed" in done
    after = ids(limn)
    assert after["crimson.jpg"] == before["red.jpg"]
    [hit] = json.loads(limn("search", "--json", "red", "-k", "1").stdout)
    assert [each["text"] for each in hit["captions"]] == ["a crimson wall"]


def test_two_copies_of_a_file_that_is_gone_are_one_that_moved_and_one_that_is_new(
    limn: Limn, colours: Path
) -> None:
    limn("index", colours, "-c", "walls")
    shutil.copy(colours / "red.jpg", colours / "one.jpg")
    shutil.move(colours / "red.jpg", colours / "two.jpg")
    done = limn("index", colours, "-c", "walls").stdout
    assert "1 added, 0 changed, 1 moved, 7 unchanged, 0 removed" in done


def test_a_queued_job_is_run_by_a_worker_and_its_row_tells_how_it_went(
    limn: Limn, held: Catalog, colours: Path
) -> None:
    jobs = held.jobs
    good = jobs.ask("walls", "index", {"sources": [str(colours)], "name": "walls"})
    missing = jobs.ask("none", "index", {"sources": [str(colours / "none")], "name": "none"})
    assert [job["state"] for job in lines(limn, "jobs")] == ["queued", "queued"]
    assert "2 jobs were run" in limn("worker", "--once").stderr
    job = jobs.one(good)
    assert (job.state, job.counts.added, job.total) == ("done", 8, 8)
    assert "walls  done  8 of 8" in limn("jobs", "--follow", str(good)).stdout
    assert jobs.one(missing).state == "failed"
    assert "No such file" in limn("jobs", "--follow", str(missing), code=1).stdout
    assert "there is no job 99" in limn("jobs", "--cancel", "99", code=1).stderr


def test_the_job_of_a_dead_worker_is_taken_over_and_a_cancelled_one_is_not(
    limn: Limn, held: Catalog, colours: Path
) -> None:
    limn("index", colours / "red.jpg", "-c", "walls")
    collection = held.collections.one("walls")
    jobs = held.jobs
    request = {"sources": [str(colours)], "name": "walls"}
    dead = jobs.ask("walls", "index", request)
    jobs.start(collection, "index", colours, dead)
    cancelled = jobs.ask("walls", "index", request)
    assert "cancelled" in limn("jobs", "--cancel", str(cancelled)).stdout
    assert "1 job was run" in limn("worker", "--once").stderr
    assert jobs.one(dead).state == "done"
    assert jobs.one(dead).counts.added == 7
    assert jobs.one(cancelled).state == "cancelled"


def test_a_running_job_that_is_cancelled_keeps_what_it_wrote(
    limn: Limn, held: Catalog, colours: Path
) -> None:
    jobs = held.jobs
    job = jobs.ask("walls", "index", {"sources": [str(colours)], "name": "walls"})
    limn("index", colours / "red.jpg", "-c", "walls")
    collection = held.collections.one("walls")
    jobs.start(collection, "index", colours, job)
    assert "cancelling" in limn("jobs", "--cancel", str(job)).stdout
    limn("worker", "--once")
    assert jobs.one(job).state == "cancelled"
    assert "1 unchanged" in limn("index", colours, "-c", "walls").stdout


def test_copies_are_found_whether_the_same_or_near(limn: Limn, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    chance = np.random.default_rng(3)
    for name in ("a", "b", "c"):
        small = Image.fromarray(chance.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        small.resize((640, 480), Image.Resampling.BICUBIC).save(folder / f"{name}.jpg")
    shutil.copy(folder / "a.jpg", folder / "a-same.jpg")
    Image.open(folder / "b.jpg").resize((320, 240)).save(folder / "b-small.jpg", quality=70)
    limn("index", folder, "-c", "photos")
    found = {
        each["kind"]: [Path(path).name for path in each["paths"]]
        for each in lines(limn, "duplicates", "photos")
    }
    assert found == {"same": ["a-same.jpg", "a.jpg"], "near": ["b-small.jpg", "b.jpg"]}


def test_verify_tells_what_is_gone_changed_or_damaged(limn: Limn, colours: Path) -> None:
    made.tar(colours / "shard.tar")
    limn("index", colours, "-c", "walls")
    assert "12 pictures looked at, 0 not" in limn("verify", "walls").stderr
    (colours / "red.jpg").unlink()
    Image.new("RGB", (50, 50), "blue").save(colours / "blue.jpg")
    damaged = colours / "green.jpg"
    status, data = damaged.stat(), bytearray(damaged.read_bytes())
    data[-20] ^= 1
    damaged.write_bytes(data)
    os.utime(damaged, ns=(status.st_atime_ns, status.st_mtime_ns))
    told = {
        Path(each["path"]).name: each["what"] for each in lines(limn, "verify", "walls", code=1)
    }
    assert sorted(told) == ["blue.jpg", "green.jpg", "red.jpg"]
    assert "missing" in told["red.jpg"]
    assert "it changed" in told["blue.jpg"]
    assert "may be damaged" in told["green.jpg"]


def test_a_watched_folder_is_followed(
    limn: Limn, limn_environment: dict[str, str], colours: Path
) -> None:
    with subprocess.Popen(
        limn_command(["index", colours, "-c", "walls", "--watch"]),
        env=limn_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout and process.stderr
        try:
            assert "8 added" in process.stdout.readline()
            assert "watching" in process.stderr.readline()
            Image.new("RGB", (64, 64), "pink").save(colours / "pink.jpg")
            began = time.monotonic()
            assert "1 added, 0 changed, 8 unchanged, 0 removed" in process.stdout.readline()
            assert time.monotonic() - began < 10  # three on an idle machine
            assert "pink.jpg" in limn("search", "pink", "-k", "1").stdout
            (colours / "red.jpg").unlink()
            assert "1 removed" in process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
