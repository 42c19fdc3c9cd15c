"""The line after indexing that offers a better encoder pair than the built-in one."""

import sys

import click

from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.encoders.inventory.recommendation import SAMPLE, can_be_offered_better, recommend
from search.engine import Engine
from search.errors import shell_word
from search.records import Collection


def offer_better_pair(engine: Engine, collection: Collection) -> None:
    """Say once a collection that there are better pairs than the built-in one, and how to get one.

    A program that reads the output is told nothing, and so is nobody who declined.
    """
    offers = engine.catalog.second_spaces
    if not can_be_offered_better(collection):
        return
    if not (sys.stderr.isatty() and sys.stdout.isatty()) or offers.offer(collection) is not None:
        return
    pair = recommend(engine.catalog.pictures.newest_captions(collection, SAMPLE))
    name, row = shell_word(collection.name), SHORT_NAMES[pair]
    click.echo(
        f"better answers: limn upgrade {name} --encoder {pair} ({row.good_for}; "
        f"{row.size_bytes / 1e9:.1f} GB to download; limn encoders lists others)",
        err=True,
    )
    offers.record_offer(collection, "made")
