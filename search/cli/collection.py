"""`limn collections`, `info`, `plan`, `remove` and `db`: show and maintain the collections."""

import sys

import click

from search.cli.options import settings_with, store_options
from search.cli.output import as_document
from search.errors import shell_word
from search.packages.editions import in_words
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import one_line, printable

# `limn failures` lists all failures; elsewhere a few examples are shown.
FAILURES_SHOWN = 10


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def collections(as_json: bool) -> None:
    """List the collections."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        summaries = engine.summaries()
    if as_json:
        from msgspec import to_builtins

        from search.documents.from_records import collection_document

        click.echo(
            as_document([to_builtins(collection_document(summary)) for summary in summaries])
        )
    elif not summaries:
        click.echo("no collection yet; make one with: limn index PATH", err=True)
    for summary in () if as_json else summaries:
        click.echo(
            f"{printable(summary.name)}  {amount(summary.pictures, 'picture')}  "
            f"{amount(summary.captions, 'caption')}  {in_words(summary.space.encoder)}"
        )


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def info(name: str, as_json: bool) -> None:
    """Show what collection NAME holds, and the files that could not be indexed."""
    from msgspec import to_builtins

    from search.bootstrap import open_engine
    from search.cli.facet_summary import summed_up
    from search.documents.from_facets import facets_document
    from search.documents.from_records import collection_document

    with open_engine(Settings.from_environment()) as engine:
        [summary] = engine.summaries([name])
        collection = engine.catalog.collections.one(name)
        failures = engine.catalog.failures.of(collection.id)
        missing = list(engine.catalog.files(collection).missing_folders().items())
        facets = engine.facets([name])
        plan = engine.plan(collection)
    facts = to_builtins(collection_document(summary))
    failed_files = [
        {"path": printable(str(failure.path)), "reason": failure.reason, "detail": failure.detail}
        for failure in failures
    ]
    if as_json:
        details = {
            "store": plan.to_document(),
            "facets": to_builtins(facets_document(facets)),
            "failed_files": failed_files,
            "missing_folders": [
                {"path": printable(str(folder)), "pictures": number} for folder, number in missing
            ],
        }
        click.echo(as_document({**facts, **details}))
        return
    facts["encoder"] = in_words(summary.space.encoder)
    second = summary.second
    if second is not None:
        facts["second"] = f"{printable(in_words(second.space.encoder))}, {second.state}"
    for key, value in facts.items():
        click.echo(f"{key:<12} {value if value is not None else '-'}")
    click.echo(f"{'store':<12} {plan.store}")
    for reason in plan.reasons:
        click.echo(f"{'':<12} {reason}")
    for what, text in summed_up(facets):
        click.echo(f"{what:<12} {one_line(printable(text))}")
    word = shell_word(name)
    for folder, number in missing[:FAILURES_SHOWN]:
        click.echo(f"missing      {one_line(printable(str(folder)))}: {amount(number, 'picture')}")
    if missing:
        click.echo(f"{'':<12} they are back once their files are; or: limn forget-missing {word}")
    for file in failed_files[:FAILURES_SHOWN]:
        click.echo(f"failed       {one_line(file['path'])}: {file['reason']}")
    if len(failed_files) > FAILURES_SHOWN:
        click.echo(
            f"{'':<12} and {len(failed_files) - FAILURES_SHOWN:,} more: limn failures {word}"
        )


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@store_options
def plan(name: str, as_json: bool, store: str | None, memory: str | None) -> None:
    """Measure how collection NAME is best searched, and build it; a server does so by itself."""
    from search.bootstrap import open_engine

    with open_engine(settings_with(store, memory)) as engine:
        collection = engine.catalog.collections.one(name)
        result = engine.plan(collection, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(as_document(result.to_document()))
        return
    click.echo(result.store)
    for reason in result.reasons:
        click.echo(f"  {reason}")


@click.command()
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Forget collection NAME. The picture files stay as they are."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        [summary] = engine.summaries([name])
        if not yes and sys.stdin.isatty():
            click.confirm(
                f"Forget {name!r} with its {amount(summary.pictures, 'picture')} (files stay)?",
                abort=True,
            )
        engine.remove(name)
    pictures = amount(summary.pictures, "picture")
    click.echo(f"removed {printable(name)}: {pictures} forgotten, no file touched")


@click.command("forget-missing")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def forget_missing(name: str, yes: bool) -> None:
    """Forget the pictures of collection NAME whose files are missing.

    A picture is missing when the folder that it was in is gone or empty, as it is while a disk or
    a share is away.
    """
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        [summary] = engine.summaries([name])
        if not summary.missing:
            click.echo(f"no picture of {printable(name)} is missing", err=True)
            return
        if not yes and sys.stdin.isatty():
            click.confirm(
                f"Forget {amount(summary.missing, 'missing picture')} of {name!r}?", abort=True
            )
        count = engine.forget_missing(name)
    click.echo(f"forgot {amount(count, 'missing picture')} of {printable(name)}")


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema; every command does so by itself."""
    from search.catalog.catalog import open_catalog

    with open_catalog(Settings.from_environment().database) as catalog:
        click.echo(f"the database {catalog.label} is at schema {catalog.revision}")
