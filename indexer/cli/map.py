"""The command that makes the map of a collection: `limn map`."""

import json
import sys
import time

import click

from indexer.cli.ending import end_in_order
from search.cli.waiting import announce_wait
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import one_line, printable

STOPPED = "stopped; the map that was there before is kept"


@click.command(name="map")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the regions as JSON, one a line.")
def make(name: str, as_json: bool) -> None:
    """Lay out collection NAME in two dimensions, for its map on the page, and print its regions."""
    from dataclasses import asdict

    from indexer.mapping.make import check_packages, make_map
    from search.bootstrap import open_engine

    check_packages()
    end_in_order(STOPPED)
    began = time.monotonic()
    with open_engine(Settings.from_environment()) as engine:
        collection = engine.catalog.collections.one(name)
        try:
            with announce_wait(
                f"laying out {amount(engine.summaries([name])[0].pictures, 'picture')}"
            ):
                picture_map = make_map(engine, collection, _report)
        except KeyboardInterrupt:
            click.echo(STOPPED, err=True)
            sys.exit(1)
    for region in picture_map.regions:
        if as_json:
            click.echo(json.dumps(asdict(region), ensure_ascii=False))
        elif region.level == 0:
            click.echo(f"{region.pictures:>8,}  {one_line('  '.join(region.names.values()))}")
    took_s = time.monotonic() - began
    click.echo(
        f"{printable(name)}: {amount(len(picture_map.ids), 'picture')} laid out in {took_s:.1f} s",
        err=True,
    )


def _report(share: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{share:4.0%}", err=True, nl=share >= 1)
