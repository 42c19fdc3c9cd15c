"""The command line: its output, its exit codes, and its messages about mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import limn_command
from tests.conftest import Limn
from tests.pictures_of_every_kind import bomb_png


def test_help_names_every_command_and_loads_no_backend(limn: Limn) -> None:
    told = limn("--help").stdout
    for command in ("index", "search", "similar", "serve", "collections", "info", "remove", "db"):
        assert f"\n  {command} " in told
    code = (
        "import sys\nfrom search.cli import main\n"
        "main(['search', '--help'], standalone_mode=False)\n"
        "print(sorted({'torch', 'faiss', 'onnxruntime', 'sqlalchemy', 'flask', 'PIL'}"
        " & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout.endswith("[]\n"), printed.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["search"], 2, "the query is empty"),
        (["search", "   "], 2, "blank"),
        (["search", "red", "-k", "0"], 2, "can't return 0"),
        (["search", "red", "-k", "many"], 2, "'many' is not a valid integer"),
        (["search", "--image", "nowhere.jpg"], 1, "'nowhere.jpg' does not exist"),
        (["search", "--image", "x" * 300], 1, "File name too long"),
        (["search", "--text", "red:0"], 2, "weight is 0"),
        (["search", "red", "--text", "red:-1"], 2, "cancel out"),
        (["search", "red", "-c", "unknown"], 1, "no collection 'unknown'"),
        (["similar", "nowhere.jpg"], 1, "'nowhere.jpg' does not exist"),
        (["similar", "colours/captions.csv"], 1, "not a picture"),
        (["similar", "bomb.png"], 1, "60,000 by 60,000 pixels"),
        (["similar", "colours"], 1, "a directory"),
        (["info", "unknown"], 1, "the collections are: colours"),
        (["remove", "unknown"], 1, "the collections are: colours"),
        (["nonsense"], 2, "No such command 'nonsense'"),
    ],
)
def test_a_mistake_is_told_with_its_value(
    limn: Limn, colours: Path, tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    bomb_png(tmp_path / "bomb.png")
    limn("index", colours)
    done = limn(*arguments, code=code)
    assert told in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LIMN_DEVICE", "tpu", "LIMN_DEVICE is 'tpu'; it may be auto, cpu, cuda"),
        ("LIMN_WORKERS", "none", "LIMN_WORKERS is 'none'; it may be a whole number from 1"),
        ("LIMN_MAX_PIXELS", "-1", "LIMN_MAX_PIXELS is '-1'"),
        ("LIMN_DATABASE_URL", "nonsense", "no database URL"),
        ("LIMN_DATABASE_URL", "postgresql://u:secret@host:port/x", "//***@host:port/x"),
    ],
)
def test_a_wrong_setting_is_told_by_name(limn: Limn, name: str, value: str, told: str) -> None:
    assert told in limn("collections", code=2, **{name: value}).stderr


def test_before_anything_is_indexed_every_command_says_how_to_begin(limn: Limn) -> None:
    assert "limn index PATH" in limn("collections").stderr
    assert "limn index PATH" in limn("search", "red").stderr
    assert json.loads(limn("collections", "--json").stdout) == []
    assert json.loads(limn("search", "red", "--json").stdout) == []
    assert "none yet" in limn("info", "unknown", code=1).stderr


def test_collections_are_listed_told_of_and_removed(limn: Limn, colours: Path) -> None:
    limn("index", colours, "-c", "walls")
    [listed] = json.loads(limn("collections", "--json").stdout)
    assert (listed["name"], listed["pictures"], listed["captions"]) == ("walls", 8, 16)
    assert listed["encoder"] == "tiny"
    assert "walls  8 pictures  16 captions  tiny" in limn("collections").stdout
    assert "pictures     8" in limn("info", "walls").stdout
    assert "8 pictures forgotten" in limn("remove", "walls").stdout
    assert json.loads(limn("collections", "--json").stdout) == []
    assert len(list(colours.glob("*.jpg"))) == 8


def test_a_word_without_quotes_is_part_of_the_query(limn: Limn, colours: Path) -> None:
    limn("index", colours)
    assert limn("search", "a", "red", "wall").stdout == limn("search", "a red wall").stdout


def test_a_reader_that_stops_early_is_no_error(
    limn: Limn, limn_environment: dict[str, str], colours: Path
) -> None:
    limn("index", colours)
    process = subprocess.Popen(
        limn_command(["search", "red"]),
        env=limn_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_output_that_can_not_be_written_is_told(
    limn: Limn, limn_environment: dict[str, str], colours: Path
) -> None:
    limn("index", colours)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            limn_command(["search", "red"]),
            env=limn_environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("limn: can't write the answer")
    assert "Traceback" not in done.stderr


def test_a_data_folder_of_any_name_holds_its_database(limn: Limn, tmp_path: Path) -> None:
    for name in ("what?now=1", "50% #1", "~nosuchuser"):
        limn("collections", LIMN_DATA_DIR=str(tmp_path / name))
        assert (tmp_path / name / "limn.db").is_file()


def test_open_writes_a_page_that_holds_the_pictures(
    limn: Limn, limn_environment: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    limn("index", colours)
    # `click.launch` calls xdg-open; this one records its argument.
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    limn("search", "red", "-k", "2", "--open", PATH=path, TMPDIR=str(tmp_path))
    [sheet] = tmp_path.glob("limn-*.html")
    assert sheet.read_text().count("data:image/webp;base64,") == 2


def test_a_full_disk_is_told_and_what_was_committed_stays(
    limn: Limn, colours: Path, tmp_path: Path
) -> None:
    limn("index", colours)
    small = ["bash", "-c", 'ulimit -f 16; exec "$@"', "bash"]
    more = tmp_path / "more"
    more.mkdir()
    for n in range(40):
        (more / f"{n}.jpg").write_bytes((colours / "red.jpg").read_bytes())
    done = subprocess.run(
        [*small, *limn_command(["index", more])],
        capture_output=True,
        text=True,
        env={**os.environ, "LIMN_DATA_DIR": str(tmp_path / "data"), "LIMN_ENCODER": "tiny"},
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "can't write to" in done.stderr
    assert "8 pictures" in limn("collections").stdout


def test_search_takes_negatives_filters_pages_evidence_and_a_cutoff(
    limn: Limn, colours: Path
) -> None:
    limn("index", colours)
    [first, *_] = json.loads(limn("search", "a red wall", "--json").stdout)
    assert Path(first["path"]).name == "red.jpg"
    assert first["measure"] == "relevance" and 0 < first["confidence"] <= 1
    assert {match["by"] for match in first["matches"]} == {"picture", "caption", "words"}
    away = limn("search", "-t", "red", "--minus", "red wall:0.9", "-m", "blue", "-k", "1").stdout
    assert away.startswith("  1  ")
    second = limn("search", "a red wall", "-k", "1", "--page", "2").stdout
    assert second.startswith("  2  ")
    by_id = limn("search", "--id", f"{first['id']}:2", "-k", "8").stdout
    assert len(by_id.splitlines()) == 7 and "red.jpg" not in by_id
    part = limn("search", "--image", f"{colours / 'red.jpg'}@0,0,50,50:0.5", "-k", "1").stdout
    assert "red.jpg" in part
    explained = limn("search", "a red wall", "-k", "1", "--explain", "--fold", "--diverse").stdout
    assert "picture 0." in explained and "words 1.000" in explained and "confidence" in explained
    none = limn("search", "red", "--where", "format = png and orientation = portrait")
    assert none.stdout == "" and "no picture passes the filter" in none.stderr
    by_words = limn("search", "wall", "--by", "words", "-k", "20").stdout
    assert len(by_words.splitlines()) == 8
    cut = limn("search", "red wall " * 200, "-k", "1")
    assert "of the 1,800 characters of red wall red wall" in cut.stderr
    assert len(cut.stdout.splitlines()) == 1
    past = limn("search", "red", "--page", "9")
    assert past.stdout == "" and "there is no such page" in past.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["search", "red", "--where", "mood = good"], "no field 'mood'"),
        (["search", "red", "--where", "colour = mauve"], "the names are: red, orange"),
        (["search", "red", "--page", "0"], "--page is 0; pages begin at 1"),
        (["search", "red", "--page", "501"], "offset + k is 10,020; it may be 10,000 at most"),
        (["search", "red", "-k", "1000000"], "can't return 1000000 results; ask for 1 to 10000"),
        (["search", "x" * 100_000], "100,000 characters; shorten them to 4,000"),
        (["search", "red", "--cutoff=2"], "cutoff is 2"),
        (["search", "--id", "one"], "--id is 'one'"),
        (["search", "--id", "1", "--by", "words"], "add picture to by"),
        (["search", "--image", "red.jpg@9,9,9,9"], "the part of a picture is 9,9,9,9"),
    ],
)
def test_a_query_that_can_not_be_is_told_with_its_value(
    limn: Limn, arguments: list[str], told: str
) -> None:
    assert told in limn(*arguments, code=2).stderr
