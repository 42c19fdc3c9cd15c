"""The card about a collection's encoder pair, as the collection's page shows it."""

from typing import Any

from search.catalog.records import CollectionSummary
from web.auth import may
from web.state import engine, state


def may_change() -> bool:
    """Return whether the client may change encoder pairs: never on a read-only database."""
    return may("admin") and not engine().catalog.read_only


def pair_card(summary: CollectionSummary | None) -> dict[str, Any]:
    """Return what the card shows; the pairs to choose only where one is offered."""
    if summary is None:
        return {"pair": None}
    changes = state().pair_changes
    change = changes.state(summary.name)
    is_offered = change.is_offered and not change.at_work and summary.pictures and may_change()
    return {
        "pair": change,
        "may_change": may_change(),
        "lost": changes.lost_by(change.collection),
        **(pair_choices(summary) if is_offered else {}),
    }


def pair_choices(summary: CollectionSummary) -> dict[str, Any]:
    """Return the pairs to choose from, and the one that is chosen at first."""
    choices = state().pair_choices.list_choices(summary)
    recommended = state().pair_choices.recommended(summary.name)
    names = [choice.name for choice in choices]
    return {
        "choices": choices,
        "recommended": recommended if recommended in names else next(iter(names), ""),
    }
