"""The demo: its pictures are present, readable, and captioned twice in each of two languages."""

import csv
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from indexer.demo import CAPTIONS, DEMO_QUERIES, collect_demo
from indexer.demo.before import trouble
from search.errors import LimnError, StorageFailed
from search.pictures import read_picture
from tests.typed import Typed


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_demo_picture_has_two_captions_in_each_language(tmp_path: Path) -> None:
    folder = collect_demo(tmp_path / "new" / "demo")
    pictures = {path.name for path in folder.iterdir()} - {"captions.csv"}
    found = rows(folder / "captions.csv")
    assert found == rows(CAPTIONS)
    assert len(pictures) == 16
    assert Counter((row["image"], row["language"]) for row in found) == Counter(
        {(name, language): 2 for name in pictures for language in ("en", "zh")}
    )
    assert len({row["caption"] for row in found}) == len(found)


def test_captions_are_in_the_language_they_say(tmp_path: Path) -> None:
    for row in rows(CAPTIONS):
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in row["caption"])
        assert chinese == (row["language"] == "zh"), row
    assert [query.isascii() for query in DEMO_QUERIES] == [True, True, False]


def test_every_demo_picture_can_be_read(tmp_path: Path) -> None:
    for path in collect_demo(tmp_path).glob("*.[jp][pn]g"):
        picture, facts = read_picture(path)
        assert min(picture.size) > 150
        assert facts.format in ("JPEG", "PNG")


def test_collecting_again_touches_nothing_and_mends_what_is_broken(tmp_path: Path) -> None:
    collect_demo(tmp_path)
    cat, rocket = tmp_path / "chelsea.png", tmp_path / "rocket.jpg"
    (tmp_path / "mine.txt").write_text("kept")
    whole = rocket.read_bytes()
    for path in tmp_path.iterdir():
        os.utime(path, ns=(1, 1))
    rocket.write_bytes(whole[:100])
    collect_demo(tmp_path)
    assert cat.stat().st_mtime_ns == (tmp_path / "captions.csv").stat().st_mtime_ns == 1
    assert rocket.read_bytes() == whole
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("in the way")
    with pytest.raises(StorageFailed, match="demo"):
        collect_demo(tmp_path / "demo")


NOWHERE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
}


def collect_without_packages(tmp_path: Path, **environment: str) -> str:
    """Collect the demo as if its packages were not installed, and return what was printed."""
    root = Path(__file__).resolve().parent.parent
    program = (
        "import importlib.util\n"
        "from pathlib import Path\n"
        "from indexer.demo import collect_demo\n"
        "from search.errors import BadSource\n"
        "find = importlib.util.find_spec\n"
        "hidden = ('skimage', 'sklearn')\n"
        "importlib.util.find_spec = lambda name: None if name in hidden else find(name)\n"
        "try:\n    print(len(list(collect_demo(Path('demo')).iterdir())), 'files')\n"
        "except BadSource as error:\n    print(error)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_pictures_that_cannot_be_downloaded_are_named_with_the_remedy(tmp_path: Path) -> None:
    printed = collect_without_packages(tmp_path, **NOWHERE)
    assert "scikit-image, which can't be downloaded" in printed
    assert 'install "scikit-image"' in printed
    assert not list((tmp_path / "demo").iterdir())
    assert issubclass(StorageFailed, LimnError)


@pytest.mark.slow
def test_pictures_of_packages_that_are_not_installed_are_downloaded(
    tmp_path: Path, registry: None
) -> None:
    assert collect_without_packages(tmp_path) == "17 files\n"
    assert collect_without_packages(tmp_path, **NOWHERE) == "17 files\n"  # no second download


@pytest.mark.slow
def test_pictures_of_ones_own_are_asked_what_their_captions_say(
    typed: Typed, colours: Path
) -> None:
    done = typed("demo", colours)
    asked = re.findall(r'^limn search "(.*)" -c colours -k 3$', done.stdout, re.MULTILINE)
    assert len(asked) == 3 and all(re.fullmatch(r"a \w+ wall", each) for each in asked)
    assert not any(query in done.stdout for query in DEMO_QUERIES)


@pytest.mark.slow
def test_pictures_without_captions_are_asked_for_their_folders_and_looks(
    typed: Typed, tmp_path: Path
) -> None:
    for name, colour in (("red walls", "red"), ("blue-walls", "blue"), ("2019", "green")):
        folder = tmp_path / "own" / name
        folder.mkdir(parents=True)
        Image.new("RGB", (64, 48), colour).save(folder / "IMG_0001.jpg")
    printed = typed("demo", tmp_path / "own").stdout
    asked = re.findall(r"^limn search (.*) -c own -k 3$", printed, re.MULTILINE)
    assert {'"red walls"', '"blue walls"'} < set(asked) and len(asked) == 3


@pytest.mark.slow
def test_the_demo_says_how_to_go_on_from_another_terminal(typed: Typed, colours: Path) -> None:
    told = typed("demo", colours, PATH="/nowhere").stderr
    bin_folder = Path(sys.executable).parent
    assert f"source {bin_folder}/activate" in told or f"export PATH={bin_folder}" in told
    assert f"export LIMN_DATA_DIR={colours.parent / 'data'}" in told
    assert "there is no 'nowhere'" in typed("demo", "nowhere", code=1).stderr


def test_what_would_end_the_demo_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    assert trouble("0") == trouble("0", str(tmp_path)) == ""
    assert "PORT is 'x'" in trouble("x") and "PORT is '70000'" in trouble("70000")
    assert "no such folder" in trouble("0", str(tmp_path / "none"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} can't be had" in trouble(str(port))
        script = Path(CAPTIONS).with_name("before.py")
        command = [sys.executable, str(script), str(port), ""]
        ran = subprocess.run(command, capture_output=True, text=True)
        assert ran.returncode == 1 and ran.stderr.startswith("limn: port")
