"""Running a job in a process of its own, with progress, until it ends."""

import subprocess
import sys
import time

import click

from indexer.indexing.progress import JsonProgress, PlainProgress, TerminalProgress, open_progress
from search.catalog.catalog import Catalog
from search.catalog.job_processes import is_busy, start_process
from search.catalog.jobs import ENDED, Job
from search.cli import say_error
from search.text.printable import one_line, printable

# The interval of reading the job's row.
POLL_INTERVAL_S = 0.3


def run_and_follow(catalog: Catalog, job_id: int) -> None:
    """Start a job's process, and show its progress until it is done; exit with 1 where it fails.

    Another process may run the job in place of the new one, like a server's worker. Ctrl-C ends
    the following alone, from the moment that the process is there.
    """
    try:
        process = start_process(job_id, subprocess.DEVNULL)
        with open_progress() as progress:
            job = _wait(catalog, job_id, process, progress)
    except KeyboardInterrupt:
        click.echo(
            f"the job goes on in the background; see: limn jobs --follow {job_id}; "
            f"end it with: limn jobs --cancel {job_id}",
            err=True,
        )
        sys.exit(0)
    if job.message and job.state == "done":
        click.echo(one_line(printable(job.message)), err=True)
    elif job.message:
        say_error(job.message)
    if job.state != "done":
        if not job.message:
            end = "was cancelled" if job.state == "cancelled" else "lost its process"
            say_error(f"the job {job.id} {end}; run the command again to go on")
        sys.exit(1)


def start_detached(job_id: int) -> None:
    """Start a job's process, and say how to follow it."""
    start_process(job_id, subprocess.DEVNULL)
    click.echo(
        f"job {job_id} goes on in the background; see: limn jobs --follow {job_id}", err=True
    )


def _wait(
    catalog: Catalog,
    job_id: int,
    process: "subprocess.Popen[bytes]",
    progress: TerminalProgress | PlainProgress | JsonProgress,
) -> Job:
    """Return the job once it has ended, or once no process runs it."""
    while True:
        has_ended = process.poll() is not None  # before its row is read for the last time
        job = catalog.jobs.one(job_id)
        if job.total is not None:
            progress.advance(job.counts, job.total, job.current or "")
        if job.state in ENDED or (has_ended and not is_busy(catalog, job)):
            return job
        time.sleep(POLL_INTERVAL_S)
