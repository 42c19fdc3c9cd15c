"""The command that reads the text in a collection's pictures: `limn read`."""

import click

from search.catalog.catalog import Catalog
from search.errors import shell_word
from search.records import Collection
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import one_line, printable

# Pictures that could not be read, of which the command tells.
SHOWN = 10


@click.command()
@click.argument("name")
@click.option("--retry", is_flag=True, help="Try pictures again that could not be read.")
@click.option("--every", is_flag=True, help="Read those too that look like they hold no text.")
@click.option("--detach", is_flag=True, help="Return at once; limn jobs shows how far it is.")
def read(name: str, retry: bool, every: bool, detach: bool) -> None:
    """Read the text in the pictures of collection NAME, so that its words are found.

    Signs, pages, screens, labels: English, Chinese and other Latin scripts, at any quarter turn.
    A picture is read once; run it again after indexing, or let limn index do so, which it does by
    itself. The work goes on in the background at a low priority, also when this command is
    stopped.
    """
    from indexer.cli.follow_job import run_and_follow, start_detached
    from indexer.indexing.text_job import TextRequest, ask_to_read
    from indexer.text_reading.recogniser import check_installed, reader_version
    from search.bootstrap import open_engine

    check_installed()
    with open_engine(Settings.from_environment()) as engine:
        catalog = engine.catalog
        collection = catalog.collections.one(name)
        job_id = ask_to_read(catalog, TextRequest(collection.name, retry, every))
        if detach:
            start_detached(job_id)
            return
        run_and_follow(catalog, job_id)
        _report(catalog, collection, reader_version())


def _report(catalog: Catalog, collection: Collection, reader: str) -> None:
    """Say how many pictures hold text, and which could not be read."""
    counts = catalog.text.counts(collection, reader)
    failures = catalog.text.failures(collection)
    for _, detail in failures[:SHOWN]:
        click.secho(f"not read: {one_line(printable(detail))}", fg="red", err=True)
    if len(failures) > SHOWN:
        click.echo(f"and {len(failures) - SHOWN:,} more", err=True)
    name = shell_word(collection.name)
    click.echo(f"{printable(collection.name)}: {amount(counts.with_text, 'picture')} with text")
    if failures:
        click.echo(f"try those again with: limn read {name} --retry", err=True)
