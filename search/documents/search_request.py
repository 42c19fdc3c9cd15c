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

MoreIds = Annotated[
    tuple[PictureId, ...],
    about("numbers of pictures as wanted: find more like these", minItems=0, maxItems=MAX_MARKS),
    expects(LIST_OF_IDS),
]
LessIds = Annotated[
    tuple[PictureId, ...],
    about(
        "numbers of pictures as not wanted; the answer leaves these out",
        minItems=0,
        maxItems=MAX_MARKS,
    ),
    expects(LIST_OF_IDS),
]
Understand = Annotated[bool, about("read dates, minus words, cameras and the like in the words")]
PlainPieces = Annotated[
    tuple[str, ...],
    about("pieces of the words that `understand` leaves as words"),
    expects("it must be a list of texts"),
]
WordTexts = Annotated[tuple[TermText, ...], about("what the pictures show, in words")]
MinusTexts = Annotated[tuple[TermText, ...], about("what the pictures must not show, in words")]
SimilarIds = Annotated[tuple[PictureId, ...], about("numbers of pictures to look like")]
ConceptNames = Annotated[tuple[ConceptName, ...], about("names of concepts to search by")]


class AnswerFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The members that every search shares for the form of its answer."""

    cursor: Annotated[
        str,
        about("`next` of the answer before: go on with the same search"),
        expects("it must be `next` of the answer before"),
    ] = ""
    k: Annotated[Hits, about("how many pictures to answer with", maximum=MAX_HITS)] = DEFAULT_K
    offset: Annotated[Place, about("how many of the best pictures to skip", maximum=MAX_HITS)] = 0
    where: Annotated[
        str,
        about("a condition for pictures, such as: date >= 2021 and camera ~ canon"),
        expects("it must be a text, such as: date >= 2021"),
    ] = ""
    by: Annotated[
        tuple[SignalName, ...],
        about("what to compare: the picture, captions, words, names, text in it; usually all"),
        expects(f"it may be: {', '.join(SIGNAL_NAMES)}"),
    ] = ()
    cutoff: Annotated[Share, about("leave out hits that Limn is less sure of")] = 0.0
    fold: Annotated[bool, about("make one hit of near-duplicates")] = False
    diverse: Annotated[Share, about("how much a hit should differ from the hits above it")] = 0.0
    more: MoreIds = ()
    less: LessIds = ()
    sort: Annotated[
        str,
        about("relevance, date, -date for the newest first, name, size, or a column"),
        expects("it must be a text, such as: -date"),
    ] = ""
    strictness: Annotated[
        Strictness | None,
        about("how sure a hit must be; the same as a cutoff of 0.5, 0.25 or 0.1"),
        expects(f"it may be: {', '.join(STRICTNESS)}"),
    ] = None
    understand: Understand = False
    plain: PlainPieces = ()


class SearchFields(AnswerFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search in an address or a form."""

    q: WordTexts = ()
    minus: MinusTexts = ()
    similar: SimilarIds = ()
    concept: ConceptNames = ()
    weight: Annotated[
        Weight, about("how much the pictures of the search count, not zero; words have 1")
    ] = 1.0
    collection: Annotated[
        tuple[str, ...], about("names of collections to search; usually all")
    ] = ()


class SearchForm(SearchFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search in a form with pictures."""

    image: Annotated[tuple[str, ...], about("files of pictures to look like")] = ()


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
