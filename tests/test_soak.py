"""The short forms of the soak and of many clients: no error; memory over time."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crowd import INDEXED, Crowd, Indexing, beside
from benchmarks.load import loaded
from benchmarks.soak import SHARES, Report, Soak
from search.bootstrap import open_engine
from search.malloc import SET_BY_HAND, give_back_freed
from tests.browsing import served
from tests.colour_web import picture_bytes, settings_in, store_colours

pytestmark = pytest.mark.slow

# Eight threads that each make, use and free blocks as searches do, and the final memory in MiB.
FREED_BY_THREADS = """
import numpy as np
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from benchmarks.soak import resident_mib
barrier = Barrier(8)
def work(_):
    barrier.wait()
    for _ in range(20):
        held = [np.ones(size) for size in (40_000, 400_000, 90_000, 1_000_000, 2_000_000)]
    del held
    barrier.wait()
before = resident_mib("self")
with ThreadPoolExecutor(8) as pool:
    list(pool.map(work, range(8)))
    print(resident_mib("self") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_server_under_mixed_load_makes_no_error(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "green", "blue"))
    with served(tmp_path / "data") as (process, url):
        soak = Soak(url, process.pid, picture_bytes("red", kind="JPEG"))
        report = soak.run(seconds=4, rate=30)
    assert (report.failed, report.first_failures) == (0, [])
    assert report.requests == 120
    assert set(report.p50_ms) == set(SHARES)
    assert min(report.p50_ms.values()) > 0 and min(report.over_time_mib) > 10


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_crowd_and_a_run_of_the_indexer_beside_it_make_no_error(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "green", "blue"))
    more = tmp_path / "more"
    more.mkdir()
    for colour in ("orange", "purple"):
        (more / f"{colour}.png").write_bytes(picture_bytes(colour))
    with served(tmp_path / "data", "--root", str(more)) as (process, url):
        soak = Soak(url, process.pid, picture_bytes("red", kind="JPEG"))
        crowd, indexing = Crowd(url, 20, 4, soak.ids), Indexing(url, str(more))
        with beside(crowd, indexing):
            report = soak.run(seconds=8, rate=20)
        assert (report.failed, report.first_failures) == (0, [])
        assert crowd.opened >= 24
        assert indexing.added % 2 == 0
        assert loaded(url, INDEXED, ["red"], clients=1).failed == 1, "it was removed at the end"


def test_memory_over_time_is_told_by_its_drift_and_its_spread() -> None:
    warming, steady = [100.0, 500.0, 600.0, 700.0], [800.0] * 12
    flat = Report(60.0, over_time_mib=[*warming, *steady, *[800.0] * 4])
    assert (flat.drift, flat.spread) == (0.0, 0.0), "the warm-up does not count"
    grown = Report(60.0, over_time_mib=[*warming, *steady, *[880.0] * 4])
    assert grown.drift == pytest.approx(0.1) and grown.spread == pytest.approx(0.1)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_a_server_gives_back_what_its_threads_have_freed() -> None:
    code = (
        f"from search.malloc import give_back_freed; print(give_back_freed())\n{FREED_BY_THREADS}"
    )
    untouched = {name: value for name, value in os.environ.items() if name not in SET_BY_HAND}
    by_itself, told = (
        subprocess.run(
            [sys.executable, "-c", each],
            capture_output=True,
            text=True,
            check=True,
            env=untouched,
        ).stdout.split()
        for each in (FREED_BY_THREADS, code)
    )
    assert told[0] == "True"
    assert float(told[1]) < float(by_itself[0]) / 2
    assert not give_back_freed({"MALLOC_ARENA_MAX": "4"}), "who has set it has thought about it"


def test_many_clients_who_ask_for_different_words_are_all_answered(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "green", "blue"))
        [collection] = engine.catalog.collections.all()
    with served(tmp_path / "data") as (_, url):
        words = [f"红 wall number {number}" for number in range(96)]
        load = loaded(url, collection.name, words, clients=16)
        assert (load.failed, len(load.waits_s)) == (0, 96)
        assert 0 < load.wait_ms(0.5) <= load.wait_ms(0.99) < 1000 * load.took_s
        assert loaded(url, "nowhere", words[:4], clients=2).failed == 4
