"""The documents of marks and concepts."""

from typing import Annotated

from msgspec import Struct

from search.documents.members import ConceptName, PictureId, TermText, Weight, about, in_schema
from search.documents.search_request import Term
from search.query.limits import MAX_MARKS, MAX_TERMS

Terms = Annotated[tuple[Term, ...], in_schema(minItems=0, maxItems=MAX_TERMS)]
MarkedIds = Annotated[tuple[PictureId, ...], in_schema(minItems=0, maxItems=MAX_MARKS)]


class Mark(Struct, frozen=True):
    """A mark: a picture that is "more" or "less" like the answer to a query."""

    words: Annotated[str, about("of the question, if any")]
    content_hash: str
    more: Annotated[bool, about("whether it answers")]
    made_at: str


class Marks(Struct, frozen=True):
    """The marks that are stored."""

    marks: tuple[Mark, ...]


class Stored(Struct, frozen=True):
    """The answer to new marks."""

    stored: Annotated[int, about("how many marks were kept")]


class MarkDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New marks: a query, and pictures marked "more" or "less"."""

    terms: Terms = ()
    more: MarkedIds = ()
    less: MarkedIds = ()


class Words(Struct, frozen=True):
    """Words of a concept."""

    text: TermText
    weight: Weight


class ConceptSummary(Struct, frozen=True, kw_only=True):
    """A concept as lists show it."""

    name: str
    words: tuple[Words, ...]
    more: Annotated[int, about("pictures that lead towards it")]
    less: Annotated[int, about("pictures that lead away")]
    spaces: Annotated[
        tuple[str, ...], about("the spaces of numbers in which it can be searched by")
    ]


class Concepts(Struct, frozen=True):
    """The concepts, by name."""

    concepts: tuple[ConceptSummary, ...]


class ConceptDocument(MarkDocument, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new concept: its name, a query and marks."""

    name: Annotated[ConceptName, about("letters, digits, - and _")]
    collections: tuple[str, ...] = ()
    replace: Annotated[bool, about("take the place of one of that name")] = False


class SharedMark(Struct, frozen=True, kw_only=True):
    """A mark of a concept that catalogs share."""

    content_hash: str
    more: bool
    file: Annotated[str, about("its name when it was marked")] = ""


class SharedVector(Struct, frozen=True):
    """What a concept means to one encoder pair, as numbers."""

    space: str
    float16: Annotated[str, about("base64, little-endian")]


class SharedConcept(Struct, frozen=True, kw_only=True):
    """A concept as one catalog exports it and another imports it."""

    kind: Annotated[str, about('"limn concept"')]
    version: int
    name: ConceptName
    words: tuple[Words, ...]
    marks: tuple[SharedMark, ...]
    vectors: tuple[SharedVector, ...]
