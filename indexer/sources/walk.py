"""One pass through a source; its start can be checked before a collection is made."""

from collections.abc import Iterator
from itertools import chain

from indexer.sources import IsUnchanged, Item, ScanResult, Source
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
        self._rest: Iterator[ScanResult] | None = None

    def check_filled(self) -> None:
        """Walk up to the first picture of a new collection; `find` continues from there.

        Raises:
            BadSource: the source can't be read, or holds nothing.
        """
        walk = self.source.find(lambda _: False)  # no container of a new collection is known
        buffer: list[ScanResult] = []
        for result in walk:
            buffer.append(result)
            if isinstance(result, Item) or (
                isinstance(result, Failure) and result.path != self.root
            ):
                self._rest = chain(buffer, walk)
                return
            if isinstance(result, Failure):
                raise empty(self, result.detail)
        raise empty(self)

    def find(self, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        """Yield all items of the source; the first call continues the walk of `check_filled`."""
        rest, self._rest = self._rest, None
        yield from rest or self.source.find(is_unchanged)


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
