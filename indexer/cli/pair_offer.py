"""The line after indexing that offers a better pair than the built-in one, or its new edition."""

import sys

import click

from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.encoders.inventory.recommendation import SAMPLE, can_be_offered_better, recommend
from search.engine import Engine
from search.errors import shell_word
from search.packages.editions import BUILTIN, CURRENT, EARLIER
from search.records import Collection


def offer_better_pair(engine: Engine, collection: Collection) -> None:
    """Say once a collection that there are better pairs than the built-in one, and how to get one.

    A collection of an earlier edition is offered the current one, once an edition. A program that
    reads the output is told nothing, and so is nobody who declined.
    """
    offers = engine.catalog.second_spaces
    if not can_be_offered_better(collection):
        return
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        return
    is_earlier = collection.space.encoder in EARLIER
    offer = CURRENT if is_earlier else "made"
    if offers.offer(collection) in (offer, "declined"):
        return
    if is_earlier:
        pair, about = BUILTIN, f"the {CURRENT} edition of the present pair; nothing to download"
    else:
        pair = recommend(engine.catalog.pictures.newest_captions(collection, SAMPLE))
        row = SHORT_NAMES[pair]
        about = f"{row.good_for}; {row.size_bytes / 1e9:.1f} GB to download"
    click.echo(
        f"better answers: limn upgrade {shell_word(collection.name)} --encoder {pair} "
        f"({about}; limn encoders lists others)",
        err=True,
    )
    offers.record_offer(collection, offer)
