"""How sources are to be read, as the command line says it."""

from dataclasses import dataclass
from pathlib import Path

from indexer.sources.columns import GUESSED, AskedColumns
from indexer.sources.globs import EVERYTHING, Selection


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Which files to read, which columns of tables, where their paths start, what confines all."""

    selection: Selection = EVERYTHING
    columns: AskedColumns = GUESSED
    pictures_in: Path | None = None
    confined_to: tuple[Path, ...] = ()
