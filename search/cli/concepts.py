"""`limn concept`: marks and terms saved by name, to search by and to share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from search.catalog.records import Concept
from search.cli.options import mark_options
from search.cli.output import as_document
from search.cli.search import terms_of
from search.errors import BadQuery, BadSource, NameTaken, StorageFailed, system_reason
from search.query.records import Query
from search.settings import Settings
from search.text.printable import one_line, printable


@click.group()
def concept() -> None:
    """Keep marks and words under a name; search them with: limn search concept:NAME"""  # noqa: D415 - a period would join NAME


@concept.command()
@click.argument("name")
@click.argument("words", nargs=-1)
@click.option("--text", "-t", "texts", multiple=True, help='More words, with a weight: "snow:0.5".')
@click.option("--minus", "-m", "minus", multiple=True, help="Words to lead away from.")
@mark_options
@click.option("--collection", "-c", "collections", multiple=True, help="Where it is to be found.")
@click.option("--replace", is_flag=True, help="Take the place of a concept of that name.")
def save(
    name: str,
    words: tuple[str, ...],
    texts: tuple[str, ...],
    minus: tuple[str, ...],
    more: tuple[str, ...],
    less: tuple[str, ...],
    collections: tuple[str, ...],
    replace: bool,
) -> None:
    """Keep WORDS and marked pictures as the concept NAME."""
    from search.bootstrap import open_engine
    from search.cli.picture_names import NamedPictures
    from search.concepts import keep

    settings = Settings.from_environment()
    terms = tuple(terms_of(words, texts, (), minus))
    if not terms and not more and not less:
        raise BadQuery(
            "concept-empty", "there is nothing to keep; give words, or pictures with --more PICTURE"
        )
    with open_engine(settings) as engine, _saying_how_to_replace(name):
        pictures = NamedPictures(engine.catalog, settings.data_dir, collections)
        marks = pictures.ids("--more", more), pictures.ids("--less", less)
        query = Query(terms, collections, more=marks[0], less=marks[1])
        concept = keep(engine, name, query, replace)
    click.echo(f"kept {_summary(concept)}; search it with: limn search concept:{name}")


@concept.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> None:
    """List the concepts."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        concepts = engine.catalog.concepts.all()
    if as_json:
        click.echo(as_document([_json(concept) for concept in concepts]))
    elif not concepts:
        click.echo("no concept yet; keep one with: limn concept save NAME --more PICTURE", err=True)
    for concept in () if as_json else concepts:
        click.echo(_summary(concept))


@concept.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(name: str, as_json: bool) -> None:
    """Show what the concept NAME is made of."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        concept = engine.catalog.concepts.one(name)
    if as_json:
        click.echo(as_document(_json(concept)))
        return
    for term in concept.words:
        click.echo(f"words  {term.weight:g}  {one_line(term.text)}")
    for mark in concept.marks:
        click.echo(f"{'more' if mark.more else 'less'}   {one_line(printable(mark.file))}")
    for space_id in concept.vectors:
        click.echo(f"space  {space_id}")


@concept.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget the concept NAME; no picture is touched."""
    from search.bootstrap import open_engine

    with open_engine(Settings.from_environment()) as engine:
        engine.catalog.concepts.remove(name)
    click.echo(f"removed {name}")


@concept.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(name: str, file: Path | None) -> None:
    """Write the concept NAME to FILE, or to stdout, for another catalog to import."""
    from msgspec import to_builtins

    from search.bootstrap import open_engine
    from search.concepts import export_concept

    with open_engine(Settings.from_environment()) as engine:
        document = export_concept(engine.catalog.concepts.one(name))
    text = as_document(to_builtins(document))
    if file is None:
        click.echo(text)
        return
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageFailed(
            "concept-file-unwritable",
            "can't write {file!r}: {reason}",
            file=str(file),
            reason=system_reason(error),
        ) from error
    click.echo(f"wrote {one_line(printable(str(file)))}", err=True)


@concept.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Take the place of a concept of that name.")
def import_(file: Path, replace: bool) -> None:
    """Take the concept of FILE, which another catalog exported."""
    from search.bootstrap import open_engine
    from search.concepts import read_concept

    try:
        text = file.read_bytes()
    except OSError as error:
        raise BadSource(
            "concept-file-unreadable",
            "can't read {file!r}: {reason}",
            file=str(file),
            reason=system_reason(error),
        ) from error
    concept = read_concept(text)
    with open_engine(Settings.from_environment()) as engine, _saying_how_to_replace(concept.name):
        engine.catalog.concepts.keep(concept, replace)
        spaces = {collection.space.id for collection in engine.collections()}
    if spaces and not spaces & set(concept.vectors):
        click.echo(
            "it was made with another encoder than those here; where its pictures are indexed it "
            "is made again of them",
            err=True,
        )
    click.echo(f"took {_summary(concept)}")


@contextmanager
def _saying_how_to_replace(name: str) -> Iterator[None]:
    """Name the option that replaces a concept, if the name of a new one is taken."""
    try:
        yield
    except NameTaken as error:
        raise NameTaken(
            "concept-name-taken-import",
            "there is a concept {name!r} already; give --replace to put this one in its place, "
            "or choose another name",
            name=name,
        ) from error


def _summary(concept: Concept) -> str:
    more = sum(mark.more for mark in concept.marks)
    words = " ".join(term.text for term in concept.words)
    parts = [f"{more} more, {len(concept.marks) - more} less"] if concept.marks else []
    parts += [one_line(words[:60])] if words else []
    return "  ".join([concept.name, *parts])


def _json(concept: Concept) -> dict[str, object]:
    return {
        "name": concept.name,
        "words": [{"text": term.text, "weight": term.weight} for term in concept.words],
        "marks": [
            {"content_hash": mark.content_hash, "more": mark.more, "file": printable(mark.file)}
            for mark in concept.marks
        ],
        "spaces": sorted(concept.vectors),
        "created_at": concept.created_at,
    }
