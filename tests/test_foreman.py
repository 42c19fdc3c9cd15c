"""Worker processes of a server: started for jobs, stopped with the server, jobs continued."""

import os
import signal
from pathlib import Path
from threading import Event
from urllib.request import urlopen

import pytest

from search.catalog.jobs import Jobs
from search.engine import Engine
from tests.browsing import served
from tests.colour_web import opened, settings_in, store_colours
from web.services.worker_process import WorkerProcesses

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Return settings that a worker process reads from its environment too."""
    monkeypatch.setenv("LIMN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LIMN_ENCODER", "tiny")
    return settings_in(tmp_path / "data")


def left_running(engine: Engine, folder: Path) -> int:
    """Return a job that a worker had begun, in a folder of pictures."""
    store_colours(engine.catalog, folder, ("red",))
    [collection] = engine.collections()
    request = {"sources": [str(folder)], "name": collection.name}
    return engine.catalog.jobs.start(collection, "index", folder, request=request)


def ended(jobs: Jobs, job_id: int) -> str:
    """Return the state in which a job ends, polled until then."""
    while (job := jobs.one(job_id)).state in ("queued", "running"):
        Event().wait(0.05)
    return job.state


def test_a_job_that_a_dead_worker_left_goes_on_when_the_server_starts(
    tmp_path: Path, settings: object
) -> None:
    with opened(settings) as (engine, _):  # type: ignore[arg-type]
        job = left_running(engine, tmp_path / "pictures")
        jobs = engine.catalog.jobs
        workers = WorkerProcesses(engine)
        assert not workers.at_work
        workers.start()
        assert ended(jobs, job) == "done"
        workers.stop()
        assert not workers.at_work


def test_the_job_of_a_worker_that_crashed_is_told_as_interrupted(
    tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMN_WORKERS", "none")  # every command ends at once
    with opened(settings) as (engine, _):  # type: ignore[arg-type]
        job = left_running(engine, tmp_path / "pictures")
        jobs = engine.catalog.jobs
        workers = WorkerProcesses(engine)
        workers.start()
        assert ended(jobs, job) == "interrupted"
        workers.stop()
        told = jobs.one(job)
        assert told.message is not None and "code 2" in told.message


def test_a_server_that_is_told_to_end_leaves_no_worker_behind(tmp_path: Path) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, _):
        left_running(engine, tmp_path / "pictures")
    with served(tmp_path / "data") as (process, url):
        with urlopen(f"{url}healthz") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert not _workers_of(tmp_path / "data")


def _workers_of(data_dir: Path) -> list[str]:
    """Return the worker processes of a data folder, as Linux lists them."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            told = (each / "environ").read_bytes() + (each / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(data_dir) in told and b"worker" in told:
            found.append(each.name)
    return found
