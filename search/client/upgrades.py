"""The client of changes of collections' encoder pairs."""

from urllib.parse import quote

from search.client.transport import Transport
from search.documents.collection import Collection
from search.documents.jobs import Job


class PairUpgrades:
    """Changes of encoder pairs; `Collection.second` is the second pair, with its state."""

    def __init__(self, ask: Transport) -> None:
        self._ask = ask

    def begin(self, name: str, encoder: str = "") -> Job:
        """Embed a collection by a second pair, or go on with the one that it has.

        `encoder` is a short name, or a pair on the server. The present pair answers meanwhile.
        """
        return self._ask.json(Job, "POST", _path(name), {"encoder": encoder})

    def switch(self, name: str, incomplete: bool = False) -> Collection:
        """Answer by the second pair; `incomplete` leaves out pictures that it did not embed."""
        return self._step(name, "switch", incomplete=incomplete)

    def back(self, name: str, incomplete: bool = False) -> Collection:
        """Answer by the former pair again; `incomplete` is as in `switch`."""
        return self._step(name, "back", incomplete=incomplete)

    def finish(self, name: str) -> Collection:
        """Delete the embeddings by the former pair: there is no way back then."""
        return self._step(name, "finish")

    def discard(self, name: str) -> Collection:
        """Give up the second pair, and delete the embeddings by it."""
        return self._step(name, "discard")

    def _step(self, name: str, step: str, **members: bool) -> Collection:
        return self._ask.json(Collection, "POST", f"{_path(name)}/{step}", members)


def _path(name: str) -> str:
    return f"collections/{quote(name, safe='')}/upgrade"
