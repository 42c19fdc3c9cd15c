"""The command `limn index` on real files: found, unchanged, changed, skipped, and reported."""

import json
import os
import shutil
import socket
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import COLOURS, Limn
from tests.pictures_of_every_kind import bomb_png, cut, jpeg


def hits(limn: Limn, *arguments: str | Path) -> list[str]:
    found = json.loads(limn("search", "--json", *arguments).stdout)
    return [Path(hit["path"]).name for hit in found]


def test_pictures_are_found_by_words_in_both_languages_and_by_picture(
    limn: Limn, colours: Path
) -> None:
    done = limn("index", colours, "--collection", "walls")
    assert "walls: 8 added, 0 changed, 0 unchanged, 0 removed, 0 failed" in done.stdout
    for colour in COLOURS:
        assert hits(limn, f"a {colour} wall", "-k", "1") == [f"{colour}.jpg"]
    assert hits(limn, "绿", "-k", "1") == ["green.jpg"]
    similar = limn("similar", colours / "blue.jpg", "-k", "1").stdout
    assert similar.startswith("  1  1.000  ")
    assert "blue.jpg" in similar


def test_words_and_pictures_mix_with_weights(limn: Limn, colours: Path) -> None:
    limn("index", colours)
    mixed = hits(limn, "red", "--image", f"{colours / 'blue.jpg'}:0.9", "-k", "3")
    assert {"red.jpg", "blue.jpg"} <= set(mixed)
    assert hits(limn, "--text", "red:0.1", "--text", "green:5", "-k", "1") == ["green.jpg"]


def test_a_second_run_does_nothing_and_a_changed_folder_is_followed(
    limn: Limn, colours: Path
) -> None:
    limn("index", colours)
    assert "0 added, 0 changed, 8 unchanged, 0 removed" in limn("index", colours).stdout
    (colours / "red.jpg").unlink()
    Image.new("RGB", (64, 64), "red").save(colours / "green.jpg")
    Image.new("RGB", (64, 64), "gray").save(colours / "gray.jpg")
    os.utime(colours / "blue.jpg", (1, 1))
    captions = (colours / "captions.csv").read_text()
    (colours / "captions.csv").write_text(captions.replace("a black wall", "a wall at night"))
    assert "1 added, 2 changed, 5 unchanged, 1 removed, 0 failed" in limn("index", colours).stdout
    assert hits(limn, "red", "-k", "1") == ["green.jpg"], "its new content is what counts"
    found = json.loads(limn("search", "--json", "black", "-k", "1").stdout)
    assert [each["text"] for each in found[0]["captions"]] == ["a wall at night", "all is black"]
    assert "0 added, 0 changed, 8 unchanged, 0 removed" in limn("index", colours).stdout


def test_a_part_of_a_folder_can_be_indexed_again_without_losing_the_rest(
    limn: Limn, colours: Path
) -> None:
    (colours / "more").mkdir()
    shutil.move(colours / "red.jpg", colours / "more" / "red.jpg")
    limn("index", colours, "-c", "walls")
    again = limn("index", colours / "more", "-c", "walls").stdout
    assert "0 added, 0 changed, 1 unchanged, 0 removed" in again, "its captions count as well"
    assert len(hits(limn, "wall")) == 8


def test_two_collections_are_searched_together_or_apart(limn: Limn, colours: Path) -> None:
    other = colours.parent / "other"
    other.mkdir()
    Image.new("RGB", (96, 64), "red").save(other / "crimson.jpg")
    limn("index", colours)
    limn("index", other)
    assert set(hits(limn, "red", "-k", "2")) == {"red.jpg", "crimson.jpg"}
    assert hits(limn, "red", "-c", "other") == ["crimson.jpg"]
    assert "colours, other" in limn("search", "red", "-c", "unknown", code=1).stderr


def test_names_of_every_kind_are_indexed_and_printed_a_line_each(
    limn: Limn, tmp_path: Path
) -> None:
    folder = tmp_path / "odd names"
    folder.mkdir()
    names = [b"two words.jpg", "图片 é.jpg".encode(), b"new\nline.jpg", b"not-utf8-\xff\xe9.jpg"]
    for name in names:
        jpeg(folder / os.fsdecode(name))
    assert "4 added" in limn("index", folder).stdout
    lines = limn("search", "red").stdout.splitlines()
    assert len(lines) == 4
    assert any("new\\nline.jpg" in line for line in lines)
    assert len(json.loads(limn("search", "red", "--json").stdout)) == 4
    assert limn("similar", folder / os.fsdecode(names[3]), "-k", "1").stdout.startswith("  1  1.00")


def test_files_that_can_not_be_read_are_listed_with_reasons_and_cost_nothing_else(
    limn: Limn, colours: Path
) -> None:
    (colours / "text.jpg").write_text("not a picture")
    (colours / "empty.png").touch()
    cut(colours / "cut.jpg", colours / "red.jpg")
    bomb_png(colours / "bomb.png")
    (colours / "gone.jpg").symlink_to(colours / "nowhere.jpg")
    (colours / "loop").symlink_to(colours)
    (colours / "self.jpg").symlink_to(colours / "self.jpg")
    (colours / "folder.jpg").mkdir()
    (colours / "notes.pdf").touch()
    os.mkfifo(colours / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(colours / "socket.jpg"))
        done = limn("index", colours, "-c", "walls")
    assert "8 added" in done.stdout
    assert "8 failed" in done.stdout
    told = json.loads(limn("info", "walls", "--json").stdout)["failed_files"]
    assert {Path(each["path"]).name: each["reason"] for each in told} == {
        "text.jpg": "not an image",
        "empty.png": "empty file",
        "cut.jpg": "truncated",
        "bomb.png": "too large",
        "gone.jpg": "unreadable",
        "self.jpg": "unreadable",
        "pipe.jpg": "not an image",
        "socket.jpg": "not an image",
    }
    assert "1 file that is not a picture was passed over" in done.stderr
    for name in ("text.jpg", "empty.png", "bomb.png", "gone.jpg", "self.jpg", "pipe.jpg"):
        (colours / name).unlink()
    shutil.copy(colours / "red.jpg", colours / "cut.jpg")
    (colours / "socket.jpg").unlink()
    assert (
        "1 added, 0 changed, 8 unchanged, 0 removed, 0 failed"
        in limn("index", colours, "-c", "walls").stdout
    )
    assert json.loads(limn("info", "walls", "--json").stdout)["failed_files"] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_folder_that_can_not_be_read_keeps_what_it_held(limn: Limn, colours: Path) -> None:
    private = colours / "private"
    private.mkdir()
    shutil.copy(colours / "red.jpg", private / "secret.jpg")
    limn("index", colours)
    private.chmod(0)
    done = limn("index", colours)
    private.chmod(0o700)
    assert "0 removed, 1 failed" in done.stdout
    assert "Permission denied" in done.stderr


@pytest.mark.parametrize("kind", ["missing", "empty", "no pictures"])
def test_a_folder_with_nothing_to_index_is_an_error_and_changes_nothing(
    limn: Limn, colours: Path, kind: str
) -> None:
    limn("index", colours, "-c", "walls")
    colours.rename(colours.with_name("away"))
    if kind != "missing":
        colours.mkdir()
    if kind == "no pictures":
        (colours / "notes.txt").write_text("nothing")
    told = limn("index", colours, "-c", "walls", code=1).stderr
    assert str(colours) in told
    assert "No such file" in told if kind == "missing" else "no pictures" in told
    assert len(hits(limn, "wall")) == 8


def test_a_collection_of_nothing_but_bad_files_is_an_error(limn: Limn, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_text("no picture")
    assert "the only file in" in limn("index", tmp_path / "bad", code=1).stderr


@pytest.mark.parametrize("name", ["", "a/b", "new\nline", "x" * 201])
def test_a_name_that_can_not_be_is_refused_before_anything_is_read(
    limn: Limn, colours: Path, name: str
) -> None:
    assert "can't name a collection" in limn("index", colours, "-c", name, code=2).stderr


def test_captions_in_the_pictures_own_metadata_are_indexed(limn: Limn, tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x010E] = "A harbour at dusk"
    Image.new("RGB", (64, 64), "blue").save(folder / "a.jpg", exif=exif)
    limn("index", folder)
    [hit] = json.loads(limn("search", "blue", "--json").stdout)
    assert hit["captions"] == [
        {"text": "A harbour at dusk", "language": None, "kind": "exif.description"}
    ]


def test_a_caption_that_stood_beside_a_picture_and_in_it_outlives_the_one_beside(
    limn: Limn, tmp_path: Path
) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x010E] = "A harbour at dusk"
    Image.new("RGB", (64, 64), "blue").save(folder / "a.jpg", exif=exif)

    def captions() -> list[str]:
        [hit] = json.loads(limn("search", "blue", "--json").stdout)
        return [caption["text"] for caption in hit["captions"]]

    for beside, told in (
        ("A harbour at dusk", ["A harbour at dusk"]),
        ("Ships", ["Ships", "A harbour at dusk"]),
        ("", ["A harbour at dusk"]),
    ):
        (folder / "a.txt").write_text(beside)
        limn("index", folder)
        assert captions() == told


def test_the_failure_of_a_file_that_came_back_as_it_was_is_forgotten(
    limn: Limn, colours: Path
) -> None:
    limn("index", colours, "-c", "walls")
    path, kept = colours / "red.jpg", colours.parent / "red.jpg"
    shutil.copy2(path, kept)
    cut(path, kept)
    done = limn("index", colours, "-c", "walls")
    assert "7 unchanged, 0 removed, 1 failed" in done.stdout
    assert str(path) in done.stderr
    assert len(hits(limn, "wall")) == 8, "what was indexed before stays"
    shutil.copy2(kept, path)
    limn("index", colours, "-c", "walls")
    assert json.loads(limn("info", "walls", "--json").stdout)["failures"] == 0


def test_another_encoder_is_refused_with_the_remedy(limn: Limn, colours: Path) -> None:
    limn("index", colours, "-c", "walls")
    told = limn("index", colours, "-c", "walls", "--encoder", "nonsense", code=2).stderr
    assert "unknown encoder 'nonsense'" in told
    assert "builtin" in told
