"""The documents of a search: its request, and its answer."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

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
from search.documents.picture import Caption, Picture, picture_of
from search.query.limits import DEFAULT_K, MAX_HITS, MAX_MARKS, MAX_TERMS, SIGNAL_NAMES, SignalName
from search.query.sorting import STRICTNESS, Strictness


class TextLine(Struct, frozen=True):
    """A line of text in a picture."""

    text: str
    confidence: Annotated[float, about("of the recogniser, 0 to 1")]
    box: Annotated[
        tuple[float, ...],
        Meta(min_length=4, max_length=4),
        about("left, top, right, bottom, as shares of the upright picture"),
    ]


class Match(Struct, frozen=True):
    """One signal that found a hit."""

    by: Annotated[str, about("picture, caption, words, name, text, marks or excluded")]
    score: float
    share: Annotated[float, about("its part in the hit's score")]
    caption: Caption | None
    line: Annotated[TextLine | None, about("the line that matched, of the text in it")] = None


class Hit(Picture, frozen=True):
    """A picture of an answer: its rank from 1, its score by `measure`, and its facts."""

    rank: Annotated[int, about("from 1")]
    score: Annotated[float, about("as `measure` says")]
    measure: Annotated[str, about("cosine, relevance, or none where the newest come first")]
    cosine: Annotated[float | None, about("of the picture and the query")]
    confidence: Annotated[float | None, about("that it is right, 0 to 1")]
    matches: tuple[Match, ...]
    copies: Annotated[tuple[int, ...], about("near-duplicates folded into it")]
    group: Annotated[str | None, about("its heading in a sorted answer, such as 2021-06")]

    @property
    def picture(self) -> Picture:
        """Return the picture alone."""
        return picture_of(self)


class AskedTerm(Struct, frozen=True, kw_only=True):
    """A term of a query, as its answer repeats it."""

    text: str | UnsetType = UNSET
    picture_id: int | UnsetType = UNSET
    concept: Annotated[str | UnsetType, about("its name")] = UNSET
    image: Annotated[str | UnsetType, about('"sent", for a picture that came with the request')] = (
        UNSET
    )
    weight: float


class AskedQuery(Struct, frozen=True, kw_only=True):
    """A query, as its answer repeats it."""

    terms: tuple[AskedTerm, ...]
    collections: tuple[str, ...]
    k: int
    offset: int
    where: str | None
    by: tuple[str, ...]
    cutoff: float
    fold: bool
    diverse: float
    more: tuple[int, ...]
    less: tuple[int, ...]
    sort: str
    strictness: str | None


class Counts(Struct, frozen=True):
    """The number of hits that each strictness would leave."""

    strict: int
    usual: int
    wide: int


class Reading(Struct, frozen=True, kw_only=True):
    """A piece of the question's words that was read, or is offered to be."""

    kind: Annotated[str, about("such as date, minus, exact, field, place, camera, colour")]
    text: Annotated[str, about("the piece; send it in `plain` to search it as words")]
    start: int
    end: int
    means: Annotated[str, about("in words")]
    where: Annotated[str | None, about("its filter")]
    minus: Annotated[tuple[str, ...], about("words that lead away")]
    applied: Annotated[bool, about("false for an offer, whose words stay words")]


class Cut(Struct, frozen=True):
    """Words of a query that are too long for the encoder."""

    text: str
    characters: Annotated[int, about("that it has")]
    read: Annotated[int, about("that the encoder reads")]


class Answer(Struct, frozen=True, kw_only=True):
    """A page of hits; `next` is the cursor of the page after it."""

    query: AskedQuery
    hits: tuple[Hit, ...]
    confidence: Annotated[float | None, about("of the best hit, 0 to 1")]
    more: bool
    notes: Annotated[tuple[str, ...], about("why hits are missing")]
    cuts: Annotated[tuple[Cut, ...], about("words not read to their end")]
    counts: Annotated[Counts | None, about("always there with sort or strictness, and words")]
    understood: Annotated[
        tuple[Reading, ...], about("what was read, where `understand` asked for that")
    ] = ()
    next: Annotated[str | None, about("send it as `cursor` for the next hits")]
    took_ms: float


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
        about("how sure a hit must be: a cutoff of 0.75, 0.5 or 0.25"),
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


class TextTerm(Struct, frozen=True):
    """Words with a weight of their own; a negative one leads away from them."""

    text: str
    weight: float = 1.0
