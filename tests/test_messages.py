"""Messages to a newcomer: the event, the value, and the command to type."""

import re
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from indexer.cli.notes import ShownNotes
from indexer.indexing.progress import rate_text
from indexer.indexing.request import Request
from search.cli.waiting import announce_wait
from search.errors import BadQuery
from search.query.filters import grammar
from search.query.filters.tree import Condition
from search.query.syntax import split_option
from search.text.amounts import amount
from tests.typed import Typed


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["search", "--nonsense"], ["search", "-k", "x"], ["info"], ["concept", "x"]],
)
def test_every_mistake_is_told_under_one_name(typed: Typed, arguments: list[str]) -> None:
    told = typed(*arguments, code=2).stderr
    assert re.search(r"^limn: ", told, re.MULTILINE) and "Error:" not in told
    assert told.startswith("Usage: limn") and "-h' for help" in told


def test_a_command_of_training_tells_its_mistakes_under_that_name_too(
    typed: Typed, tmp_path: Path
) -> None:
    for command in (
        ["evaluate", "--pairs", "none.csv"],
        ["train-builtin", "--pairs", "none.csv", "--backbone", "x", "--out", "run"],
    ):
        told = typed(*command, code=1).stderr
        assert told.startswith("limn: ") and "none.csv" in told
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "words", "weight"),
    [
        ("dog", "dog", None),
        ("dog:0.5", "dog", 0.5),
        ("dog:-2", "dog", -2.0),
        ("12:30", "12:30", None),
        ("a clock at 9:05", "a clock at 9:05", None),
        ("12:30:0.5", "12:30", 0.5),
        ("16:9:1", "16:9", 1.0),
        ("a ratio of 3:x:1", "a ratio of 3:x", 1.0),
        ("title: a dog", "title: a dog", None),
        (":)", ":)", None),
        ("concept:our-dog", "concept:our-dog", None),
        ("concept:our-dog:0.5", "concept:our-dog", 0.5),
        ("狗:0.5", "狗", 0.5),
    ],
)
def test_a_number_at_the_end_is_a_weight_and_a_time_is_words(
    text: str, words: str, weight: float | None
) -> None:
    assert split_option("--text", text) == (words, weight)


@pytest.mark.parametrize("text", ["dog:abc", "dog:", "dog:0,5", "dog:0.5x", "a ratio of 3:x"])
def test_what_is_no_weight_is_told_with_the_form(text: str) -> None:
    with pytest.raises(BadQuery, match=r"is no weight; write a number, as in .*:0\.5"):
        split_option("--text", text)


@settings(deadline=None)
@given(st.text(), st.floats(0.01, 100).map(lambda each: round(each, 2)))
def test_any_words_can_be_given_a_weight_that_is_read_back(words: str, weight: float) -> None:
    text = f"{words}:{weight}"
    found = split_option("--text", text)
    if words:
        assert found == (words, weight)


@pytest.mark.slow
def test_a_part_or_a_weight_of_a_picture_that_is_none_is_told(typed: Typed, colours: Path) -> None:
    typed("index", colours)
    for image, told in (
        ("colours/red.jpg@0,0,50", "'0,0,50' is no part of a picture"),
        ("colours/red.jpg@0,0,1000,50", "'0,0,1000,50' is no part of a picture"),
        ("colours/red.jpg@a,b,c,d", "'a,b,c,d' is no part of a picture"),
        ("colours/red.jpg@0.5,0,50,50", "'0.5,0,50,50' is no part of a picture"),
        ("nowhere.jpg@0,0,50", "'0,0,50' is no part of a picture"),
        ("colours/red.jpg:abc", "'abc' is no weight at its end"),
        ("colours/red.jpg:", "'' is no weight at its end"),
        ("colours/red.jpg@0,0,50,50:abc", "'abc' is no weight at its end"),
        ("colours/red.jpg:0.5@0,0,50,50", "'0.5' is no weight at its end"),
        ("colours/red.jpg@50,0,40,50", "the part of a picture is 50,0,40,50"),
    ):
        assert told in typed("search", "--image", image, code=2).stderr
    for path in ("C:\\x.jpg", "a@b/x.jpg", "me@home.jpg", "12:30.jpg"):
        assert "does not exist" in typed("search", "--image", path, code=1).stderr
    Image.new("RGB", (8, 8), "red").save(colours / "odd@0,0,5", format="png")
    Image.new("RGB", (8, 8), "red").save(colours / "odd:abc", format="png")
    for name in ("odd@0,0,5", "odd:abc"):
        assert typed("search", "--image", colours / name, "-k", "1").stdout


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("date => 2020", "date >= 2020"),
        ("date =< 2020", "date <= 2020"),
        ("date = > 2020", "date >= 2020"),
        ("format == png", "format = png"),
        ("width <> 3", "width != 3"),
        ("camera =~ canon", "camera ~ canon"),
        ("camera !~ canon", "not camera ~ canon"),
        ("format = png and date => 2020", "date >= 2020"),
    ],
)
def test_an_operator_of_another_language_is_told_as_ours(text: str, instead: str) -> None:
    with pytest.raises(BadQuery, match="which is none; write: ") as refused:
        grammar.parse(text)
    assert str(refused.value).endswith(f"write: {instead}")
    grammar.parse(instead)


def test_a_value_in_quotes_may_be_an_operator() -> None:
    assert grammar.parse('camera = "=>"') == Condition("camera", "=", "=>")


def test_one_of_a_thing_is_told_as_one() -> None:
    assert amount(1, "row") == "1 row" and amount(0, "row") == "0 rows"
    assert amount(1234, "hit was", "hits were") == "1,234 hits were"


@pytest.mark.slow
def test_where_there_is_nothing_it_is_said(typed: Typed, colours: Path) -> None:
    assert "no job yet" in typed("jobs").stderr
    typed("index", colours)
    assert typed("failures", "colours").stderr == "no file of colours failed\n"
    assert typed("duplicates", "colours").stderr == "colours holds no picture twice\n"
    for name in ("failures", "duplicates"):
        assert typed(name, "colours", "--json").stdout == ""


@pytest.mark.slow
def test_an_index_that_fails_leaves_no_collection(
    typed: Typed, colours: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.jpg").write_bytes(b"no picture")
    told = typed("index", broken, code=1).stderr
    assert "a.jpg' is not a picture" in told and "the only file in" in told
    (colours / "captions.csv").write_text("no,columns\n")
    typed("index", colours, code=1)
    typed("index", tmp_path / "nowhere", code=1)
    assert typed("collections", "--json").stdout == "[]\n"
    (colours / "captions.csv").unlink()
    typed("index", colours, "-c", "broken")
    assert "limn failures broken" in typed("index", broken, code=1).stderr
    assert "8 pictures" in typed("collections").stdout


def test_patterns_that_nothing_fits_are_named(typed: Typed, colours: Path) -> None:
    told = typed("index", colours, "--include", "*.gif", code=1).stderr
    assert "fits --include '*.gif'" in told and "files that end in" not in told
    told = typed("index", colours, "--exclude", "*.jpg", "--no-recursive", code=1).stderr
    assert "fits --exclude '*.jpg' --no-recursive" in told
    assert typed("collections", "--json").stdout == "[]\n"


@pytest.mark.slow
def test_a_note_is_told_once_until_it_changes(typed: Typed, colours: Path) -> None:
    captions = colours / "captions.csv"
    captions.write_text("image,caption\nred.jpg,red\nnone.jpg,none\n")
    note = "1 name that fits no one picture: 'none.jpg'"
    assert note in typed("index", colours).stderr
    again = typed("index", colours).stderr
    assert note not in again and "1 note as before (limn index --dry-run shows it)" in again
    assert note in typed("index", colours, "--dry-run").stderr
    captions.write_text("image,caption\nred.jpg,red\nnone.jpg,none\nmore.jpg,more\n")
    assert "2 names that fit no one picture" in typed("index", colours).stderr
    captions.write_text("image,caption\nred.jpg,red\n")
    assert "note" not in typed("index", colours).stderr


def test_an_encoder_that_is_none_is_told_with_those_that_are(
    typed: Typed, colours: Path, tmp_path: Path
) -> None:
    for spec, told in (
        ("clip", "did you mean open_clip:ViT-B-32/openai"),
        ("bulitin", "did you mean builtin?"),
        ("ViT-B-32/openai", "did you mean open_clip:ViT-B-32/openai?"),
        ("siglip", "did you mean open_clip:ViT-B-16-SigLIP/webli"),
        ("open_clip:ViT-B-32", "did you mean open_clip:ViT-B-32/openai"),
        ("nothing-like-it-at-all", "choose one of: builtin, "),
    ):
        assert told in typed("index", colours, "--encoder", spec, code=2).stderr
        assert told in typed("export", "--encoder", spec, "--out", "out", code=2).stderr
    assert (
        "is not exported, and need not be"
        in typed("export", "-e", "builtin", "--out", "out", code=2).stderr
    )
    missing = ("--encoder", "open_clip:ViT-B-32@none.pt")
    assert "no torch checkpoint" in typed("index", colours, *missing, code=1).stderr
    assert "no torch checkpoint" in typed("export", *missing, "--out", "out", code=1).stderr
    assert "there is no pair in" in typed("index", colours, "-e", "builtin@none", code=1).stderr
    assert typed("collections", "--json").stdout == "[]\n" and not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_training_that_can_not_begin_takes_no_folder(
    typed: Typed, colours: Path, tmp_path: Path
) -> None:
    typed("index", colours)
    for more, code, told in (
        (("--collection", "none"), 1, "no collection 'none'"),
        (("--collection", "colours"), 1, "8 captioned pictures are too few to train on"),
        (("--collection", "colours", "--from", "clip"), 2, "unknown encoder 'clip'"),
        (("--collection", "colours", "--from", "tiny"), 2, "'tiny' can't be trained"),
        (("--collection", "colours", "--from", "open_clip:ViT-B-32@x.pt"), 1, "x.pt"),
        (("--collection", "colours", "--teacher", "clip"), 2, "unknown encoder 'clip'"),
    ):
        assert told in typed("train", *more, "--out", "run", code=code).stderr
        assert not (tmp_path / "run").exists()


def test_a_wait_is_told_when_it_is_long_and_only_then(capsys: pytest.CaptureFixture[str]) -> None:
    with announce_wait("opening the encoder", after_s=60):
        pass
    assert capsys.readouterr().err == ""
    told = Event()

    class FlushedText(StringIO):
        def flush(self) -> None:
            told.set()

    with redirect_stderr(FlushedText()) as heard, announce_wait("opening the encoder", after_s=0):
        assert told.wait(60)
    assert heard.getvalue() == "opening the encoder ...\n"


def test_a_rate_of_nothing_is_not_told_as_zero() -> None:
    assert [rate_text(rate) for rate in (0, 0.25, 3, 1234)] == ["-", "0.25", "3", "1,234"]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()))))
def test_notes_of_any_letters_are_told_once(notes: list[str]) -> None:
    with TemporaryDirectory() as folder:
        request = Request(("/x",), "walls")
        assert set(ShownNotes(Path(folder), request).new(notes)) == set(notes)
        assert ShownNotes(Path(folder), request).new(notes) == []
        assert ShownNotes(Path(folder), request).new([], part=True) == []
        assert ShownNotes(Path(folder), request).new(notes) == []
        assert ShownNotes(Path(folder), request).new([]) == []
        assert set(ShownNotes(Path(folder), request).new(notes)) == set(notes)
