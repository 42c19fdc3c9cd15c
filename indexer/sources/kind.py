"""The protocol of a kind of source."""

from pathlib import Path
from typing import ClassVar, Protocol

from indexer.sources import Source
from indexer.sources.options import SourceOptions


class SourceKind(Protocol):
    """A kind of source, registered as an entry point of the group `limn.sources`.

    The registered module imports slow libraries in `open`.
    """

    names: ClassVar[tuple[str, ...]]
    """The names that it takes: file suffixes (".csv"), or prefixes of texts ("album:ADDRESS")."""

    def open(self, place: Path | str, options: SourceOptions, within: Path | None) -> Source | None:
        """Open a file by its path, or a text as it was written.

        `within` is the highest folder whose captions files count. None where the file is not of
        this kind after all.

        Raises:
            BadSource: a library is missing, or the file is damaged.
        """
