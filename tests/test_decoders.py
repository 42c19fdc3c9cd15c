"""The decoders: no file stops them, and no file is blamed for another's fault."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import pytest
from PIL import Image

from indexer.indexing.cancellation import JobCancelled, Stop
from indexer.indexing.decode import DecodedPicture, Outcome, Work
from indexer.indexing.decoder_pool import Decoders, DecodersFailed
from indexer.sources import Item, SidecarData
from search.catalog.catalog import Catalog
from search.catalog.records import Failure
from search.encoders.preparation import Preparation
from search.encoders.tiny import TinyEncoder
from search.pictures import Limits
from search.records import Caption, Pixels
from tests.tiny_index import run_index

pytestmark = pytest.mark.slow

FILES = 48
PLAIN = TinyEncoder().preparation


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{n}.png" for n in range(FILES)]
    for n, path in enumerate(paths):
        Image.new("RGB", (32, 32), (n, 0, 0)).save(path)
    return paths


def run(work: Sequence[Work], preparation: Preparation = PLAIN, **more: float) -> list[Outcome]:
    with Decoders(2, preparation, Limits(), **more) as decoders:
        return list(decoders.run(work))


def test_texts_of_any_length_may_stand_beside_pictures(files: list[Path]) -> None:
    told = [SidecarData((Caption(f"{n} " * 300_000),), {"n": str(n)}) for n in range(FILES)]
    items = [Item(path, 1, 1, each) for path, each in zip(files, told, strict=True)]
    outcomes = run([Work(item) for item in items])
    assert all(isinstance(each, DecodedPicture) for each in outcomes)
    back = {
        each.file.item.path: each.file.item for each in outcomes if isinstance(each, DecodedPicture)
    }
    assert back == {item.path: item for item in items}


def test_any_number_of_known_contents_may_be_looked_for(files: list[Path]) -> None:
    known = frozenset(n.to_bytes(32, "big") for n in range(20_000))
    outcomes = run([Work(Item(path, 1, 1), known) for path in files])
    assert sum(isinstance(each, DecodedPicture) for each in outcomes) == FILES


class Talkative(Preparation):
    """A preparation that raises an error with megabytes of text."""

    def pixels(self, picture: Image.Image, *, exact: bool = True) -> Pixels:
        raise ValueError("no " * 1_000_000)


@pytest.mark.slow
def test_answers_of_any_length_may_come_back(files: list[Path]) -> None:
    outcomes = run([Work(Item(path, 1, 1)) for path in files], Talkative(*astuple(PLAIN)))
    failures = [each for each in outcomes if isinstance(each, Failure)]
    assert len(failures) == FILES
    assert all(len(each.detail) > 3_000_000 for each in failures)


class OnceStruck(Preparation):
    """A preparation that signals its own process at the first reading of the picture `0.png`."""

    def pixels(self, picture: Image.Image, *, exact: bool = True) -> Pixels:
        mark = Path(os.environ["LIMN_TEST_MARK"])
        if picture.getpixel((0, 0)) == (0, 0, 0) and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), int(os.environ["LIMN_TEST_SIGNAL"]))
        return super().pixels(picture, exact=exact)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGSTOP])
def test_a_picture_whose_decoder_was_ended_or_stopped_is_read_after_all(
    sent: signal.Signals, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMN_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("LIMN_TEST_SIGNAL", str(int(sent)))
    struck = OnceStruck(*astuple(PLAIN))
    outcomes = run([Work(Item(path, 1, 1)) for path in files], struck, timeout_s=4.0)
    assert (tmp_path / "mark").exists()
    assert sum(isinstance(each, DecodedPicture) for each in outcomes) == len(outcomes) == FILES


def test_a_stopped_decoder_holds_up_nobody_who_ends_the_run(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMN_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("LIMN_TEST_SIGNAL", str(int(signal.SIGSTOP)))
    stop = Stop()
    asked_s = []
    with (
        pytest.raises(JobCancelled),
        Decoders(1, OnceStruck(*astuple(PLAIN)), Limits()) as decoders,
    ):

        def check() -> None:
            if (tmp_path / "mark").exists():
                asked_s.append(time.monotonic())
                stop.ask()
            stop.check()

        list(decoders.run([Work(Item(path, 1, 1)) for path in files], check))
    assert time.monotonic() - asked_s[0] < 2


class Unreadable(Preparation):
    """A preparation whose unpickling ends every decoder process before the process has started."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (3,)


def test_decoders_that_can_not_start_are_told_and_blame_no_file(files: list[Path]) -> None:
    with pytest.raises(DecodersFailed, match="ended before they had started"):
        run([Work(Item(path, 1, 1)) for path in files], Unreadable(*astuple(PLAIN)))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at Linux' /proc")
def test_the_memory_of_decoders_has_no_name_that_could_be_left_behind() -> None:
    def named() -> set[str]:
        # Semaphores that another test's library deleted at once are in the map, and nowhere else.
        maps = Path("/proc/self/maps").read_text().splitlines()
        return {line for line in maps if "/dev/shm" in line and not line.endswith("(deleted)")}

    before = named()
    with Decoders(2, PLAIN, Limits()):
        assert "memfd:limn" in Path("/proc/self/maps").read_text()
        assert named() <= before


def test_a_picture_that_an_older_version_blamed_at_once_is_tried_again(
    catalog: Catalog, files: list[Path]
) -> None:
    collection = catalog.collections.open("p", TinyEncoder().space)
    details = ("decoding {!r} ended its process", "decoding {!r} took more than 60 s", "{!r}: no")
    catalog.failures.record(
        collection,
        [
            Failure(path, "crashed", detail.format(str(path)), path.stat().st_size, mtime_ns)
            for path, detail in zip(files, details, strict=False)
            for mtime_ns in (path.stat().st_mtime_ns,)
        ],
    )
    run_index(catalog, files[0].parent, "p")
    assert [each.path for each in catalog.failures.of(collection.id)] == [files[2]]
