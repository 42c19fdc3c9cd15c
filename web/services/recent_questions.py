"""The last questions in words that this server's page was asked, for comparisons of two pairs."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from threading import Lock

from search.records import Collection
from web.requests.search_url import SearchUrl

QUESTIONS = 12
MAX_CHARACTERS = 200


class RecentQuestions:
    """The last distinct questions of each collection, in memory alone. Thread-safe."""

    def __init__(self) -> None:
        self._by_collection_id: dict[int, OrderedDict[str, None]] = {}
        self._lock = Lock()

    def note(self, url: SearchUrl, collections: Iterable[Collection]) -> None:
        """Remember a search of the page by words alone, for the collections of its query.

        The page searches while words are typed: the beginning of a question is no question.
        """
        text = url.q.strip()
        if not text or len(text) > MAX_CHARACTERS or url.chips or url.more:
            return
        with self._lock:
            for collection in collections:
                questions = self._by_collection_id.setdefault(collection.id, OrderedDict())
                last = next(reversed(questions), "")
                if last.startswith(text):
                    continue
                if last and text.startswith(last):
                    del questions[last]
                questions[text] = None
                questions.move_to_end(text)
                while len(questions) > QUESTIONS:
                    questions.popitem(last=False)

    def of(self, collection: Collection) -> list[str]:
        """Return a collection's last questions, the newest first."""
        with self._lock:
            return list(reversed(self._by_collection_id.get(collection.id, ())))

    def newest(self, collections: Sequence[Collection], count: int) -> list[str]:
        """Return the last questions of several collections, each once, the newest first of each."""
        turns = chain.from_iterable(zip_longest(*map(self.of, collections)))
        return list(dict.fromkeys(text for text in turns if text is not None))[:count]
