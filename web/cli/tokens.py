"""The command `limn token`: tokens for a server that other machines can reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast, get_args

import click

from search.catalog.records import Scope
from search.cli.output import as_document
from search.text.printable import one_line

if TYPE_CHECKING:
    from search.catalog.tokens import Tokens


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of `limn serve --host`."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(get_args(Scope)),
    default="read",
    show_default=True,
    help="read looks; write changes collections too; admin looks after the server too.",
)
def create(name: str, scope: str) -> None:
    """Make a token NAME and print its secret, once: only a hash of it is kept."""
    with _tokens() as tokens:
        click.echo(tokens.create(name, cast(Scope, scope)))
    click.echo("Keep it now: it can't be shown again.", err=True)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List the tokens, without their secrets."""
    with _tokens() as tokens:
        all_tokens = tokens.all()
    if as_json:
        rows = [{"name": t.name, "scope": t.scope, "created_at": t.created_at} for t in all_tokens]
        click.echo(as_document(rows))
    elif not all_tokens:
        click.echo("no token yet; make one with: limn token create NAME", err=True)
    for each in () if as_json else all_tokens:
        click.echo(f"{one_line(each.name)}  {each.scope}  {each.created_at}")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Refuse the token NAME from now on, running servers included."""
    with _tokens() as tokens:
        tokens.revoke(name)
    click.echo(f"revoked {one_line(name)}")


@contextmanager
def _tokens() -> "Iterator[Tokens]":
    from search.catalog.catalog import open_catalog
    from search.settings import Settings

    with open_catalog(Settings.from_environment().database) as catalog:
        yield catalog.tokens
