"""The output of commands: hits and documents."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from search.query.records import Hit
from search.query.sorting import Counts
from search.records import TextLine
from search.text.amounts import amount
from search.text.printable import json_text, one_line, printable

WITHOUT_VALUE = "without"
"""The heading of sorted hits that lack the value."""


def print_hits(hits: Sequence[Hit], as_json: bool = False, explain: bool = False) -> None:
    """Print hits to stdout: rank, score (or else date), id and path a line, or a JSON document.

    On a terminal, the headings of sorted hits are printed above them.
    """
    if as_json:
        from msgspec import to_builtins

        from search.documents.from_records import hit_document

        click.echo(as_document([to_builtins(hit_document(hit)) for hit in hits]))
        return
    group = None
    for hit in hits:
        if hit.group != group and sys.stdout.isatty():  # a pipe takes one hit a line
            group = hit.group
            click.secho(one_line(printable(group or WITHOUT_VALUE)), bold=True)
        path = one_line(printable(str(hit.picture.path)))
        copies = f"  +{amount(len(hit.copies), 'duplicate')}" if hit.copies else ""
        caption = _caption_text(hit)
        text = f"  {one_line(caption[:80])}" if caption else ""
        score = f"{hit.score:.3f}" if hit.measure != "none" else _day(hit)
        place = f"{hit.rank:>3}  {score}  {hit.picture.id:>6}"
        click.echo(f"{place}  {path}{copies}{click.style(text, dim=True)}")
        if explain:
            click.echo(f"{'':12}{_explanation(hit)}")


def counts_line(counts: Counts) -> str:
    """Return the number of hits by strictness, in a line."""
    return f"strict {counts.strict:,}, usual {counts.usual:,}, wide {counts.wide:,}"


def _day(hit: Hit) -> str:
    """Return the day on which the picture was taken, or a dash for an unknown date."""
    return f"{(hit.picture.facts.taken_at or '-')[:10]:10}"


def _caption_text(hit: Hit) -> str:
    """Return the caption with the words, or else the nearest, or else the picture's first."""
    matches = [match.caption for match in hit.matches if match.caption is not None]
    captions = matches[::-1] or list(hit.picture.facts.captions)
    return captions[0].text if captions else ""


def _explanation(hit: Hit) -> str:
    parts = [
        f"{match.by} {match.score:.3f} ({match.share:.0%})"
        + ("" if match.line is None else f" {_line(match.line)}")
        for match in hit.matches
    ]
    confidence = [] if hit.confidence is None else [f"confidence {hit.confidence:.2f}"]
    return ", ".join([*parts, *confidence])


def _line(line: TextLine) -> str:
    """Return a line of text in a picture, and its place: left and top edge in percent."""
    left, top, *_ = line.box
    return f'"{one_line(printable(line.text[:80]))}" at {left:.0%} {top:.0%}'


def as_document(value: Any) -> str:
    """Return a value as the one JSON document that a command prints."""
    return json_text(value, indent=2)
