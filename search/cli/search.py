"""The commands `limn search` and `limn similar`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from search.cli.options import answer_options, settings_with
from search.cli.output import counts_line, print_hits
from search.cli.waiting import announce_wait
from search.errors import BadQuery, shell_word
from search.query.limits import SIGNAL_NAMES, SignalName
from search.query.reading import Reading
from search.query.records import PictureTerm, Query, Term
from search.query.sorting import Strictness
from search.text.printable import one_line


@click.command()
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
    "--minus", "-m", "minus", multiple=True, help='What hits must not show: people, "people:0.3".'
)
@click.option("--plain", is_flag=True, help="Take all WORDS as words: read no date, no -beach.")
@click.option(
    "--plain-words",
    "plain_words",
    multiple=True,
    metavar="TEXT",
    help='A piece of WORDS that stays words: "2019". May be repeated.',
)
@answer_options
def search(
    words: tuple[str, ...],
    texts: tuple[str, ...],
    images: tuple[str, ...],
    ids: tuple[str, ...],
    minus: tuple[str, ...],
    plain: bool,
    plain_words: tuple[str, ...],
    **options: Any,
) -> None:
    """Find pictures by WORDS, by pictures, or by several of each with weights.

    Dates ("summer 2021"), minus words ("without people"), cameras and other pieces of WORDS are
    understood, and named on stderr; --plain takes them as words.

    `concept:NAME` among the words is a concept that was kept; so it is in --text and --minus.
    With nothing to search by, --where or --collection shows pictures, the newest first.
    """
    reading = {"understand": not plain, "plain": plain_words}
    _answer(terms_of(words, texts, images, minus), ids, reading, **options)


@click.command()
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
    """Return the terms of the options; raises BadQuery for an invalid weight."""
    from search.query.syntax import USUAL_MINUS, parse_query_text, split_option

    terms: list[Term] = parse_query_text(" ".join(words)) if words else []
    for text in texts:
        phrase, weight = split_option("--text", text)
        terms += parse_query_text(phrase, 1.0 if weight is None else weight)
    terms += [_picture_term(image) for image in images]
    for text in minus:
        phrase, weight = split_option("--minus", text)
        terms += parse_query_text(phrase, -(USUAL_MINUS if weight is None else weight))
    return terms


def _picture_term(text: str) -> PictureTerm:
    from search.query.syntax import CROP_LIKE, split_crop, split_weight

    form = "write me.jpg, me.jpg:0.5, me.jpg@0,0,50,100, or me.jpg@0,0,50,100:0.5"
    if _is_there(text):  # a name may end in a colon and a number
        return PictureTerm(Path(text))
    name, weight = split_weight(text)
    if _is_there(name):
        return PictureTerm(Path(name), weight)
    path, crop = split_crop(name)
    before, _, after = (path if crop else name).rpartition(":")
    if before and not set(after) & set("/\\") and _is_there(split_crop(before)[0]):
        raise BadQuery(
            "image-weight-invalid",
            "--image is {text!r}, and {after!r} is no weight at its end; {form}",
            text=text,
            after=after,
            form=form,
        )
    before, _, after = name.rpartition("@")
    if crop is None and before and (CROP_LIKE.fullmatch(after) or _is_there(before)):
        raise BadQuery(
            "image-crop-invalid",
            "--image is {text!r}, and {after!r} is no part of a picture: its left, top, right and "
            "bottom edges in whole percent; {form}",
            text=text,
            after=after,
            form=form,
        )
    return PictureTerm(Path(path), weight, crop)


def _is_there(name: str) -> bool:
    """Return whether a file of that name, or a container that may hold the picture, exists."""
    from search.pictures.containers import container_of

    try:
        return os.path.exists(name) or container_of(Path(name)) is not None
    except (OSError, ValueError):  # no name that a file could have
        return False


def _answer(
    terms: Sequence[Term],
    ids: Sequence[str] = (),
    reading: Mapping[str, Any] | None = None,
    *,
    k: int,
    page: int,
    collections: tuple[str, ...],
    folder: str | None,
    where: str | None,
    by: tuple[SignalName, ...],
    cutoff: float,
    strictness: Strictness | None,
    sort: str,
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
    from search.cli.folder import check_folder, update_folder
    from search.cli.picture_names import NamedPictures
    from search.query.filters.grammar import parse

    if page < 1:
        raise BadQuery("page-out-of-range", "--page is {page}; pages begin at 1", page=page)
    place = None if folder is None else check_folder(folder, collections)
    settings = settings_with(store, memory)
    query = Query(
        terms=tuple(terms),
        collections=collections,
        k=k,
        offset=(page - 1) * k,
        where=None if where is None else parse(where),
        by=by or SIGNAL_NAMES,
        cutoff=cutoff,
        fold=fold,
        diverse=diverse,
        sort=sort,
        strictness=strictness,
        **(reading or {}),
    )
    with open_engine(settings) as engine:
        if place is not None:
            query = update_folder(engine, settings, place).narrow(query)
        pictures = NamedPictures(engine.catalog, settings.data_dir, query.collections)
        query = replace(
            query,
            terms=(*terms, *pictures.terms(ids)),
            more=pictures.ids("--more", more),
            less=pictures.ids("--less", less),
        )
        with announce_wait("opening the encoder and the index"):
            answer = engine.answer(query)
        pictures.remember(answer.hits)  # before a reader such as `head` may end the command
        print_hits(answer.hits, as_json, explain)
        _print_readings(answer.readings)
        for notice in answer.cuts:
            click.echo(
                f"the encoder reads {notice.read:,} of the {notice.characters:,} characters of "
                f"{one_line(notice.text[:30])}...; say the rest as a term of its own, with --text",
                err=True,
            )
        for note in answer.notes:
            click.echo(one_line(note), err=True)
        if answer.counts is not None and query.set_cutoff is not None:
            click.echo(counts_line(answer.counts), err=True)
        if answer.hits and show:
            from search.cli.contact_sheet import write_sheet

            click.launch(write_sheet(answer.hits, engine.thumbnail).as_uri())


def _print_readings(readings: Sequence[Reading]) -> None:
    """Write what was understood to stderr, and how it is taken back."""
    texts = [f"{each.text!r} as {each.means}" for each in readings if each.is_applied]
    if texts:
        text = "; ".join(texts)
        click.echo(f"understood: {one_line(text)} (--plain takes them as words)", err=True)
    for each in readings:
        if not each.is_applied:
            click.echo(
                f"{one_line(each.text)!r} was taken as words; it may also mean: "
                f"--where {shell_word(each.where)}",
                err=True,
            )
