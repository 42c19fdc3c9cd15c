"""Indexing within the tests' own process, by the encoder that needs no weights."""

from pathlib import Path

from indexer.indexing.pipeline import index
from indexer.indexing.run_state import RunState
from indexer.sources.folder import FolderSource
from search.catalog.catalog import Catalog
from search.catalog.records import RunCounts
from search.encoders.tiny import TinyEncoder
from search.pictures import Limits
from search.records import Vectors
from search.settings import Settings


def settings_at(folder: Path, url: str) -> Settings:
    """Return settings with their data in `folder` and their catalog at `url`."""
    return Settings.from_environment(
        {"LIMN_DATA_DIR": str(folder), "LIMN_DATABASE_URL": url, "LIMN_ENCODER": "tiny"}
    )


class Silent:
    """A progress report without output."""

    def begin(self, plan: RunState) -> None: ...

    def advance(self, counts: RunCounts, total: int, at: str) -> None: ...


def vector_of(catalog: Catalog, picture_id: int) -> Vectors:
    """Return the stored embedding (64,) of a picture."""
    return catalog.pictures.vectors([picture_id], TinyEncoder().space.id)[picture_id]


def run_index(catalog: Catalog, folder: Path, name: str = "colours") -> RunCounts:
    """Index a folder as a collection; return the counts of the run."""
    _, counts = index(
        catalog,
        name,
        [FolderSource(folder)],
        TinyEncoder(),
        workers=1,
        limits=Limits(),
        progress=Silent(),
    )
    return counts
