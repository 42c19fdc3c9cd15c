"""The `limn` command: its group, what it says when something is wrong, and the search commands."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from search.cli.waiting import saying
from search.documents.from_records import hit_json, json_text, printable
from search.documents.from_records import one_line as one_line  # what every command prints names by
from search.errors import BadQuery, BadSetting, LimnError
from search.records import (
    EVERY_EVIDENCE,
    Evidence,
    Hit,
    PictureTerm,
    Query,
    Term,
)
from search.settings import STORES, Settings, memory_size

# Wrong words on the command line; every other error of ours means that the work failed.
MISUSE = (BadQuery, BadSetting)


class Commands(click.Group):
    """The commands of this file, and those that installed packages name as entry points.

    A command's module is imported when the command is used, so that `limn search` waits for
    nothing that only `limn train` needs.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and exit; what click finds wrong is told as our own errors are."""
        run: Any = partial(super().main, args, prog_name, complete_var, **extra)
        if not standalone_mode:
            return run(standalone_mode=False)
        try:
            code: Any = run(standalone_mode=False)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            if isinstance(error, click.UsageError) and error.ctx is not None:
                help_line = f"Try '{error.ctx.command_path} -h' for help."
                click.echo(f"{error.ctx.get_usage()}\n{help_line}\n", err=True)
            say_error(error.format_message())
            sys.exit(error.exit_code)
        except click.Abort:
            say_error("stopped")
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._installed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        installed = self._installed().get(cmd_name)
        if own is not None or installed is None:
            return own
        command: click.Command = installed.load()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LimnError as error:
            say_error(str(error))
            ctx.exit(2 if isinstance(error, MISUSE) else 1)
        except OSError as error:  # everything else that touches the system translates its errors
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has seen enough
                ctx.exit(0)
            say_error(f"can't write the answer: {error}")
            ctx.exit(1)

    def _installed(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group="limn.commands")}


def say_error(message: str) -> None:
    """Write an error to stderr, under the program's name as all others."""
    told = "\n".join(one_line(printable(each)) for each in message.split("\n"))
    click.secho(f"limn: {told}", fg="red", err=True)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from search.installing import version

        click.echo(f"limn, version {version()}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Find pictures by what they show: by words, by other pictures, or by both.

    \b
    limn index ~/Pictures --collection pictures
    limn search "a dog runs on the beach"
    limn serve
    """


def store_options(command: Any) -> Any:
    """The options of every command that opens an index; `settings_with` takes what they say."""
    memory = "What an index may take: 512M, 2G.  [default: LIMN_MEMORY]"
    store = "How vectors are searched.  [default: LIMN_STORE]"
    command = click.option("--memory", help=memory)(command)
    return click.option("--store", type=click.Choice(STORES), help=store)(command)


def mark_options(command: Any) -> Any:
    """The options that mark pictures; `search.cli.picture_names` resolves what they name."""
    more = (
        "A picture as wanted, more like this: its id (412), its place in the last answer (@1), or "
        "its file. May be repeated."
    )
    less = "A picture as not wanted, less like this. May be repeated."
    command = click.option("--less", multiple=True, metavar="PICTURE", help=less)(command)
    return click.option("--more", multiple=True, metavar="PICTURE", help=more)(command)


def answer_options(command: Any) -> Any:
    """The options of every command that prints hits."""
    options = (
        click.option("-k", "k", default=20, show_default=True, help="How many pictures to return."),
        click.option("--page", default=1, show_default=True, help="Which page of -k pictures."),
        click.option(
            "--collection", "-c", "collections", multiple=True, help="Search only this collection."
        ),
        click.option(
            "--where", "-w", help='Only pictures that pass: "date >= 2021 and camera ~ canon".'
        ),
        click.option(
            "--by",
            multiple=True,
            type=click.Choice(EVERY_EVIDENCE),
            help="What may speak for a picture; may be repeated.  [default: all]",
        ),
        click.option(
            "--cutoff",
            type=float,
            is_flag=False,
            flag_value=0.5,
            default=0.0,
            help="Leave out hits that are less sure than this, 0 to 1; 0.5 if no number is given.",
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


@main.command()
@click.argument("words", nargs=-1)
@click.option(
    "--text",
    "-t",
    "texts",
    multiple=True,
    help='More words, with a weight: "snow:0.5"; words that hold a colon want one: "16:9:1".',
)
@click.option(
    "--image",
    "-i",
    "images",
    multiple=True,
    help="A picture to search by: me.jpg, me.jpg:0.5, or a part, in percent: me.jpg@0,0,50,100.",
)
@click.option(
    "--id",
    "ids",
    multiple=True,
    metavar="PICTURE",
    help="An indexed picture to search by: its id (412), its place in the last answer (@1), or "
    "its file; with a weight, 412:0.5.",
)
@click.option(
    "--minus", "-m", "minus", multiple=True, help='Words to lead away from: people, "people:0.8".'
)
@answer_options
def search(
    words: tuple[str, ...],
    texts: tuple[str, ...],
    images: tuple[str, ...],
    ids: tuple[str, ...],
    minus: tuple[str, ...],
    **options: Any,
) -> None:
    """Find pictures by WORDS, by pictures, or by several of each with weights.

    `concept:NAME` among the words is a concept that was kept; so it is in --text and --minus.
    With nothing to search by, --where or --collection shows pictures, the newest first.
    """
    _answer(terms_of(words, texts, images, minus), ids, **options)


@main.command()
@click.argument("photo")
@answer_options
def similar(photo: str, **options: Any) -> None:
    """Find pictures that look like PHOTO, a file that need not be indexed.

    PHOTO may be an indexed picture's id, or its place in the last answer, such as @1.
    """
    from search.cli.picture_names import is_named

    if is_named(photo) and not os.path.exists(photo):
        _answer([], [photo], **options)
    else:
        _answer([PictureTerm(Path(photo))], **options)


def terms_of(
    words: Sequence[str], texts: Sequence[str], images: Sequence[str], minus: Sequence[str]
) -> list[Term]:
    """The terms of the options that name them; raises BadQuery for a weight that is none."""
    from search.query.checks import USUAL_MINUS, weighed, worded

    terms: list[Term] = worded(" ".join(words)) if words else []
    for text in texts:
        named, weight = weighed("--text", text)
        terms += worded(named, 1.0 if weight is None else weight)
    terms += [_picture_term(image) for image in images]
    for each in minus:
        named, weight = weighed("--minus", each)
        terms += worded(named, -(USUAL_MINUS if weight is None else weight))
    return terms


def settings_with(store: str | None, memory: str | None) -> Settings:
    """The settings, with what the options --store and --memory say instead."""
    settings = Settings.from_environment()
    if store is not None:
        settings = replace(settings, store=store)
    if memory is not None:
        settings = replace(settings, memory_bytes=memory_size("--memory", memory))
    return settings


def _picture_term(text: str) -> PictureTerm:
    from search.query.checks import CROP_LIKE, split_crop, split_weight

    form = "write me.jpg, me.jpg:0.5, me.jpg@0,0,50,100, or me.jpg@0,0,50,100:0.5"
    if _is_there(text):  # a name may end in a colon and a number
        return PictureTerm(Path(text))
    named, weight = split_weight(text)
    if _is_there(named):
        return PictureTerm(Path(named), weight)
    path, crop = split_crop(named)
    before, _, after = (path if crop else named).rpartition(":")
    if before and not set(after) & set("/\\") and _is_there(split_crop(before)[0]):
        raise BadQuery(f"--image is {text!r}, and {after!r} is no weight at its end; {form}")
    before, _, after = named.rpartition("@")
    if crop is None and before and (CROP_LIKE.fullmatch(after) or _is_there(before)):
        raise BadQuery(
            f"--image is {text!r}, and {after!r} is no part of a picture: its left, top, right and "
            f"bottom edges in whole percent; {form}"
        )
    return PictureTerm(Path(path), weight, crop)


def _is_there(name: str) -> bool:
    """Whether there is a file of that name, or a file that may hold a picture of that name."""
    from search.pictures.containers import container_of

    try:
        return os.path.exists(name) or container_of(Path(name)) is not None
    except (OSError, ValueError):  # no name that a file could have
        return False


def _answer(
    terms: Sequence[Term],
    ids: Sequence[str] = (),
    *,
    k: int,
    page: int,
    collections: tuple[str, ...],
    where: str | None,
    by: tuple[Evidence, ...],
    cutoff: float,
    fold: bool,
    diverse: float,
    more: tuple[str, ...],
    less: tuple[str, ...],
    explain: bool,
    store: str | None,
    memory: str | None,
    as_json: bool,
    show: bool,
) -> None:
    from search.bootstrap import open_engine
    from search.cli.picture_names import NamedPictures
    from search.filters.grammar import parse

    if page < 1:
        raise BadQuery(f"--page is {page}; pages begin at 1")
    settings = settings_with(store, memory)
    query = Query(
        terms=tuple(terms),
        collections=collections,
        k=k,
        offset=(page - 1) * k,
        where=None if where is None else parse(where),
        by=by or EVERY_EVIDENCE,
        cutoff=cutoff,
        fold=fold,
        diverse=diverse,
    )
    with open_engine(settings) as engine:
        named = NamedPictures(engine.catalog, settings.data_dir, collections)
        query = replace(
            query,
            terms=(*terms, *named.terms(ids)),
            more=named.ids("--more", more),
            less=named.ids("--less", less),
        )
        with saying("opening the encoder and the index"):
            answer = engine.answer(query)
        named.remember(answer.hits)  # before a reader such as `head` may end the command
        print_hits(answer.hits, as_json, explain)
        for cut in answer.cuts:
            click.echo(
                f"the encoder reads {cut.read:,} of the {cut.characters:,} characters of "
                f"{one_line(cut.text[:30])}...; say the rest as a term of its own, with --text",
                err=True,
            )
        for note in answer.notes:
            click.echo(one_line(note), err=True)
        if answer.hits and show:
            from search.cli.contact_sheet import write_sheet

            click.launch(write_sheet(answer.hits, engine.thumbnail).as_uri())


def print_hits(hits: Sequence[Hit], as_json: bool = False, explain: bool = False) -> None:
    """Print hits to stdout: rank, score (or else date), id and path a line, or a JSON document."""
    if as_json:
        click.echo(as_document([hit_json(hit) for hit in hits]))
        return
    for hit in hits:
        path = one_line(printable(str(hit.picture.path)))
        copies = f"  +{len(hit.copies)} alike" if hit.copies else ""
        caption = _told(hit)
        told = f"  {one_line(caption[:80])}" if caption else ""
        score = f"{hit.score:.3f}" if hit.measure != "none" else _day(hit)
        place = f"{hit.rank:>3}  {score}  {hit.picture.id:>6}"
        click.echo(f"{place}  {path}{copies}{click.style(told, dim=True)}")
        if explain:
            click.echo(f"{'':12}{_explained(hit)}")


def _day(hit: Hit) -> str:
    """The day on which the picture was taken, or a dash where that is not known."""
    return f"{(hit.picture.facts.taken_at or '-')[:10]:10}"


def _told(hit: Hit) -> str:
    """The caption that holds the words, or else the nearest, or else the picture's first."""
    matched = [match.caption for match in hit.matches if match.caption is not None]
    captions = matched[::-1] or list(hit.picture.facts.captions)
    return captions[0].text if captions else ""


def _explained(hit: Hit) -> str:
    parts = [f"{each.by} {each.score:.3f} ({each.share:.0%})" for each in hit.matches]
    sure = [] if hit.confidence is None else [f"sure to {hit.confidence:.2f}"]
    return ", ".join([*parts, *sure])


def as_document(value: Any) -> str:
    """A value as the one JSON document that a command prints."""
    return json_text(value, indent=2)
