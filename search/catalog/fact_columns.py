"""The facts of a picture as columns of `picture`, and back."""

from collections.abc import Sequence
from typing import Any

from search.catalog.database.tables import FACT_COLUMN_TYPES
from search.picture_facts import FACTS
from search.records import Caption, PictureFacts

# The first fields of `PictureFacts`: a record by position is made in half the time of one by name.
FACT_COLUMNS = tuple(fact.name for fact in FACTS if fact.type in FACT_COLUMN_TYPES)

# The places of the columns that hold several values, joined by spaces.
_JOINED_COLUMNS = tuple(place for place, fact in enumerate(FACTS) if fact.type == "colours")


def to_columns(facts: PictureFacts) -> dict[str, Any]:
    """Return the values of the columns, by name."""
    values = {name: getattr(facts, name) for name in FACT_COLUMNS}
    for place in _JOINED_COLUMNS:
        values[FACT_COLUMNS[place]] = " ".join(values[FACT_COLUMNS[place]]) or None
    return values


def from_columns(values: Sequence[Any], captions: tuple[Caption, ...]) -> PictureFacts:
    """Return the facts of values in the order of `FACT_COLUMNS`, with the captions."""
    facts = list(values)
    for place in _JOINED_COLUMNS:
        text = facts[place]
        facts[place] = tuple(text.split()) if text else ()
    # mypy can't see that the columns end before captions; a test can.
    return PictureFacts(*facts, captions=captions)  # type: ignore[misc]
