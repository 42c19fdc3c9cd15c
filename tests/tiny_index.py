"""Index a folder in the tests' own process with the encoder that needs no weights."""

from pathlib import Path

from indexer.pipeline import index
from indexer.plan import Plan
from indexer.sources.folder import Folder
from search.catalog import Catalog
from search.encoders.tiny import TinyEncoder
from search.pictures import Limits
from search.records import Counts
from search.settings import Settings


def settings_at(folder: Path, url: str) -> Settings:
    """Return settings with their data in `folder` and their catalog at `url`."""
    return Settings.from_environment(
        {"LIMN_DATA_DIR": str(folder), "LIMN_DATABASE_URL": url, "LIMN_ENCODER": "tiny"}
    )


class Silent:
    """A progress report that nobody reads."""

    def planned(self, plan: Plan) -> None: ...

    def advanced(self, counts: Counts, total: int, at: str) -> None: ...


def run_index(catalog: Catalog, folder: Path, name: str = "colours") -> Counts:
    """Index a folder as a collection and return the counts of the run."""
    _, counts = index(
        catalog,
        name,
        [Folder(folder)],
        TinyEncoder(),
        workers=1,
        limits=Limits(),
        progress=Silent(),
    )
    return counts
