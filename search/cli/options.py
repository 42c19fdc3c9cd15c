"""Options that several commands share."""

from dataclasses import replace
from typing import Any

import click

from search.packages import plugins
from search.query.limits import SIGNAL_NAMES
from search.query.sorting import RELEVANCE, STRICTNESS
from search.settings import Settings, memory_size


class StoreName(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 alone
    """The name of a registered store, as an argument of `--store`."""

    name = "store"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names as help shows them."""
        return f"[{'|'.join(plugins.choices('stores'))}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return a name that a store covers; fail with the choices."""
        if plugins.find("stores", value) is None:
            names = ", ".join(map(repr, plugins.choices("stores")))
            self.fail(f"{value!r} is not one of {names}.", param, ctx)
        return value


def store_options(command: Any) -> Any:
    """Add the options of every command that opens an index; `settings_with` reads them."""
    memory = "What an index may take: 512M, 2G.  [default: LIMN_MEMORY]"
    store = "How vectors are searched.  [default: LIMN_STORE]"
    command = click.option("--memory", help=memory)(command)
    return click.option("--store", type=StoreName(), help=store)(command)


def mark_options(command: Any) -> Any:
    """Return the options that mark pictures; `search.cli.picture_names` resolves their values."""
    more = (
        "A picture as wanted, more like this: its id (412), its place in the last answer (@1), or "
        "its file. May be repeated."
    )
    less = "A picture as not wanted, less like this. May be repeated."
    command = click.option("--less", multiple=True, metavar="PICTURE", help=less)(command)
    return click.option("--more", multiple=True, metavar="PICTURE", help=more)(command)


def answer_options(command: Any) -> Any:
    """Return the options of every command that prints hits."""
    options = (
        click.option("-k", "k", default=20, show_default=True, help="How many pictures to return."),
        click.option("--page", default=1, show_default=True, help="Which page of -k pictures."),
        click.option(
            "--collection", "-c", "collections", multiple=True, help="Search only this collection."
        ),
        click.option(
            "--in",
            "folder",
            metavar="FOLDER",
            help="Bring a folder up to date, and search it alone; '.' is this one.",
        ),
        click.option(
            "--where", "-w", help='Only pictures that pass: "date >= 2021 and camera ~ canon".'
        ),
        click.option(
            "--by",
            multiple=True,
            type=click.Choice(SIGNAL_NAMES),
            help="A signal to rank by; may be repeated.  [default: all]",
        ),
        click.option(
            "--cutoff",
            type=float,
            is_flag=False,
            flag_value=0.5,
            default=0.0,
            help="Leave out hits with less confidence, 0 to 1; 0.5 if no number is given.",
        ),
        click.option(
            "--strictness",
            type=click.Choice(STRICTNESS),
            help="How sure a hit must be: a cutoff of 0.5, 0.25 or 0.1, with the count of each.",
        ),
        click.option(
            "--sort",
            default=RELEVANCE,
            show_default=True,
            metavar="FIELD",
            help="Sort the hits that are sure enough: date, -date for the newest first, name, "
            "size, or another fact or column.",
        ),
        mark_options,
        click.option("--fold", is_flag=True, help="Show near-duplicates as one hit with a count."),
        click.option(
            "--diverse",
            type=float,
            is_flag=False,
            flag_value=0.3,
            default=0.0,
            help="Prefer hits unlike each other, 0 to 1; 0.3 if no number is given.",
        ),
        click.option("--explain", is_flag=True, help="Show what matched, and each part's share."),
        store_options,
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
        click.option("--open", "show", is_flag=True, help="Show the pictures in the browser."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings_with(store: str | None, memory: str | None) -> Settings:
    """Return the settings, with the values of --store and --memory in place of theirs."""
    settings = Settings.from_environment()
    if store is not None:
        settings = replace(settings, store=store)
    if memory is not None:
        settings = replace(settings, memory_bytes=memory_size("--memory", memory))
    return settings
