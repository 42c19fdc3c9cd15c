"""The commands that read collections: `limn index` and `limn demo`."""

import signal
import sys
import time
from pathlib import Path

import click

from search.cli import one_line, print_hits
from search.engine import Engine
from search.errors import BadSetting, BadSource
from search.records import Counts, Failure, Query, TextTerm
from search.settings import Settings, user_path
from search.wire import printable

# Failures and notes shown after a run; `limn info` shows all failures.
SHOWN = 10


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--collection", "-c", "name", help="Its name; otherwise the folder's own.")
@click.option("--encoder", "-e", help="The encoder pair of a new collection; default: builtin.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that decode pictures.")
def index(path: Path, name: str | None, encoder: str | None, workers: int | None) -> None:
    """Index the pictures in PATH, a folder or a picture, with the captions that stand there.

    Captions come from captions.csv or captions.tsv (columns image and caption), from a text file
    beside a picture (1.jpg, 1.txt), and from the pictures' own EXIF, IPTC and XMP descriptions.
    Run it again at any time: unchanged files are passed over, new and changed ones are read, those
    that are gone are forgotten.
    """
    from search.bootstrap import open_engine

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        index_folder(engine, settings, path, name, encoder, workers)


@click.command()
@click.argument("pictures", type=click.Path(path_type=Path), required=False)
def demo(pictures: Path | None) -> None:
    """Index the demo pictures, or the folder PICTURES, and answer three queries."""
    from indexer.demo import DEMO_QUERIES, collect_demo
    from search.bootstrap import open_engine

    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        folder = pictures or collect_demo(settings.data_dir / "demo-pictures")
        name = collection_name(user_path(pictures)) if pictures else "demo"
        index_folder(engine, settings, folder, name)
        for text in DEMO_QUERIES:
            click.secho(f'\nlimn search "{text}" -k 3', bold=True)
            print_hits(engine.search(Query((TextTerm(text),), (name,), k=3)))


def index_folder(
    engine: Engine,
    settings: Settings,
    path: Path,
    name: str | None = None,
    encoder: str | None = None,
    workers: int | None = None,
) -> None:
    """Scan and index a path, showing progress, and print what became of its files.

    Raises:
        BadSource: there is nothing to index, or nothing of it could be read.
    """
    from indexer.pipeline import index as run_index
    from indexer.progress import open_progress
    from indexer.sources.folder import scan_folder

    began = time.monotonic()
    path = user_path(path)
    name = name if name is not None else collection_name(path)
    check_name(name)
    scan = scan_folder(path, _outermost(engine, name, path))
    for note in scan.notes[:SHOWN]:
        click.echo(one_line(printable(note)), err=True)
    pair = engine.encoder(_wanted_encoder(engine, settings, name, encoder))
    try:
        with open_progress() as progress:
            collection, counts = run_index(
                engine.catalog,
                name,
                scan,
                pair,
                workers=workers or settings.workers,
                limits=engine.limits,
                progress=progress,
            )
    except KeyboardInterrupt:
        click.echo("stopped; what was read is kept: run the command again to go on", err=True)
        sys.exit(1)
    engine.store(collection)
    failures = engine.catalog.failures(collection.id, scan.root)
    _summarise(name, counts, failures, time.monotonic() - began)
    if not counts.added + counts.changed + counts.unchanged:
        raise BadSource(f"none of the {counts.found:,} files in {str(path)!r} could be read")


def collection_name(path: Path) -> str:
    """The name of a collection that was given none: its folder's."""
    return printable(path.name) or "pictures"


def _outermost(engine: Engine, name: str, path: Path) -> Path | None:
    """The highest folder above `path` that its collection was indexed from: captions files there
    name these pictures too.
    """
    above = [source for source in engine.catalog.sources(name) if source in path.parents]
    return min(above, key=lambda source: len(source.parts), default=None)


def check_name(name: str) -> None:
    """Raise BadSetting for a name that could not be typed or would break a line or an address."""
    if not name.strip() or len(name) > 200 or not name.isprintable() or "/" in name:
        raise BadSetting(
            f"{name[:200]!r} can't name a collection; a name has 1 to 200 printable characters "
            "and no slash. Give another with --collection"
        )


def _wanted_encoder(engine: Engine, settings: Settings, name: str, asked: str | None) -> str:
    """The encoder that was asked for; otherwise the collection's own; otherwise the default."""
    held = {each.name: each.space.encoder for each in engine.catalog.collections()}
    return asked or held.get(name) or settings.encoder


def _summarise(name: str, counts: Counts, failures: list[Failure], took_s: float) -> None:
    for failure in failures[:SHOWN]:
        click.secho(f"failed: {one_line(printable(failure.detail))}", fg="red", err=True)
    if len(failures) > SHOWN:
        click.echo(f"and {len(failures) - SHOWN:,} more: limn info {name}", err=True)
    click.echo(
        f"{printable(name)}: {counts.added:,} added, {counts.changed:,} changed, "
        f"{counts.unchanged:,} unchanged, {counts.removed:,} removed, "
        f"{counts.failed:,} failed, in {took_s:.1f} s"
    )
