"""Types of the members of documents: the values they allow and their OpenAPI descriptions."""

import sys
from typing import Annotated, Any

from msgspec import Meta

from search.errors import Message
from search.query.limits import LARGEST_ID, MAX_CHARACTERS, MAX_NAME, MAX_WEIGHT

ONLY_SHOWN = "x-"
"""A prefix of keys of a JSON schema that replace msgspec's own keys."""


def about(text: str, **schema: Any) -> Meta:
    """Return the description of a member; `schema` is shown and checked elsewhere."""
    return Meta(description=text, extra_json_schema=_only_shown(schema))


def in_schema(**schema: Any) -> Meta:
    """Return constraints for the OpenAPI document alone; other code checks them."""
    return Meta(extra_json_schema=_only_shown(schema))


def expects(text: Message) -> Meta:
    """Return the constraint text that an error shows for a member."""
    return Meta(extra={"expected": text})


def _only_shown(schema: dict[str, Any]) -> dict[str, Any]:
    return {f"{ONLY_SHOWN}{name}": value for name, value in schema.items()}


ALWAYS = Meta(extra_json_schema={f"{ONLY_SHOWN}always": True})
"""The mark of a member that the API always has, though its class has a default."""

PictureId = Annotated[
    int,
    Meta(ge=1, le=LARGEST_ID),
    expects(Message("expected-picture-id", "it may be a picture's id, a whole number")),
]


def at_least(least: int) -> Meta:
    """Return the constraint text for a whole number from `least` up."""
    return expects(
        Message("expected-whole-number", "it may be a whole number from {least}", least=least)
    )


Hits = Annotated[
    int,
    Meta(ge=0, le=LARGEST_ID),
    at_least(1),
    in_schema(minimum=1),
]
"""The number of hits or rows; query/checks refuses zero and too many."""

Place = Annotated[int, Meta(ge=0, le=LARGEST_ID), at_least(0)]

WEIGHTS = Message(
    "expected-weight",
    "it may be any number but zero from {least:g} to {most:g}",
    least=-MAX_WEIGHT,
    most=MAX_WEIGHT,
)

# The comparison refuses NaN, which compares with nothing.
Number = Annotated[float, Meta(ge=-sys.float_info.max)]

Weight = Annotated[
    Number,
    expects(WEIGHTS),
    in_schema(minimum=-MAX_WEIGHT, maximum=MAX_WEIGHT),
]

Share = Annotated[
    Number,
    expects(Message("expected-share", "it may be a number from 0 to 1")),
    in_schema(minimum=0.0, maximum=1.0),
]

TermText = Annotated[str, in_schema(minLength=1, maxLength=MAX_CHARACTERS)]

ConceptName = Annotated[str, in_schema(minLength=1, maxLength=MAX_NAME)]

Cursor = Annotated[str, about("`next` of the answer before")]

MISSING = "pictures whose files were not found, kept until they are"

LIST_OF_IDS = "it must be a list of pictures' ids"
