"""`limn search --in FOLDER`: the folder is brought up to date, and searched alone."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Limn


def paint(file: Path, colour: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), colour).save(file)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for name, colour in (("red", "red"), ("blue", "blue"), ("2024/green", "green")):
        paint(folder / f"{name}.jpg", colour)
    return folder


def names(printed: str) -> set[str]:
    return {Path(line.split()[3]).stem for line in printed.splitlines()}


def test_the_first_run_indexes_and_the_next_reads_what_changed(limn: Limn, pictures: Path) -> None:
    first = limn("search", "red", "--in", str(pictures))
    assert f"indexing {pictures} for the first time, as pictures" in first.stderr
    assert "3 new, in" in first.stderr
    assert names(first.stdout) == {"red", "blue", "green"}
    again = limn("search", "red", "--in", str(pictures))
    assert "new" not in again.stderr and "indexing" not in again.stderr
    assert again.stdout == first.stdout

    paint(pictures / "orange.jpg", "orange")
    (pictures / "blue.jpg").unlink()
    changed = limn("search", "red", "--in", str(pictures))
    assert "1 new, 1 removed, in" in changed.stderr
    assert names(changed.stdout) == {"red", "orange", "green"}


def test_a_folder_within_an_indexed_one_stays_in_its_collection(limn: Limn, pictures: Path) -> None:
    limn("index", str(pictures), "-c", "mine", "--exclude", "*blue*")
    paint(pictures / "2024" / "white.jpg", "white")
    paint(pictures / "2024" / "blue.jpg", "blue")
    found = limn("search", "green", "--in", str(pictures / "2024"))
    assert "1 new" in found.stderr and "first time" not in found.stderr
    assert names(found.stdout) == {"green", "white"}  # blue is excluded, as before
    narrowed = limn("search", "green", "--in", str(pictures / "2024"), "--where", "colour = white")
    assert names(narrowed.stdout) == {"white"}
    assert json.loads(limn("collections", "--json").stdout)[0]["pictures"] == 3


def test_folders_of_one_name_are_two_collections(limn: Limn, pictures: Path) -> None:
    other = pictures.parent / "old" / "pictures"
    paint(other / "purple.jpg", "purple")
    limn("search", "red", "--in", str(pictures))
    found = limn("search", "red", "--in", str(other))
    assert "for the first time, as old pictures" in found.stderr
    assert names(found.stdout) == {"purple"}


def test_similar_pictures_of_this_folder(limn: Limn, pictures: Path) -> None:
    found = limn("similar", str(pictures / "red.jpg"), "--in", "pictures", "--json")
    hits = json.loads(found.stdout)
    assert Path(hits[0]["path"]).name == "red.jpg" and len(hits) == 3


def test_what_is_no_folder_to_search_is_refused(limn: Limn, pictures: Path) -> None:
    missing = limn("search", "red", "--in", "nowhere", code=2)
    assert "--in is 'nowhere', and there is no such folder" in missing.stderr
    blank = limn("search", "red", "--in", "", code=2)
    assert "--in names no folder" in blank.stderr
    file = limn("search", "red", "--in", str(pictures / "red.jpg"), code=2)
    assert "a file; name a folder" in file.stderr
    both = limn("search", "red", "--in", str(pictures), "-c", "mine", code=2)
    assert "name one of the two" in both.stderr
    empty = pictures / "empty"
    empty.mkdir()
    assert "there are no pictures in" in limn("search", "red", "--in", str(empty), code=1).stderr
    assert not list(empty.iterdir())
