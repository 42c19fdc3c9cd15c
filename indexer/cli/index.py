"""The commands that read collections: `limn index` and `limn demo`."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from indexer.cli.ending import Shutdown, end_in_order
from search.catalog.records import Failure, RunCounts
from search.cli.output import print_hits
from search.engine import Engine
from search.errors import BadSource, CollectionBusy, shell_word
from search.query.records import Query, TextTerm
from search.settings import Settings
from search.text.amounts import amount
from search.text.path_names import user_path
from search.text.printable import json_text, one_line, printable

# Failures and notes shown after a run; `limn failures` shows all failures.
SHOWN = 10

STOPPED = "stopped; what was read is kept: run the command again to go on"


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--collection", "-c", "name", help="Its name; otherwise the first source's own.")
@click.option("--encoder", "-e", help="The encoder pair of a new collection; default: builtin.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that decode pictures.")
@click.option("--recursive/--no-recursive", default=True, help="Whether to enter folders' folders.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files like this: '*.png'.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files like this: 'drafts/*'.")
@click.option("--image-column", help="A table's column of pictures, or of paths to them.")
@click.option("--caption-column", "caption_columns", multiple=True, help="A column of captions.")
@click.option("--images", "pictures_in", help="The folder that a table's paths start from.")
@click.option("--retry", is_flag=True, help="Try files again that failed and did not change.")
@click.option("--watch", is_flag=True, help="Go on, and follow the folders as they change.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON document a line.")
def index(
    sources: tuple[str, ...],
    name: str | None,
    watch: bool,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Index the pictures in each SOURCE, with the captions and columns that stand there.

    A SOURCE is a folder, a picture, an archive (.tar, .zip; braces name shards:
    'train-{000..127}.tar'), a table (.parquet, .arrow, .csv, .tsv, .jsonl), COCO's captions
    (.json), or a film. A folder may hold all of these.

    Captions come from captions.csv in the folder, from a text or JSON file beside a picture
    (1.jpg, 1.txt, 1.json), and from the pictures' own EXIF, IPTC and XMP descriptions. Run it
    again at any time: unchanged files are passed over, new and changed ones are read, moved ones
    are followed, those that are gone are forgotten.
    """
    from indexer.indexing.request import Request
    from search.bootstrap import open_engine

    shutdown = end_in_order(STOPPED)
    settings = Settings.from_environment()
    request = Request.of(sources, name, **options)
    with open_engine(settings, begin=not dry_run) as engine:
        if dry_run:
            _report_plan(engine, request, as_json)
        else:
            if watch:
                _follow(engine, settings, request, shutdown, as_json)
            else:
                index_sources(engine, settings, request, shutdown, as_json)


def _follow(
    engine: Engine, settings: Settings, request: Any, shutdown: Shutdown, as_json: bool
) -> None:
    """Index, and then index what changes, until Ctrl-C."""
    from indexer.indexing.run import missing_folders
    from indexer.indexing.watch import changes

    has_begun = False
    try:
        for part in changes(request, lambda: missing_folders(engine, request.name)):
            try:
                whole = None if part is request else request
                index_sources(engine, settings, part, shutdown, as_json, whole=whole)
            except (BadSource, CollectionBusy) as error:
                if not has_begun:
                    raise
                click.echo(f"limn: {one_line(printable(str(error)))}", err=True)
            if not has_begun:
                has_begun = True
                click.echo("watching; end with Ctrl-C", err=True)
    except KeyboardInterrupt:
        click.echo("no longer watching", err=True)


@click.command()
@click.argument("pictures", type=click.Path(path_type=Path), required=False)
def demo(pictures: Path | None) -> None:
    """Index the demo pictures, or the folder PICTURES, and answer three queries."""
    from indexer.demo import DEMO_QUERIES, collect_demo
    from indexer.demo.questions import questions
    from indexer.indexing.request import Request
    from search.bootstrap import open_engine

    if pictures is not None and not os.path.exists(user_path(pictures)):
        raise BadSource(
            "demo-folder-missing",
            "there is no {folder!r}; name a folder of pictures",
            folder=str(pictures),
        )
    shutdown = end_in_order(STOPPED)
    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        folder = pictures or collect_demo(settings.data_dir / "demo-pictures")
        click.echo(f"indexing {printable(str(folder))}", err=True)
        request = Request.of((str(folder),), None if pictures else "demo")
        index_sources(engine, settings, request, shutdown)
        collection = engine.catalog.collections.one(request.name)
        for text in questions(engine, collection) if pictures else DEMO_QUERIES:
            line = f"limn search {_quote(text)} -c {_quote(request.name)} -k 3"
            click.secho(f"\n{one_line(printable(line))}", bold=True)
            print_hits(engine.search(Query((TextTerm(text),), (request.name,), k=3)))
    _report_next_steps(settings)


def _report_next_steps(settings: Settings) -> None:
    """Say what to type in a terminal that does not know this environment or its data."""
    lines = []
    program = Path(sys.executable).with_name("limn")
    if shutil.which("limn") != str(program):
        activate = program.with_name("activate")
        path = f'PATH={shlex.quote(str(program.parent))}:"$PATH"'
        lines += [f"source {shlex.quote(str(activate))}" if activate.exists() else f"export {path}"]
    if os.environ.get("LIMN_DATA_DIR"):
        lines += [f"export LIMN_DATA_DIR={shlex.quote(str(settings.data_dir))}"]
    if lines:
        click.echo("\nto go on from another terminal, type there:", err=True)
        for line in lines:
            click.echo(f"  {line}", err=True)


def _quote(text: str) -> str:
    """Quote for a shell, in the way that reads best."""
    special = set(text) & set('"$`\\!')
    plain = text.isascii() and text.isalnum()
    return shlex.quote(text) if special or plain else f'"{text}"'


def index_sources(
    engine: Engine,
    settings: Settings,
    request: Any,
    shutdown: Shutdown,
    as_json: bool = False,
    whole: Any = None,
) -> None:
    """Index what a request names, showing progress, and print what became of its files.

    `whole` is the request that this one is a part of, where it is one.

    Raises:
        BadSource: there is nothing to index, or nothing of it could be read.
    """
    from indexer.cli.notes import ShownNotes
    from indexer.cli.pair_offer import offer_better_pair

    began = time.monotonic()
    result, notes = run_with_progress(engine, settings, request, shutdown, as_json, whole)
    _report_notes(ShownNotes(settings.data_dir, whole or request), notes, whole is not None)
    counts = result.counts
    _summarise(request.name, counts, result.failures, time.monotonic() - began, as_json)
    if not counts.added + counts.changed + counts.moved + counts.unchanged:
        _refuse(engine, request, counts, new=result.is_new)
    for note in result.notes:
        click.echo(one_line(printable(note)), err=True)
    _begin_reading(engine, settings, request.name, as_json)
    if not as_json:
        offer_better_pair(engine, engine.catalog.collections.one(request.name))


def _begin_reading(engine: Engine, settings: Settings, name: str, as_json: bool) -> None:
    """Start the job that reads the text in new pictures, in the background."""
    from indexer.indexing.text_job import ask_after_indexing
    from search.catalog.job_processes import start_process

    work = ask_after_indexing(engine.catalog, settings, name)
    if work is None:
        return
    job_id, count = work
    start_process(job_id, subprocess.DEVNULL)
    if not as_json:
        click.echo(
            f"reading the text in {amount(count, 'picture')} in the background; "
            f"see: limn jobs --follow {job_id}",
            err=True,
        )


def run_with_progress(
    engine: Engine,
    settings: Settings,
    request: Any,
    shutdown: Shutdown,
    as_json: bool = False,
    whole: Any = None,
) -> tuple[Any, list[str]]:
    """Run a request with progress on stderr, and return its result and its notes.

    An interrupted run, or one whose job was cancelled, ends the command.
    """
    from indexer.indexing.cancellation import JobCancelled
    from indexer.indexing.progress import open_progress
    from indexer.indexing.run import run

    try:
        with open_progress(as_json) as progress:
            result = run(engine, settings, request, progress, whole=whole, on_hang=shutdown.end_now)
    except (KeyboardInterrupt, JobCancelled):
        click.echo(STOPPED, err=True)
        sys.exit(1)
    return result, progress.notes


def _refuse(engine: Engine, request: Any, counts: RunCounts, *, new: bool) -> None:
    """Raise BadSource for a run that could read nothing; remove its new, empty collection."""
    from indexer.indexing.run import forget_if_empty

    source_names = ", ".join(map(repr, request.sources[:3]))
    is_removed = new and forget_if_empty(engine, request.name)
    why = "" if is_removed else f"; see: limn failures {shell_word(request.name)}"
    files = "the only file" if counts.found == 1 else f"none of the {counts.found:,} files"
    can = "can't" if counts.found == 1 else "can"
    raise BadSource(
        "files-unreadable",
        "{files} in {places} {verb} be read{why}",
        files=files,
        places=source_names,
        verb=can,
        why=why,
    )


def _report_notes(shown_notes: Any, notes: list[str], part: bool) -> None:
    """Show the notes that the last run did not have; of the others only how many there are."""
    new = shown_notes.new(notes, part)
    for note in new[:SHOWN]:
        click.echo(one_line(printable(note)), err=True)
    if len(new) > SHOWN:
        click.echo(f"and {amount(len(new) - SHOWN, 'more note')}", err=True)
    former_count = len(notes) - len(new)
    if former_count and not part:
        shows = "limn index --dry-run shows"
        click.echo(
            amount(former_count, f"note as before ({shows} it)", f"notes as before ({shows} them)"),
            err=True,
        )


def _report_plan(engine: Engine, request: Any, as_json: bool) -> None:
    from indexer.indexing.run import dry_run

    with dry_run(engine, request) as state:
        facts = {
            "found": state.found_count,
            "to_read": len(state.work) + len(state.reread),
            "to_recaption": len(state.recaption),
            "unchanged": state.unchanged,
            "to_forget": len(state.gone_ids),
            "to_keep_as_missing": len(state.missing),
            "failed": state.still_failed + len(state.failures),
        }
        for note in state.notes[:SHOWN]:
            click.echo(one_line(printable(note)), err=True)
    if as_json:
        click.echo(json_text({"event": "plan", "collection": request.name, **facts}))
        return
    missing = facts["to_keep_as_missing"]
    name = one_line(printable(request.name))
    click.echo(
        f"{name}: {facts['found']:,} found, {facts['to_read']:,} to read, "
        f"{facts['to_recaption']:,} with new captions, {facts['unchanged']:,} unchanged, "
        f"{facts['to_forget']:,} to forget or follow, "
        + (f"{missing:,} to keep as missing, " if missing else "")
        + f"{facts['failed']:,} failed; "
        "nothing was changed"
    )


def _summarise(
    name: str, counts: RunCounts, failures: list[Failure], took_s: float, as_json: bool
) -> None:
    if as_json:
        from dataclasses import asdict

        event = {"event": "done", "collection": name, **asdict(counts), "took_s": round(took_s, 2)}
        click.echo(json_text(event))
        return
    for failure in failures[:SHOWN]:
        click.secho(f"failed: {one_line(printable(failure.detail))}", fg="red", err=True)
    if len(failures) > SHOWN:
        more = f": limn failures {shell_word(name)}" if counts.found > counts.failed else ""
        click.echo(f"and {len(failures) - SHOWN:,} more{more}", err=True)
    moved_text = f"{counts.moved:,} moved, " if counts.moved else ""
    missing = f"{counts.missing:,} missing, " if counts.missing else ""
    click.echo(
        f"{printable(name)}: {counts.added:,} added, {counts.changed:,} changed, {moved_text}"
        f"{counts.unchanged:,} unchanged, {counts.removed:,} removed, {missing}"
        f"{counts.failed:,} failed, in {took_s:.1f} s"
    )
    if counts.missing:
        click.echo(
            "missing pictures are kept, and shown again once their files are back; "
            f"see: limn info {shell_word(name)}",
            err=True,
        )
