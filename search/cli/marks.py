"""`limn mark`: marks of pictures for a query, saved for training."""

from dataclasses import asdict

import click

from search.cli.options import mark_options
from search.cli.output import as_document
from search.cli.search import terms_of
from search.errors import BadQuery
from search.query.records import Query
from search.settings import Settings
from search.text.amounts import amount
from search.text.printable import one_line, printable


@click.group()
def mark() -> None:
    """Keep what answers a question well: limn train --from-feedback learns from it."""


@mark.command()
@click.argument("words", nargs=-1, required=True)
@mark_options
def add(words: tuple[str, ...], more: tuple[str, ...], less: tuple[str, ...]) -> None:
    """Keep that pictures answer WORDS, or do not. Marked again, a picture changes sides.

    \b
    limn search "a dog runs on the beach"
    limn mark add "a dog runs on the beach" --more @1 --less @4
    """
    from search.bootstrap import open_engine
    from search.cli.picture_names import NamedPictures
    from search.query.checks import check_marks

    if not more and not less:
        raise BadQuery(
            "marks-needed", "nothing is marked; name pictures with --more PICTURE or --less PICTURE"
        )
    settings = Settings.from_environment()
    with open_engine(settings) as engine:
        pictures = NamedPictures(engine.catalog, settings.data_dir)
        query = Query(
            tuple(terms_of(words, (), (), ())),
            more=pictures.ids("--more", more),
            less=pictures.ids("--less", less),
        )
        check_marks(query)
        count = engine.catalog.marks.store(query)
    click.echo(f"kept {amount(count, 'mark')} for {one_line(' '.join(words))}")


@mark.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List the marks that are kept, here and from the page, the first made first."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        marks = engine.catalog.marks.all()
        paths = engine.catalog.pictures.paths_of([mark.content_hash for mark in marks])
    files = {content_hash: printable(str(path)) for content_hash, path in paths.items()}
    if as_json:
        rows = [{**asdict(mark), "file": files.get(mark.content_hash)} for mark in marks]
        click.echo(as_document(rows))
    elif not marks:
        click.echo("no mark yet; keep one with: limn mark add WORDS --more PICTURE", err=True)
    for mark in () if as_json else marks:
        side = "more" if mark.more else "less"
        file = files.get(mark.content_hash, f"no longer indexed ({mark.content_hash[:12]})")
        click.echo(f"{side}  {one_line(file)}  {one_line(mark.words)}")


@mark.command()
@click.argument("words", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every mark there is.")
def forget(words: tuple[str, ...], every: bool) -> None:
    """Forget the marks made in answer to WORDS."""
    from search.bootstrap import open_engine

    if bool(words) == every:
        raise BadQuery("words-needed", "name the words whose marks to forget, or give --all")
    with open_engine(Settings.from_environment()) as engine:
        count = engine.catalog.marks.forget(None if every else " ".join(words))
    if not count and not every:
        click.echo("no mark was made with these words; see: limn mark list", err=True)
    click.echo(f"forgot {amount(count, 'mark')}")
