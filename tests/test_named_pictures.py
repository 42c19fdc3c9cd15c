"""Ids in plain answers, and pictures named by id, by place in the last answer, by file."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.typed import Typed

pytestmark = pytest.mark.slow

LINE = re.compile(r" *(\d+)  (\S+) +(\d+)  (/.*?)(  .*)?")


def hits(printed: str) -> list[tuple[int, int, str]]:
    """Return place, id and name of each line."""
    found = [LINE.fullmatch(line) for line in printed.splitlines()]
    return [(int(each[1]), int(each[3]), Path(each[4]).name) for each in found if each]


def test_every_line_holds_the_id_that_json_gives(typed: Typed, colours: Path) -> None:
    typed("index", colours)
    for arguments in (("red",), ("-c", "colours"), ("red", "--page", "2", "-k", "3")):
        plain = typed("search", *arguments).stdout
        told = json.loads(typed("search", *arguments, "--json").stdout)
        assert hits(plain) == [(hit["rank"], hit["id"], Path(hit["path"]).name) for hit in told]
        assert len(plain.splitlines()) == len(told)


def test_a_place_is_of_the_last_answer_a_number_an_id_and_a_path_a_picture(
    typed: Typed, colours: Path
) -> None:
    typed("index", colours)
    [(_, first, name), (_, second, _), *_] = hits(typed("search", "a red wall").stdout)
    assert name == "red.jpg"
    by_place = typed("search", "wall", "--more", "@1", "--less", "@2")
    assert f"more like {first}: {colours / 'red.jpg'}" in by_place.stderr
    assert f"less like {second}: " in by_place.stderr
    by_id = typed("search", "wall", "--more", str(first), "--less", str(second))
    path = typed("search", "wall", "--more", "colours/red.jpg", "--less", str(second))
    assert by_place.stdout == by_id.stdout == path.stdout
    again = hits(typed("search", "a red wall", "-k", "2", "--page", "2").stdout)
    assert again[0][0] == 3
    assert f"like {again[0][1]}: " in typed("search", "--id", "@3:0.5").stderr
    alike = hits(typed("similar", "@1").stdout)
    assert len(alike) == 7


def test_a_small_id_that_may_be_meant_as_a_place_says_so(typed: Typed, colours: Path) -> None:
    typed("index", colours)
    found = hits(typed("search", "wall").stdout)
    place = next(place for place, picture_id, _ in found if place != picture_id)
    told = typed("search", "wall", "--more", str(place)).stderr
    assert f"({place} is an id; for the place in the last answer write @{place})" in told


def test_a_name_of_no_picture_is_told_with_the_forms(
    typed: Typed, colours: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png")
    typed("index", colours)
    for named, code, told in (
        ("0", 2, "--more is '0'; it may be a picture's id"),
        ("-3", 2, "--more is '-3'"),
        ("red", 2, "its place in the last answer, such as @1"),
        ("@", 2, "--more is '@'"),
        ("@1", 2, "there is no last answer; search first"),
        ("9999", 1, "there is no picture 9999"),
        ("other.png", 1, "other.png' is not indexed"),
        ("1" * 30, 2, "it may be a picture's id"),
    ):
        for command in (("search", "red"), ("mark", "add", "red"), ("concept", "save", "x", "red")):
            done = typed(*command, f"--more={named}", code=code)
            assert told in done.stderr and done.stdout == ""


def test_places_past_the_last_answer_and_damaged_ones_are_told(
    typed: Typed, colours: Path, tmp_path: Path
) -> None:
    typed("index", colours)
    typed("search", "red", "-k", "3")
    assert "has the places @1 to @3" in typed("search", "red", "--less", "@4", code=2).stderr
    typed("search", "red", "--where", "format = png")  # no hit: the last answer stays
    typed("search", "red", "--less", "@3")
    for junk in ("", "{", "[]", '{"catalog": 1}', '{"catalog": "other", "places": {"1": 1}}'):
        (tmp_path / "data" / "last-answer.json").write_text(junk)
        assert "there is no last answer" in typed("search", "--more", "@1", code=2).stderr


def test_marks_are_told_and_listed_by_their_files(typed: Typed, colours: Path) -> None:
    typed("index", colours)
    typed("search", "a red wall")
    kept = typed("mark", "add", "walls", "--more", "@1", "--less", "colours/blue.jpg")
    assert kept.stdout == "kept 2 marks for walls\n"
    assert "more like" in kept.stderr and "blue.jpg" in kept.stderr
    listed = typed("mark", "list").stdout
    assert f"more  {colours / 'red.jpg'}  walls" in listed
    assert f"less  {colours / 'blue.jpg'}  walls" in listed
    files = {each["file"] for each in json.loads(typed("mark", "list", "--json").stdout)}
    assert files == {str(colours / "red.jpg"), str(colours / "blue.jpg")}
    typed("remove", "colours", "-y")
    assert "no longer indexed" in typed("mark", "list").stdout
    assert "forgot 2 marks" in typed("mark", "forget", "walls").stdout
    assert "limn mark list" in typed("mark", "forget", "walls").stderr


def test_a_concept_that_is_there_says_how_it_is_replaced(typed: Typed, colours: Path) -> None:
    typed("index", colours)
    typed("search", "a red wall")
    typed("concept", "save", "warm", "--more", "@1")
    taken = typed("concept", "save", "warm", "red", code=1).stderr
    assert "there is a concept 'warm' already; give --replace" in taken
    typed("concept", "save", "warm", "red", "--replace")
