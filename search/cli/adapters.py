"""`limn adapter`: the adapters trained on marks, listed, turned on and off, removed."""

import click

from search.cli.output import as_document
from search.settings import Settings


@click.group()
def adapter() -> None:
    """Look after what `limn train --from-feedback` has learned."""


@adapter.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List the adapters, with the collections that they are of."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        adapters = engine.catalog.adapters.all()
    if as_json:
        rows = [
            {
                "collection": adapter.collection,
                "space": adapter.space_id,
                "enabled": adapter.enabled,
                "made_at": adapter.made_at,
                **{key: value for key, value in adapter.facts.items() if key != "collection"},
            }
            for adapter in adapters
        ]
        click.echo(as_document(rows))
    elif not adapters:
        click.echo("no adapter yet; train one with: limn train --from-feedback", err=True)
    for adapter in () if as_json else adapters:
        click.echo(f"{adapter.collection}  {'on' if adapter.enabled else 'off'}  {adapter.made_at}")


@adapter.command()
@click.argument("name")
def on(name: str) -> None:
    """Use the adapter of collection NAME."""
    _turn(name, True)


@adapter.command()
@click.argument("name")
def off(name: str) -> None:
    """Search collection NAME without its adapter, which is kept."""
    _turn(name, False)


@adapter.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget the adapter of collection NAME; the marks are kept."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        engine.catalog.adapters.remove(name)
    click.echo(f"removed the adapter of {name}")


def _turn(name: str, enabled: bool) -> None:
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        engine.catalog.adapters.turn(name, enabled)
    click.echo(f"the adapter of {name} is {'on' if enabled else 'off'}")
