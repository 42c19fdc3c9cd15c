"""`limn mark`: what answers a question and what does not, kept for training."""

from dataclasses import asdict

import click

from search.cli import as_document, one_line, terms_of
from search.errors import BadQuery
from search.records import Query
from search.settings import Settings


@click.group()
def mark() -> None:
    """Keep what answers a question well: limn train --from-feedback learns from it."""


@mark.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--more", multiple=True, type=click.IntRange(1), help="A picture's id: it answers.")
@click.option("--less", multiple=True, type=click.IntRange(1), help="A picture's id: it does not.")
def add(words: tuple[str, ...], more: tuple[int, ...], less: tuple[int, ...]) -> None:
    """Keep that pictures answer WORDS, or do not. Marked again, a picture changes sides."""
    from search.bootstrap import open_engine
    from search.query import check_marks

    query = Query(tuple(terms_of(words, (), (), (), ())), more=more, less=less)
    if not more and not less:
        raise BadQuery("nothing is marked; name pictures with --more ID or --less ID")
    check_marks(query)
    with open_engine(Settings.from_environment()) as engine:
        stored = engine.catalog.marks.store(query)
    click.echo(f"kept {stored} marks for {one_line(' '.join(words))}")


@mark.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List the marks that are kept, here and from the page, the first made first."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        found = engine.catalog.marks.all()
    if as_json:
        click.echo(as_document([asdict(each) for each in found]))
    elif not found:
        click.echo("no mark yet; keep one with: limn mark add WORDS --more ID", err=True)
    for each in () if as_json else found:
        side = "more" if each.more else "less"
        click.echo(f"{side}  {each.content_hash[:12]}  {one_line(each.words)}")


@mark.command()
@click.argument("words", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every mark there is.")
def forget(words: tuple[str, ...], every: bool) -> None:
    """Forget the marks made in answer to WORDS."""
    from search.bootstrap import open_engine

    if bool(words) == every:
        raise BadQuery("name the words whose marks to forget, or give --all")
    with open_engine(Settings.from_environment()) as engine:
        gone = engine.catalog.marks.forget(None if every else " ".join(words))
    click.echo(f"forgot {gone} marks")
