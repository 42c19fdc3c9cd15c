"""One pass through a source, which begins before anything is made for what it holds."""

from collections.abc import Iterator
from itertools import chain

from indexer.sources import Found, Item, Source, Unchanged
from indexer.sources.folder import FolderSource
from search.catalog.records import Failure
from search.errors import BadSource
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import SUFFIXES


class SourceWalk:
    """A source that is walked once, however early its first picture is asked for."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = source.root
        self.table = source.table
        self._begun: Iterator[Found] | None = None

    def check_filled(self) -> None:
        """Walk up to the first picture of a new collection; `find` goes on from there.

        Raises:
            BadSource: the source can't be read, or holds nothing.
        """
        walk = self.source.find(lambda _: False)  # no container of a new collection is known
        seen: list[Found] = []
        for found in walk:
            seen.append(found)
            if isinstance(found, Item) or (isinstance(found, Failure) and found.path != self.root):
                self._begun = chain(seen, walk)
                return
            if isinstance(found, Failure):
                raise empty(self, found.detail)
        raise empty(self)

    def find(self, unchanged: Unchanged) -> Iterator[Found]:
        """Yield all that the source holds; from the start the first time alone."""
        begun, self._begun = self._begun, None
        return begun or self.source.find(unchanged)


def empty(source: Source, why: str = "") -> BadSource:
    """Return the error of a source without pictures: perhaps an unmounted disk, or a pattern."""
    inner = source.source if isinstance(source, SourceWalk) else source
    if isinstance(inner, FolderSource) and inner.narrowed_by and not why:
        return BadSource(
            f"no picture in {str(source.root)!r} fits {inner.narrowed_by}; change what is left "
            "out, or index all of it. Nothing was changed"
        )
    return BadSource(
        f"there are no pictures in {str(source.root)!r}{'; ' if why else ''}{why}; Limn reads "
        f"files that end in {', '.join(sorted((*PICTURE_SUFFIXES, *SUFFIXES)))}. "
        "Nothing was changed"
    )
