"""Types of the members of documents: what may stand in one, and what the OpenAPI document says."""

import sys
from typing import Annotated, Any

from msgspec import Meta

from search.query.limits import LARGEST_ID, MOST_CHARACTERS, MOST_NAME, MOST_WEIGHT

ONLY_SHOWN = "x-"
"""Marks keys of a JSON schema that replace what msgspec writes there."""


def about(text: str, **schema: Any) -> Meta:
    """Return the description of a member; `schema` is shown and checked elsewhere."""
    return Meta(description=text, extra_json_schema=_only_shown(schema))


def shown(**schema: Any) -> Meta:
    """Return what only the OpenAPI document says of a member; other code checks it."""
    return Meta(extra_json_schema=_only_shown(schema))


def expects(text: str) -> Meta:
    """Return what an error says may stand in a member."""
    return Meta(extra={"expected": text})


def _only_shown(schema: dict[str, Any]) -> dict[str, Any]:
    return {f"{ONLY_SHOWN}{name}": value for name, value in schema.items()}


ALWAYS = Meta(extra_json_schema={f"{ONLY_SHOWN}always": True})
"""Marks a member that the API always has, though its class has a default."""

PictureId = Annotated[
    int, Meta(ge=1, le=LARGEST_ID), expects("it may be a picture's id, a whole number")
]

Hits = Annotated[
    int, Meta(ge=0, le=LARGEST_ID), expects("it may be a whole number from 1"), shown(minimum=1)
]
"""How many hits or rows are wanted; query/checks refuses zero and too many."""

Place = Annotated[int, Meta(ge=0, le=LARGEST_ID), expects("it may be a whole number from 0")]

# The comparison refuses NaN, which is no number to compare.
Number = Annotated[float, Meta(ge=-sys.float_info.max)]

Weight = Annotated[
    Number,
    expects(f"it may be any number but zero from -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}"),
    shown(minimum=-MOST_WEIGHT, maximum=MOST_WEIGHT),
]

Share = Annotated[
    Number, expects("it may be a number from 0 to 1"), shown(minimum=0.0, maximum=1.0)
]

TermText = Annotated[str, shown(minLength=1, maxLength=MOST_CHARACTERS)]

ConceptName = Annotated[str, shown(minLength=1, maxLength=MOST_NAME)]

Cursor = Annotated[str, about("`next` of the answer before")]

MISSING = "pictures whose files were not found, kept until they are"

LIST_OF_IDS = "it must be a list of pictures' ids"
