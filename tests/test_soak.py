"""The short form of the soak: a few seconds of every kind of request, and no error."""

import os
from pathlib import Path

import pytest

from benchmarks.soak import SHARES, Soak
from search.bootstrap import open_engine
from tests.browsing import served
from tests.colour_web import picture_bytes, settings_in, store_colours


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux")
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
    assert 0 <= abs(report.drift) <= 2 * report.spread
