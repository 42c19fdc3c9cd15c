"""What can be asked of the saved searches and the boards of a server, a method each."""

from collections.abc import Iterator, Sequence

from search.client import records
from search.client.records import Answer, Board, Pinned, SavedSearch, record
from search.client.transport import Transport


class SavedSearches:
    """The saved searches: questions of the page under names, asked again at any time."""

    def __init__(self, ask: Transport) -> None:
        self._ask = ask

    def all(self) -> Iterator[SavedSearch]:
        """Every saved search, the first saved first."""
        return (record(SavedSearch, each) for each in self._ask.pages("saved", "saved"))

    def one(self, search_id: int) -> SavedSearch:
        return record(SavedSearch, self._ask.json("GET", f"saved/{search_id}"))

    def save(self, name: str, address: str) -> SavedSearch:
        """Keep what stands after the "?" of an address of the page, such as "q=a+red+door"."""
        document = {"name": name, "address": address}
        return record(SavedSearch, self._ask.json("POST", "saved", document))

    def change(self, search_id: int, **values: str) -> SavedSearch:
        """Give it another `name`, another `address`, or both."""
        return record(SavedSearch, self._ask.json("PATCH", f"saved/{search_id}", values))

    def forget(self, search_id: int) -> None:
        self._ask.json("DELETE", f"saved/{search_id}")

    def search(self, search_id: int, k: int = 20, cursor: str | None = None) -> Answer:
        """A page of hits of it, as they are now."""
        told = self._ask.json("GET", f"saved/{search_id}/search", k=k, cursor=cursor)
        return records.answer(told)


class Boards:
    """The boards: pictures side by side in an order of one's own, with notes."""

    def __init__(self, ask: Transport) -> None:
        self._ask = ask

    def all(self) -> Iterator[Board]:
        """Every board, the first made first."""
        return (record(Board, each) for each in self._ask.pages("boards", "boards"))

    def one(self, board_id: int) -> Board:
        return record(Board, self._ask.json("GET", f"boards/{board_id}"))

    def create(self, name: str, ids: Sequence[int] = ()) -> Board:
        """Make a board, empty or of pictures."""
        document = {"name": name, "ids": list(ids)}
        return record(Board, self._ask.json("POST", "boards", document))

    def rename(self, board_id: int, name: str) -> Board:
        return record(Board, self._ask.json("PATCH", f"boards/{board_id}", {"name": name}))

    def arrange(self, board_id: int, ids: Sequence[int]) -> Board:
        """Put pictures of a board first, in this order; the others follow in theirs."""
        document = {"order": list(ids)}
        return record(Board, self._ask.json("PATCH", f"boards/{board_id}", document))

    def delete(self, board_id: int) -> None:
        """Delete a board; its pictures stay where they are."""
        self._ask.json("DELETE", f"boards/{board_id}")

    def pictures(self, board_id: int) -> Iterator[Pinned]:
        """Every picture on a board, in its order."""
        return map(records.pinned, self._ask.pages(f"boards/{board_id}/pictures", "pictures"))

    def add(self, board_id: int, ids: Sequence[int]) -> int:
        """Put pictures at the end of a board; returns how many were not on it yet."""
        document = {"ids": list(ids)}
        return int(self._ask.json("POST", f"boards/{board_id}/pictures", document)["added"])

    def edit(self, board_id: int, picture_id: int, **values: str | int) -> None:
        """Write the `note` of a picture on a board, move it to a `place`, from 0, or do both."""
        self._ask.json("PATCH", f"boards/{board_id}/pictures/{picture_id}", values)

    def take_off(self, board_id: int, picture_id: int) -> None:
        """Take a picture off a board; one that is not on it is passed over."""
        self._ask.json("DELETE", f"boards/{board_id}/pictures/{picture_id}")
