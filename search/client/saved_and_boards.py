"""The client's part for saved searches and boards, with one method a request."""

from collections.abc import Iterator, Sequence

from search.client.transport import Transport
from search.documents import saved_and_boards as documents
from search.documents.saved_and_boards import (
    Added,
    Board,
    BoardLink,
    BoardLinks,
    MadeBoardLink,
    Pinned,
    PinnedPictures,
    SavedSearch,
)
from search.documents.search import Answer


class SavedSearches:
    """The saved searches: searches of the page by name, repeated at any time."""

    def __init__(self, ask: Transport) -> None:
        self._ask = ask

    def all(self) -> Iterator[SavedSearch]:
        """Yield every saved search, the first saved first."""
        for page in self._ask.pages(documents.SavedSearches, "saved"):
            yield from page.saved

    def one(self, search_id: int) -> SavedSearch:
        """Return a saved search by its id."""
        return self._ask.json(SavedSearch, "GET", f"saved/{search_id}")

    def save(self, name: str, address: str) -> SavedSearch:
        """Save the part of a page's address after the "?", such as "q=a+red+door"."""
        document = {"name": name, "address": address}
        return self._ask.json(SavedSearch, "POST", "saved", document)

    def change(self, search_id: int, **values: str) -> SavedSearch:
        """Give a saved search another `name`, another `address`, or both."""
        return self._ask.json(SavedSearch, "PATCH", f"saved/{search_id}", values)

    def forget(self, search_id: int) -> None:
        """Delete a saved search."""
        self._ask.send("DELETE", f"saved/{search_id}")

    def search(self, search_id: int, k: int = 20, cursor: str | None = None) -> Answer:
        """Return a page of current hits of a saved search."""
        return self._ask.json(Answer, "GET", f"saved/{search_id}/search", k=k, cursor=cursor)


class Boards:
    """The boards: pictures in an order of the user's own, with notes."""

    def __init__(self, ask: Transport) -> None:
        self._ask = ask

    def all(self) -> Iterator[Board]:
        """Yield every board, the first made first."""
        for page in self._ask.pages(documents.Boards, "boards"):
            yield from page.boards

    def one(self, board_id: int) -> Board:
        """Return a board by its id."""
        return self._ask.json(Board, "GET", f"boards/{board_id}")

    def create(self, name: str, ids: Sequence[int] = ()) -> Board:
        """Create a board, empty or of pictures."""
        document = {"name": name, "ids": list(ids)}
        return self._ask.json(Board, "POST", "boards", document)

    def rename(self, board_id: int, name: str) -> Board:
        """Give a board another name."""
        return self._ask.json(Board, "PATCH", f"boards/{board_id}", {"name": name})

    def arrange(self, board_id: int, ids: Sequence[int]) -> Board:
        """Move pictures of a board to its beginning, in this order; the others follow in theirs."""
        document = {"order": list(ids)}
        return self._ask.json(Board, "PATCH", f"boards/{board_id}", document)

    def delete(self, board_id: int) -> None:
        """Delete a board; its pictures stay in their collections."""
        self._ask.send("DELETE", f"boards/{board_id}")

    def pictures(self, board_id: int) -> Iterator[Pinned]:
        """Yield every picture on a board, in its order."""
        for page in self._ask.pages(PinnedPictures, f"boards/{board_id}/pictures"):
            yield from page.pictures

    def add(self, board_id: int, ids: Sequence[int]) -> int:
        """Add pictures at the end of a board; return how many were not on it yet."""
        document = {"ids": list(ids)}
        return self._ask.json(Added, "POST", f"boards/{board_id}/pictures", document).added

    def edit(self, board_id: int, picture_id: int, **values: str | int) -> None:
        """Write the `note` of a picture on a board, move it to a `place`, from 0, or do both."""
        self._ask.send("PATCH", f"boards/{board_id}/pictures/{picture_id}", values)

    def take_off(self, board_id: int, picture_id: int) -> None:
        """Remove a picture from a board; one that is not on it is ignored."""
        self._ask.send("DELETE", f"boards/{board_id}/pictures/{picture_id}")

    def share(self, board_id: int, days: int | None = None) -> MadeBoardLink:
        """Make a link that shows the board without a token, for some days or until withdrawn."""
        return self._ask.json(MadeBoardLink, "POST", f"boards/{board_id}/links", {"days": days})

    def links(self, board_id: int) -> list[BoardLink]:
        """Return the links of a board, without their addresses."""
        return list(self._ask.json(BoardLinks, "GET", f"boards/{board_id}/links").links)

    def withdraw(self, board_id: int, link_id: int) -> None:
        """Delete a link of a board, which then leads nowhere."""
        self._ask.send("DELETE", f"boards/{board_id}/links/{link_id}")
