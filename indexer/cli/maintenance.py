"""The commands that look after collections: failures, jobs, worker, duplicates, verify."""

import sys
import time
from dataclasses import replace

import click

from indexer.cli.ending import Shutdown, end_in_order
from search.engine import Engine
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import json_text, one_line, printable

# The interval of reading a followed job's row.
POLL_INTERVAL_S = 0.5

WORKER_STOPPED = "stopped; the jobs that were running go on with the next worker"

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("name")
@click.option("--retry", is_flag=True, help="Try them again, changed or not.")
@as_json_option
def failures(name: str, retry: bool, as_json: bool) -> None:
    """List the files of collection NAME that could not be indexed, with the reasons."""
    from indexer.cli.index import STOPPED, index_sources
    from indexer.indexing.request import Request
    from search.bootstrap import open_engine

    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        collection = engine.catalog.collections.one(name)
        if retry:
            shutdown = end_in_order(STOPPED)
            for document in engine.catalog.jobs.requests(name):
                request = Request.from_json(document)
                index_sources(engine, settings, replace(request, retry=True), shutdown, as_json)
            return
        rows = engine.catalog.failures.of(collection.id)
        if not rows:
            click.echo(f"no file of {printable(name)} failed", err=True)
        for each in rows:
            path = printable(str(each.path))
            if as_json:
                facts = {"path": path, "reason": each.reason, "detail": printable(each.detail)}
                click.echo(json_text(facts))
            else:
                click.echo(f"{one_line(path)}: {each.reason}: {one_line(printable(each.detail))}")


@click.command()
@click.option("--follow", type=int, metavar="ID", help="Tell of this job until it ends.")
@click.option("--cancel", type=int, metavar="ID", help="End this job; what was read is kept.")
@as_json_option
def jobs(follow: int | None, cancel: int | None, as_json: bool) -> None:
    """List the newest jobs, with how far each has come."""
    from indexer.cli.job_lines import report_job
    from search.bootstrap import open_engine
    from search.catalog.jobs import ENDED

    with open_engine(Settings.from_environment()) as engine:
        rows = engine.catalog.jobs
        if cancel is not None:
            report_job(rows.cancel(cancel), as_json)
        elif follow is None:
            latest = rows.latest()
            if not latest:
                click.echo("no job yet; limn index and the page make them", err=True)
            for job in latest:
                report_job(job, as_json)
        while follow is not None:
            job = rows.one(follow)
            report_job(job, as_json)
            if job.state in ENDED:
                sys.exit(0 if job.state == "done" else 1)
            time.sleep(POLL_INTERVAL_S)


@click.command()
@click.option("--once", is_flag=True, help="End when no job is left.")
@click.option("--job", "job_id", type=int, hidden=True, help="Run this job alone, in this process.")
def worker(once: bool, job_id: int | None) -> None:
    """Run the jobs that are queued, and go on with those whose worker died.

    Each job has a process of its own, at a low priority; a few run at the same time.
    """
    from search.bootstrap import open_engine

    shutdown = end_in_order(WORKER_STOPPED)
    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        try:
            if job_id is not None:
                _work_at(engine, settings, job_id, shutdown)
            else:
                _supervise(engine, once)
        except KeyboardInterrupt:
            click.echo(WORKER_STOPPED, err=True)


def _work_at(engine: Engine, settings: Settings, job_id: int, shutdown: Shutdown) -> None:
    """Run one job in this process, as a worker starts it."""
    from indexer.indexing.progress import PlainProgress
    from indexer.indexing.worker import Worker, yield_to_others

    yield_to_others()
    Worker(engine, settings, PlainProgress(), shutdown.end_now).one(job_id)


def _supervise(engine: Engine, once: bool) -> None:
    """Run jobs in processes of their own, until none is left or the user ends it."""
    from search.catalog.job_processes import JobProcesses

    processes = JobProcesses(engine.catalog, left_behind="always", quiet=False)
    if not once:
        click.echo("waiting for jobs; end with Ctrl-C", err=True)
    try:
        processes.step()
        while processes.running_count or not once:
            time.sleep(POLL_INTERVAL_S)
            processes.step()
    finally:
        processes.stop()
    click.echo(amount(processes.done, "job was run", "jobs were run"), err=True)


@click.command()
@click.argument("name")
@as_json_option
def duplicates(name: str, as_json: bool) -> None:
    """List pictures that collection NAME holds several times: the same bytes, or near copies."""
    from indexer.maintenance.duplicates import duplicates as find
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        collection = engine.catalog.collections.one(name)
        count = 0
        for group in find(engine.catalog, collection):
            count += 1
            paths = [printable(str(path)) for path in group.paths]
            if as_json:
                click.echo(json_text({"kind": group.kind, "paths": paths}))
            else:
                click.echo(f"{group.kind}  {'  '.join(map(one_line, paths))}")
        if not count:
            click.echo(f"{printable(name)} holds no picture twice", err=True)


@click.command()
@click.argument("name")
@as_json_option
def verify(name: str, as_json: bool) -> None:
    """Read every file of collection NAME again, and tell of those that are not as indexed."""
    from indexer.maintenance.verify import verify as look
    from search.bootstrap import open_engine

    total = count = 0
    with open_engine(Settings.from_environment()) as engine:
        collection = engine.catalog.collections.one(name)
        for defect in look(engine.catalog, collection, engine.limits):
            total += 1
            if defect is None:
                continue
            count += 1
            path = printable(str(defect.path))
            if as_json:
                facts = {"path": path, "what": printable(defect.what), "remedy": defect.remedy}
                click.echo(json_text(facts))
            else:
                text = one_line(printable(defect.what))
                click.echo(f"{one_line(path)}: {text}; {defect.remedy}")
    click.echo(f"{amount(total, 'picture')} looked at, {count:,} not as they should be", err=True)
    sys.exit(1 if count else 0)
