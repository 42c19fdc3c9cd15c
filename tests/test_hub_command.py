"""Published pairs on the command line, in processes where torch can't be imported."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Limn
from tests.hub_server import COMMIT, LoopbackHub, running_hub
from tests.published_pairs import Published, immich

pytestmark = pytest.mark.slow

NAME = "someone/pair"

WITHOUT_TORCH = """
import sys
for name in ("torch", "transformers", "open_clip"):
    sys.modules[name] = None
from search.cli import main
sys.argv[0] = "limn"
sys.exit(main())
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a small pair in a folder."""
    folder = tmp_path_factory.mktemp("pair")
    return immich(folder / "pair", folder, "hub-command", batched=True)


@pytest.fixture
def server(pair: Published) -> Iterator[LoopbackHub]:
    """Yield a hub with the pair."""
    with running_hub({NAME: pair.folder}) as running:
        yield running


@pytest.fixture
def caches(server: LoopbackHub, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a user whose cache is empty, and whose hub is on loopback."""
    return {
        "HF_HOME": str(tmp_path / "hf"),
        "HF_ENDPOINT": server.endpoint,
        "TORCH_HOME": str(tmp_path / "torch"),
    }


def without_torch(*arguments: str | Path, **environment: str) -> str:
    """Run the command where torch, transformers and open_clip can't be imported."""
    home = environment["HF_HOME"]  # the checkout may have an older list of entry points
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)],
        env={**os.environ, **environment},
        cwd=Path(home).parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_folder_is_indexed_and_searched_by_a_published_pair_without_torch(
    caches: dict[str, str], server: LoopbackHub, colours: Path, tmp_path: Path
) -> None:
    settings = {**caches, "LIMN_DATA_DIR": str(tmp_path / "data")}
    spec = f"hub:{NAME}"
    without_torch("index", colours, "--collection", "c", "--encoder", spec, **settings)
    requests = len(server.faults.paths)
    offline = {**settings, "HF_HUB_OFFLINE": "1"}
    assert len(without_torch("search", "red", **offline).splitlines()) == 8
    without_torch("index", colours, "--collection", "c", "--encoder", spec, **offline)
    assert len(server.faults.paths) == requests
    listed = without_torch("encoders", **offline)
    [line] = [each for each in listed.splitlines() if f"hub:{NAME}@{COMMIT}" in each]
    assert "clip-" in line and "32 wide" in line and line.endswith("in c")


def test_a_pair_is_got_into_the_cache_or_a_folder(
    limn: Limn, caches: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    got = limn("encoders", "get", f"hub:{NAME}", **caches)
    assert got.stdout == f"hub:{NAME}@{COMMIT}\n" and "space clip-" in got.stderr
    assert f"downloading {NAME}" in got.stderr
    assert f"hub:{NAME}" in limn("encoders", **caches).stdout
    copy = tmp_path / "copy"
    copied = limn("encoders", "get", f"hub:{NAME}", "--to", copy, **caches)
    assert copied.stdout == f"hub:{copy}\n"
    assert copied.stderr.splitlines()[-1] == got.stderr.splitlines()[-1]
    alone = {**caches, "HF_HOME": str(tmp_path / "empty"), "HF_HUB_OFFLINE": "1"}
    limn("index", colours, "--encoder", f"hub:{copy}", **alone)
    assert "used as it is" in limn("encoders", "get", f"hub:{copy}", code=2, **alone).stderr


def test_an_int8_copy_is_compared_by_one_s_own_pictures(
    limn: Limn, caches: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    got = limn("encoders", "get", f"hub:{NAME}#int8", "--pictures", colours, **caches)
    assert got.stderr.count("making an int8 copy") == 2
    assert got.stdout == f"hub:{NAME}@{COMMIT}#int8\n" and "space clip-int8-" in got.stderr
    assert len(list((tmp_path / "hf" / "limn" / "int8").rglob("model.onnx"))) == 2
    again = limn("encoders", "get", f"hub:{NAME}#int8", "--pictures", colours, **caches)
    assert "making" not in again.stderr and "downloading" not in again.stderr


def test_the_table_comes_first_with_an_estimate_for_a_collection(
    limn: Limn, caches: dict[str, str], colours: Path
) -> None:
    limn("index", colours, "--collection", "colours", **caches)
    lines = limn("encoders", "-c", "colours", **caches).stdout.splitlines()
    assert [each.split()[0] for each in lines[1:6]] == [
        "light",
        "balanced",
        "best",
        "chinese",
        "multilingual",
    ]
    assert all("8 pictures: about 10 s" in each for each in (lines[1], lines[5]))
    assert "searching.md" in "\n".join(lines) and "estimates for colours" in "\n".join(lines)
    assert any(each.startswith("builtin") and "8 pictures: about" in each for each in lines)
    assert "no collection 'nothing'" in limn("encoders", "-c", "nothing", code=1, **caches).stderr


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("hub:someone/other", 1, "has no someone/other; check the spelling"),
        ("nonsense", 2, "does not name a pair on the hub"),
        (f"hub:{NAME}#q4", 2, "has no variant 'q4'; it has: none (float32)"),
    ],
)
def test_a_wrong_name_is_refused_in_one_line(
    name: str, code: int, message: str, limn: Limn, caches: dict[str, str]
) -> None:
    done = limn("encoders", "get", name, code=code, **caches)
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
