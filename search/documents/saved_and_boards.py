"""The documents of saved searches and boards."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from search.documents.members import (
    LIST_OF_IDS,
    Cursor,
    Hits,
    PictureId,
    Place,
    about,
    at_least,
    expects,
    in_schema,
)
from search.documents.picture import Picture, picture_of
from search.query.limits import (
    DEFAULT_K,
    LARGEST_ID,
    MAX_ADDRESS,
    MAX_HITS,
    MAX_LINK_DAYS,
    MAX_NOTE,
    MAX_PICTURES,
    MAX_ROWS,
    MAX_SAVED_NAME,
)

Name = Annotated[str, in_schema(minLength=1, maxLength=MAX_SAVED_NAME)]
Address = Annotated[str, in_schema(minLength=1, maxLength=MAX_ADDRESS)]
Pictures = Annotated[
    tuple[PictureId, ...],
    in_schema(minItems=0, maxItems=MAX_PICTURES),
    expects(LIST_OF_IDS),
]

Days = Annotated[
    int,
    Meta(ge=0, le=LARGEST_ID),
    at_least(1),
    in_schema(minimum=1, maximum=MAX_LINK_DAYS),
]


class PageFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a page of a list."""

    k: Annotated[Hits, about("how many rows", maximum=MAX_ROWS)] = DEFAULT_K
    cursor: Cursor = ""


class SavedSearch(Struct, frozen=True):
    """A saved search: the part of a page's address after the "?"."""

    id: int
    name: str
    address: Annotated[str, about('what stands after the "?" of the page\'s address')]
    created_at: str


class SavedSearches(Struct, frozen=True):
    """A page of saved searches."""

    saved: tuple[SavedSearch, ...]
    next: Annotated[str | None, about("send it as `cursor` for those saved later")]


class NewSearch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search to save."""

    name: Annotated[Name, about("1 to 200 characters")]
    address: Annotated[
        Address,
        about(
            'such as: q=a+red+door&more=12; what stands after the "?" of the page\'s address',
        ),
    ]


class SearchChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a saved search."""

    name: Annotated[Name | UnsetType, about("another name")] = UNSET
    address: Annotated[Address | UnsetType, about("another question")] = UNSET


class SavedAnswerFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for the answer of a saved search."""

    k: Annotated[Hits, about("how many pictures to answer with", maximum=MAX_HITS)] = DEFAULT_K
    cursor: Cursor = ""


class Board(Struct, frozen=True):
    """A board and its number of pictures; `cover` is the id of the first one to show."""

    id: int
    name: str
    created_at: str
    pictures: Annotated[int, about("how many are on it and there")]
    missing: Annotated[int, about("how many more are on it, whose files are not there")]
    cover: Annotated[int | None, about("the first picture's id")]


class Boards(Struct, frozen=True):
    """A page of boards."""

    boards: tuple[Board, ...]
    next: Annotated[str | None, about("send it as `cursor` for those made later")]


class Ids(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures to put on a board."""

    ids: Annotated[Pictures, about("pictures, in the order in which they are put at the end")] = ()


class NewBoard(Ids, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new board."""

    name: Annotated[Name, about("1 to 200 characters")]


class BoardChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a board."""

    name: Annotated[Name | UnsetType, about("another name")] = UNSET
    order: Annotated[
        Pictures, about("pictures on it to come first; the others follow in their order")
    ] = ()


class BoardLink(Struct, frozen=True):
    """A link that shows one board, without a token, to whoever has it."""

    id: int
    created_at: str
    expires_at: Annotated[str | None, about("when it ends; null for when it is withdrawn")]


class BoardLinks(Struct, frozen=True):
    """The links of a board."""

    links: Annotated[tuple[BoardLink, ...], about("the links, the oldest first")]


class NewBoardLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new link of a board."""

    days: Annotated[
        Days | None,
        about("how many days it holds; null for until it is withdrawn"),
    ] = None


class MadeBoardLink(BoardLink, frozen=True, kw_only=True):
    """A link that was made, with its address."""

    address: Annotated[str, about("the board's page on this server; it can't be shown again")]


class Added(Struct, frozen=True):
    """The answer to added pictures of a board."""

    added: Annotated[int, about("how many were not on it before")]


class Pinned(Picture, frozen=True, kw_only=True):
    """A picture on a board: its place from 0, its note, and its facts."""

    place: Annotated[int, about("from 0")]
    note: str

    @property
    def picture(self) -> Picture:
        """Return the picture alone."""
        return picture_of(self)


class PinnedPictures(Struct, frozen=True):
    """A page of the pictures of a board."""

    pictures: tuple[Pinned, ...]
    next: Annotated[str | None, about("send it as `cursor` for those that follow")]


class PinnedChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a picture on a board."""

    note: Annotated[
        str | UnsetType,
        about("what is noted of it; empty for nothing"),
        in_schema(minLength=0, maxLength=MAX_NOTE),
    ] = UNSET
    place: Annotated[Place | UnsetType, about("where it goes, from 0; past the end is the end")] = (
        UNSET
    )
