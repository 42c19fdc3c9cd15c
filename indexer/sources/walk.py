"""One pass through a source; its start can be checked before a collection is made."""

from collections.abc import Iterator
from itertools import chain

from indexer.sources import Found, Item, Source, Unchanged
from indexer.sources.folder import FolderSource
from search.catalog.records import Failure
from search.errors import BadSource
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import SUFFIXES


class SourceWalk:
    """A source that is walked once, however early its first picture is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = source.root
        self.table = source.table
        self._begun: Iterator[Found] | None = None

    def check_filled(self) -> None:
        """Walk up to the first picture of a new collection; `find` continues from there.

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
        """Yield all items of the source; the first call continues the walk of `check_filled`."""
        begun, self._begun = self._begun, None
        yield from begun or self.source.find(unchanged)


def empty(source: Source, why: str = "") -> BadSource:
    """Return the error of a source without pictures: perhaps an unmounted disk, or a pattern."""
    inner = source.source if isinstance(source, SourceWalk) else source
    if isinstance(inner, FolderSource) and inner.narrowed_by and not why:
        return BadSource(
            "no-pictures-fit",
            "no picture in {folder!r} fits {options}; change what is left "
            "out, or index all of it. Nothing was changed",
            folder=str(source.root),
            options=inner.narrowed_by,
        )
    return BadSource(
        "no-pictures-in-source",
        "there are no pictures in {folder!r}{detail}{reason}; Limn reads "
        "files that end in {suffixes}. "
        "Nothing was changed",
        folder=str(source.root),
        detail="; " if why else "",
        reason=why,
        suffixes=", ".join(sorted((*PICTURE_SUFFIXES, *SUFFIXES))),
    )
