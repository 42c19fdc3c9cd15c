"""Jobs in processes of their own: a stuck job delays no other, and each can be stopped."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from indexer.indexing.worker import NICENESS
from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from search.catalog.job_processes import AT_ONCE, JobProcesses
from search.catalog.records import RunCounts
from tests.commands import limn_command

pytestmark = pytest.mark.slow

# The time limit on a busy machine.
PATIENCE_S = 100.0


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """Yield a catalog that the jobs' processes also find by their environment."""
    monkeypatch.setenv("LIMN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LIMN_ENCODER", "tiny")
    monkeypatch.setenv("LIMN_WORKERS", "1")
    database = Database(tmp_path / "data" / "limn.db")
    ensure_schema(database)
    yield Catalog(database)
    database.close()


@pytest.fixture
def processes(catalog: Catalog) -> Iterator[JobProcesses]:
    running = JobProcesses(catalog, left_behind="always", quiet=True)
    yield running
    running.stop()


def stuck(folder: Path) -> Path:
    """Return a list of pictures without a writer: opening it blocks forever."""
    os.mkfifo(folder / "list.jsonl")
    return folder / "list.jsonl"


def picture(folder: Path) -> Path:
    folder.mkdir()
    Image.new("RGB", (32, 32), "red").save(folder / "red.png")
    return folder


def ask(catalog: Catalog, source: Path, name: str) -> int:
    return catalog.jobs.ask(name, "index", {"sources": [str(source)], "name": name})


def until(processes: JobProcesses, true: Callable[[], bool]) -> None:
    """Watch the processes until a condition is true."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s
        processes.step()
        time.sleep(0.05)


def test_a_job_that_is_stuck_holds_up_no_other_and_can_be_cancelled(
    catalog: Catalog, processes: JobProcesses, tmp_path: Path
) -> None:
    jobs = catalog.jobs
    first = ask(catalog, stuck(tmp_path), "stuck")
    second = ask(catalog, picture(tmp_path / "pictures"), "other")
    third = ask(catalog, tmp_path / "pictures", "other")
    until(processes, lambda: jobs.one(second).state == jobs.one(third).state == "done")
    assert jobs.one(first).state == "running"
    jobs.cancel(first)
    began = time.monotonic()
    until(processes, lambda: jobs.one(first).state == "cancelled")
    assert time.monotonic() - began < 4  # two seconds on an idle machine
    until(processes, lambda: processes.running_count == 0)


def test_few_jobs_run_at_once_and_of_a_collection_one(
    catalog: Catalog, processes: JobProcesses, tmp_path: Path
) -> None:
    source = stuck(tmp_path)
    for name in ("a", "a", "b", "c"):
        ask(catalog, source, name)
    processes.step()
    processes.step()
    assert processes.running_count == AT_ONCE


def test_jobs_compute_when_nobody_else_wants_to(
    catalog: Catalog, processes: JobProcesses, tmp_path: Path
) -> None:
    before = set(children())
    ask(catalog, stuck(tmp_path), "stuck")
    processes.step()
    [started] = set(children()) - before
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    until(
        processes,
        lambda: os.getpriority(os.PRIO_PROCESS, started) == min(19, usual + NICENESS),
    )


def children() -> list[int]:
    """Return the child processes of this one, as Linux lists them."""
    told = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return [int(each) for each in told.split()]


def test_jobs_of_processes_that_are_told_to_end_go_on_with_the_next(
    catalog: Catalog, tmp_path: Path
) -> None:
    jobs = catalog.jobs
    job = ask(catalog, stuck(tmp_path), "stuck")
    processes = JobProcesses(catalog, left_behind="always", quiet=True)
    until(processes, lambda: jobs.one(job).state == "running")
    processes.stop()
    assert jobs.one(job).state == "queued"


def test_a_cancelled_job_whose_process_is_gone_ends(
    catalog: Catalog, processes: JobProcesses, tmp_path: Path
) -> None:
    jobs = catalog.jobs
    job = ask(catalog, stuck(tmp_path), "stuck")
    assert jobs.take(job)
    jobs.cancel(job)
    processes.step()
    assert jobs.one(job).state == "cancelled"
    assert processes.running_count == 0


def test_a_job_that_has_ended_stays_as_it_is(catalog: Catalog, tmp_path: Path) -> None:
    jobs = catalog.jobs
    job = ask(catalog, tmp_path, "p")
    jobs.cancel(job)
    before = jobs.one(job)
    assert before.state == "cancelled"
    assert jobs.update(job, RunCounts(found=3))  # the job is asked to end
    jobs.end(job, "failed", "no")
    jobs.requeue(job)
    assert not jobs.take(job)
    assert jobs.one(job) == before


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Return a folder of modules that report when they run, named like common imports."""
    here = tmp_path / "downloads"
    here.mkdir()
    for name in (
        *("click", "struct", "pickle", "socket", "multiprocessing", "tempfile", "signal"),
        *("search", "indexer", "numpy", "PIL", "sitecustomize"),
    ):
        (here / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w').close()\n")
    return here


def test_a_job_does_not_run_modules_of_the_current_folder(
    catalog: Catalog,
    processes: JobProcesses,
    tmp_path: Path,
    downloads: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(downloads)
    jobs = catalog.jobs
    job = ask(catalog, picture(tmp_path / "pictures"), "p")
    until(processes, lambda: jobs.one(job).state not in ("queued", "running"))
    assert jobs.one(job).state == "done"
    assert not (tmp_path / "executed").exists()


def test_a_command_does_not_run_modules_of_the_current_folder(
    limn_environment: dict[str, str], tmp_path: Path, downloads: Path
) -> None:
    command = limn_command(["index", picture(tmp_path / "pictures")])
    subprocess.run(command, cwd=downloads, env=limn_environment, check=True, capture_output=True)
    assert not (tmp_path / "executed").exists()
