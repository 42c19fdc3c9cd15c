"""Names with line breaks, escape sequences and forbidden characters: sent, saved, printed."""

import csv
import io
import json
import logging
import os
import re
import zipfile
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from search.engine import Engine
from search.records import Caption
from search.text.printable import json_text, one_line
from tests.colour_web import store
from tests.conftest import Limn
from web.middleware.request_log import log, write_logs
from web.services.file_names import MAX_BYTES, portable

ODD = (
    "two\nlines.jpg",
    "a\rb.jpg",
    "tab\tand\x1b[31mred\x1b[0m.jpg",
    "bell\x07\x7f\x9b5m.jpg",
    "next\u2028line\u202egnp.jpg",
    'quote"and\\slash.jpg',
    "semi;colon:star*.jpg",
    "CON.jpg",
    "dots...jpg",
    "  blanks .jpg",
    "图片\u3000一.jpg",
    "=cmd|'calc'!A0.jpg",
)

# Characters and names that Windows refuses.
REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]')

# Control sequences of a terminal.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@pytest.fixture
def odd(engine: Engine, tmp_path: Path) -> list[int]:
    """Return the ids of pictures with odd names; one name is not UTF-8."""
    names = [*ODD, os.fsdecode(b"latin\xe9\n.jpg")]
    caption = [Caption("a wall,\nthen \x1b[2Jnothing")]
    return [
        store(engine.catalog, tmp_path / "odd" / name, "red", caption, size=(40 + place, 30))
        for place, name in enumerate(names)
    ]


def fits(name: str) -> bool:
    """Return whether any system can store a file of that name."""
    plain = name.isprintable() and not REFUSED.search(name) and name == name.strip(" .")
    device = re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)", name)
    return plain and not device and len(name.encode()) <= 255 and "." in name[1:]


@pytest.mark.slow
def test_every_file_is_shown_and_saved_whatever_its_name(
    client: FlaskClient, odd: list[int], tmp_path: Path
) -> None:
    for picture_id in odd:
        for address in ("original", "original?download=1", "thumbnail"):
            with client.get(f"/api/v1/pictures/{picture_id}/{address}") as answer:
                assert answer.status_code == 200, (picture_id, address)
                assert all(value.isprintable() for _, value in answer.headers)
        assert client.get(f"/pictures/{picture_id}").status_code == 200


def test_in_a_zip_every_name_is_one_that_any_system_takes(
    client: FlaskClient, odd: list[int]
) -> None:
    fields = "&".join(f"id={each}" for each in odd)
    packed = zipfile.ZipFile(io.BytesIO(client.get(f"/api/v1/export?format=zip&{fields}").data))
    assert packed.testzip() is None
    names = packed.namelist()
    assert [name for name in names if not fits(name) or not name.endswith(".jpg")] == []
    assert len({name.casefold() for name in names}) == len(odd)


def test_a_table_has_a_row_a_picture_and_json_the_very_name(
    client: FlaskClient, odd: list[int], tmp_path: Path
) -> None:
    fields = "&".join(f"id={each}" for each in odd)
    table = client.get(f"/api/v1/export?format=csv&{fields}").text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [int(row["id"]) for row in rows] == odd
    assert rows[0]["path"].endswith(r"two\nlines.jpg")
    assert rows[0]["captions"] == r"a wall,\nthen \x1b[2Jnothing"
    assert not any(CONTROL.search(value) for row in rows for value in row.values())
    told = client.get(f"/api/v1/export?format=json&{fields}").json
    assert told is not None
    assert [Path(each["path"]).name for each in told["pictures"]][: len(ODD)] == list(ODD)


@given(st.text(), st.sampled_from([".jpg", ".png", ".tif", ".webp"]))
@example("con", ".jpg")
@example("NUL .txt", ".jpg")
@example("..", ".jpg")
@example("x" * 300 + ".jpeg", ".jpg")
@example("é" * 300 + ".tif", ".jpg")
@example("0:01:23.400", ".jpg")
@example("lpt¹", ".jpg")
@example("a.jpg. ", ".jpg")
def test_a_name_becomes_one_that_any_system_takes(name: str, suffix: str) -> None:
    made = portable(name, suffix)
    assert fits(made.replace("\u200c", "").replace("\u200d", ""))
    assert len(made.encode()) <= MAX_BYTES + 1
    assert portable(made, suffix) == made


def test_a_name_that_is_fit_stays_as_it_is() -> None:
    for name in ("a b.JPG", "图片.jpeg", "café 1.tif", "دلم\u200cتنگ.png", "👩‍👧.webp"):
        assert portable(name, ".jpg") == name
    assert portable("x" * 300 + ".jpeg", ".jpg").endswith(".jpeg")
    assert portable("scan.jpg_large", ".jpg") == "scan.jpg_large.jpg"


@given(st.text())
@example("a\x85b\x9bc\u2029d\u202e")
def test_a_line_stays_a_line_and_json_stays_exact(text: str) -> None:
    told = one_line(text)
    assert len(told.splitlines()) <= 1
    assert not CONTROL.search(told)
    written = json_text([text])
    assert json.loads(written) == [text]
    assert len(written.splitlines()) == 1


def test_the_command_line_prints_a_line_a_result(limn: Limn, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for place, name in enumerate(ODD[:5]):
        Image.new("RGB", (40 + place, 30), "red").save(folder / name)
        Image.new("RGB", (40 + place, 30), "red").save(folder / f"copy of {name}")
        (folder / f"broken {name}").write_bytes(b"x")
    limn("index", folder, "-c", "odd")
    for command, lines, begin in (
        (("search", "red", "-k", "10"), 10, " "),
        (("failures", "odd"), 5, "/"),
        (("duplicates", "odd"), 6, ("same  /", "near  /")),
    ):
        printed = limn(*command).stdout
        assert len(printed.splitlines()) == lines, command
        assert all(line.startswith(begin) for line in printed.splitlines()), command
        assert not CONTROL.search(printed.replace("\n", "")), command
    found = json.loads(limn("search", "red", "-k", "10", "--json").stdout)
    names = {Path(each["path"]).name for each in found}
    assert names == {*ODD[:5], *(f"copy of {name}" for name in ODD[:5])}
    refused = [json.loads(each) for each in limn("failures", "odd", "--json").stdout.splitlines()]
    assert {Path(each["path"]).name for each in refused} == {f"broken {name}" for name in ODD[:5]}
    again = limn("index", folder, "-c", "odd")
    assert not CONTROL.search(again.stderr.replace("\n", ""))


def test_a_line_of_the_log_stays_one(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, levels = list(root.handlers), (root.level, log.level)
    write_logs()
    try:
        client.get("/a%0Ab%C2%85%E2%80%A8%1B[31m")
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        log.setLevel(levels[1])
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["path"] == "/a\nb\x85\u2028\x1b[31m"
