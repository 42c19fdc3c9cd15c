"""Indexes while rows are added: their files, and their updates."""

import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from search.bootstrap import open_engine
from search.indexes.follower import Follower
from search.records import Collection, Space
from search.stores import IndexKind
from search.stores.exact import ExactBackend, ExactStore
from tests.colour_web import settings_in, store, store_colours
from web.services.index_follower import IndexFollower


class OnSlowDisk(ExactStore):
    """A store whose file takes a chosen time to write."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.writing, self.written = threading.Event(), threading.Event()

    def dump(self) -> Iterator[memoryview]:
        self.writing.set()
        self.written.wait(60)
        return iter(list(super().dump()))


class SlowBackend(ExactBackend):
    """A backend that opens stores on a slow disk."""

    def open(self, collection: Collection, space: Space, kind: IndexKind) -> OnSlowDisk:
        self.opened = OnSlowDisk(space.width)
        return self.opened


def test_a_search_does_not_wait_for_an_index_file_and_finds_the_rest_after_it(
    tmp_path: Path,
) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "green"))
        [collection] = engine.collections()
        backend = SlowBackend()
        follower = Follower(engine.catalog, collection, backend, tmp_path / "a.index")
        assert len(follower.store()) == 2
        slow = backend.opened
        saver = threading.Thread(target=follower.save)
        saver.start()
        assert slow.writing.wait(60)
        store(engine.catalog, tmp_path / "blue.png", "blue")
        assert len(follower.store()) == 2, "as it is, and at once"
        slow.written.set()
        saver.join(60)
        assert len(follower.store()) == 3
        assert (tmp_path / "a.index").exists()


def test_indexes_are_brought_level_while_nobody_searches(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "green"))
        [collection] = engine.collections()
        engine.follow()
        store(engine.catalog, tmp_path / "blue.png", "blue")
        following = IndexFollower(engine, every_s=0.01)
        following.start()
        until_s = monotonic() + 30
        while (collection.name, "pictures", 3) not in engine.index_sizes():
            assert monotonic() < until_s
            threading.Event().wait(0.01)
        following.stop()
