"""The table of the facts of a picture: where each is stored, filtered, counted and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NewType

FactType = Literal[
    "name", "text", "moment", "pixels", "number", "degrees", "colours", "hash", "stars", "captions"
]
"""The type of a fact's value.

A name is compared whole, a text in part too. A moment is ISO 8601 text. Stars are stored as an
extra column, captions in a table of their own.
"""

Label = NewType("Label", str)
"""An English name of a fact on the page; each has its translation in `messages.po`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a picture, by its name in records, columns and documents.

    `required` facts are known of each picture. `field` is the field of filters that compares the
    fact, with an `example`; both are empty for a fact that no such field compares alone. `facet`
    names the counts of its values, for a name or a text. `on_page` is True for a name, text or
    number in a line of its own on the picture's page.
    """

    name: str
    type: FactType
    label: Label | None = None
    required: bool = False
    field: str = ""
    example: str = ""
    facet: str = ""
    on_page: bool = False


FACTS = (
    Fact(
        "format",
        "name",
        Label("Format"),
        required=True,
        field="format",
        example="format = jpeg",
        facet="formats",
    ),
    Fact("width_px", "pixels", required=True, field="width", example="width >= 3000"),
    Fact("height_px", "pixels", required=True, field="height", example="height >= 2000"),
    Fact("taken_at", "moment", Label("Date"), field="date", example="date >= 2021-05"),
    Fact("latitude", "degrees"),
    Fact("longitude", "degrees"),
    Fact(
        "camera",
        "text",
        Label("Camera"),
        field="camera",
        example="camera ~ canon",
        facet="cameras",
        on_page=True,
    ),
    Fact("colours", "colours"),
    Fact("perceptual_hash", "hash"),
    Fact("rating", "stars"),
    Fact("captions", "captions"),
)
"""A line for each field of `search.records.PictureFacts`, in the same order."""

FILTERABLE = tuple(fact for fact in FACTS if fact.field)
COUNTED = tuple(fact for fact in FACTS if fact.facet)

# The types of single values: these are cells of a table.
SCALARS: tuple[FactType, ...] = ("name", "text", "moment", "pixels", "number", "degrees")

MAX_CHARACTERS: Mapping[FactType, int] = {"name": 20, "moment": 40, "text": 500}
"""The longest values that are stored."""
