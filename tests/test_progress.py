"""Progress of a run: never more done than the total, whatever is found on the way."""

import json
from pathlib import Path

import pytest
from PIL import Image

from indexer.indexing.pipeline import RunOptions, index
from indexer.indexing.run_state import RunState
from indexer.sources.folder import FolderSource
from search.catalog.catalog import Catalog
from search.catalog.jobs import done
from search.catalog.records import RunCounts
from search.encoders.tiny import TinyEncoder
from search.pictures import Limits
from tests import collections_of_every_kind as made
from tests.conftest import Limn

pytestmark = pytest.mark.slow


class Recorder:
    """A progress report that records a run."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def begin(self, plan: RunState) -> None: ...

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        self.seen.append((done(counts), total))


def every_kind(folder: Path) -> Path:
    """Make films, an animation, archives whole and damaged, and pictures, one of them damaged."""
    folder.mkdir()
    made.film(folder / "a.mp4", made.COLOURS)
    made.film(folder / "black.mp4", ("black",))
    (folder / "damaged.mp4").write_bytes(b"no film")
    made.tar(folder / "a.tar")
    (folder / "damaged.tar").write_bytes(b"no archive" * 100)
    (folder / "damaged.zip").write_bytes(b"PK no archive")
    frames = [Image.new("RGB", (32, 32), colour) for colour in made.COLOURS]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def test_never_more_is_done_than_there_is(catalog: Catalog, tmp_path: Path) -> None:
    folder = every_kind(tmp_path / "every")
    for sources in (
        [FolderSource(folder)],
        [FolderSource(folder), FolderSource(folder / "a.mp4")],
        [FolderSource(folder)],
    ):
        watched = Recorder()
        index(
            catalog,
            "every",
            sources,
            TinyEncoder(),
            workers=2,
            limits=Limits(),
            progress=watched,
            options=RunOptions(retry=True),
        )
        assert watched.seen
        assert all(finished <= total for finished, total in watched.seen)
        job = catalog.jobs.latest()[0]
        assert job.total is not None
        assert done(job.counts) <= job.total
        (folder / "a.gif").touch()
        (folder / "a.mp4").touch()


def test_the_command_line_tells_no_more_than_there_is(limn: Limn, tmp_path: Path) -> None:
    told = limn("index", every_kind(tmp_path / "every"), "-c", "every", "--json").stdout
    events = [json.loads(line) for line in told.splitlines()]
    progress = [each for each in events if each["event"] == "progress"]
    assert progress
    for each in progress:
        parts = ("added", "changed", "moved", "unchanged", "failed")
        assert sum(each[part] for part in parts) <= each["total"]
