"""Lines about jobs, for `limn jobs`."""

from dataclasses import asdict

import click

from search.catalog.jobs import Job, done
from search.text.printable import json_text, one_line, printable


def report_job(job: Job, as_json: bool) -> None:
    """Print how far a job has come."""
    if as_json:
        facts = asdict(job) | {"source": printable(str(job.source)), "left_s": job.left_s}
        click.echo(json_text(facts))
        return
    state = "cancelling" if job.cancelled and job.state == "running" else job.state
    name, done_of_total, rate = _progress(job)
    parts = [f"{job.id:>5}  {printable(name)}  {state}  {done_of_total}"]
    parts += [f"{rate}/s"] if rate and job.state == "running" else []
    parts += [f"{job.left_s:.0f} s left"] if job.left_s and job.left_s >= 1 else []
    parts += [f"{job.counts.failed:,} failed"] if job.counts.failed else []
    parts += [one_line(printable(job.message or job.current or ""))]
    click.echo("  ".join(part for part in parts if part))


def _progress(job: Job) -> tuple[str, str, str]:
    """Return what a job works on, how far it is, and its rate, empty where it is unknown."""
    from indexer.indexing.progress import rate_text  # rich takes a while

    name = job.name or f"download of {job.pair}"
    if job.total is None and job.total_bytes is not None:
        sizes = f"{(job.received_bytes or 0) / 1e6:,.0f} of {job.total_bytes / 1e6:,.0f} MB"
        return name, sizes, f"{job.rate / 1e6:,.1f} MB" if job.rate else ""
    total = "?" if job.total is None else f"{job.total:,}"
    return name, f"{done(job.counts):,} of {total}", rate_text(job.rate) if job.rate else ""
