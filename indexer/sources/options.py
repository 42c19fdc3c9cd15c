"""The options that sources are read with, from the command line."""

from dataclasses import dataclass
from pathlib import Path

from indexer.sources.columns import GUESSED, ColumnOptions
from indexer.sources.globs import EVERYTHING, Selection


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """The files and table columns to read, the root of relative paths, the confining folders."""

    selection: Selection = EVERYTHING
    columns: ColumnOptions = GUESSED
    pictures_in: Path | None = None
    confined_to: tuple[Path, ...] = ()
