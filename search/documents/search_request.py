"""The documents of a search's request: an address, a form or JSON."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from search.documents.members import (
    LIST_OF_IDS,
    ConceptName,
    Hits,
    PictureId,
    Place,
    Share,
    TermText,
    Weight,
    about,
    expects,
    in_schema,
)
from search.query.limits import DEFAULT_K, MAX_HITS, MAX_MARKS, MAX_TERMS, SIGNAL_NAMES, SignalName
from search.query.sorting import STRICTNESS, Strictness


class AnswerFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The members that every search shares for the form of its answer."""

    cursor: Annotated[
        str,
        about("`next` of the answer before, to the same question"),
        expects("it must be `next` of the answer before"),
    ] = ""
    k: Annotated[Hits, about("how many hits", maximum=MAX_HITS)] = DEFAULT_K
    offset: Annotated[Place, about("so many hits are passed over", maximum=MAX_HITS)] = 0
    where: Annotated[
        str,
        about("a filter, such as: date >= 2021 and camera ~ canon"),
        expects("it must be a text, such as: date >= 2021"),
    ] = ""
    by: Annotated[
        tuple[SignalName, ...],
        about("what may speak; all, if none"),
        expects(f"it may be: {', '.join(SIGNAL_NAMES)}"),
    ] = ()
    cutoff: Annotated[Share, about("hits with less confidence are left out")] = 0.0
    fold: Annotated[bool, about("near-duplicates become one hit")] = False
    diverse: Annotated[Share, about("how much likeness to hits above counts")] = 0.0
    more: Annotated[
        tuple[PictureId, ...],
        about("ids of pictures as wanted: more like these", minItems=0, maxItems=MAX_MARKS),
        expects(LIST_OF_IDS),
    ] = ()
    less: Annotated[
        tuple[PictureId, ...],
        about("ids of pictures as not wanted; they are left out", minItems=0, maxItems=MAX_MARKS),
        expects(LIST_OF_IDS),
    ] = ()
    sort: Annotated[
        str,
        about("relevance, date, -date, name, size, or another fact or column"),
        expects("it must be a text, such as: -date"),
    ] = ""
    strictness: Annotated[
        Strictness | None,
        about("how sure a hit must be: a cutoff of 0.5, 0.25 or 0.1"),
        expects(f"it may be: {', '.join(STRICTNESS)}"),
    ] = None
    understand: Annotated[
        bool, about("read dates, minus words, cameras and the like in the words")
    ] = False
    plain: Annotated[
        tuple[str, ...],
        about("pieces that stay words, as `understood` of an answer names them"),
        expects("it must be a list of texts"),
    ] = ()


class SearchFields(AnswerFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search in an address or a form."""

    q: Annotated[tuple[TermText, ...], about("words")] = ()
    minus: Annotated[tuple[TermText, ...], about("words that hits must not show")] = ()
    similar: Annotated[tuple[PictureId, ...], about("ids of indexed pictures")] = ()
    concept: Annotated[tuple[ConceptName, ...], about("concepts, by name")] = ()
    weight: Annotated[Weight, about("of the pictures, not zero; words have 1")] = 1.0
    collection: Annotated[tuple[str, ...], about("names; all, if none")] = ()


class SearchForm(SearchFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search in a form with pictures."""

    image: Annotated[tuple[str, ...], about("files of pictures")] = ()


class Term(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A term of a search: words, a picture or a concept, and how much it counts."""

    text: TermText | UnsetType = UNSET
    picture_id: PictureId | UnsetType = UNSET
    concept: ConceptName | UnsetType = UNSET
    weight: Weight = 1.0


class SearchDocument(AnswerFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search in a JSON document."""

    terms: Annotated[
        tuple[Term, ...],
        in_schema(minItems=0, maxItems=MAX_TERMS),
        expects("it must be a list of objects"),
    ] = ()
    collections: Annotated[tuple[str, ...], expects("it must be a list of names")] = ()
