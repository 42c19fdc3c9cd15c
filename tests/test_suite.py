"""`limn evaluate --suite`: figures worked by hand, and the command on tiny pictures."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from indexer.captioned_pictures import split
from indexer.cli.evaluate import evaluate
from indexer.evaluation.metrics import Measure
from indexer.evaluation.report import embedded_pictures
from indexer.evaluation.suite.confidence import JUDGED, BareCollection
from indexer.evaluation.suite.reading import read_suite
from indexer.evaluation.suite.records import RowName, SuiteReport, SuiteRow
from indexer.evaluation.suite.run import measure_suite
from indexer.evaluation.suite.sampling import calibration_sample, mean_sample
from indexer.evaluation.suite.table import suite_table
from search.encoders.tiny import TinyEncoder
from search.records import Vectors

Limn = Callable[..., CompletedProcess[str]]

SUITE = Path(__file__).parents[1] / "benchmarks/suite"
COLOURS = {"red": "红", "green": "绿", "blue": "蓝", "yellow": "黄"}
DEFINITION = """
[[sentences]]
name = "plain"
captions = "captions.csv"
languages = ["en"]
where = { kind = "sentence" }

[[classes]]
name = "colours"
captions = "captions.csv"
where = { kind = "class" }
templates = { en = "a photo of {}", zh = "{}的照片" }

[[questions]]
kind = "absent"
language = "en"
file = "absent.txt"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a suite of eight plain pictures of four colours."""
    lines = ["image,caption,language,kind"]
    (tmp_path / "images").mkdir()
    for place, (colour, chinese) in enumerate([*COLOURS.items()] * 2):
        name = f"{colour}{place}.png"
        Image.new("RGB", (48, 48 + 8 * place), colour).save(tmp_path / "images" / name)
        lines += [
            f"{name},{colour} left and right,en,sentence",
            f"{name},{colour},en,class",
            f"{name},{chinese},zh,class",
        ]
    (tmp_path / "captions.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "suite.toml").write_text(DEFINITION, "utf-8")
    (tmp_path / "absent.txt").write_text("# far away\n\na comet\na comet\na quasar\n", "utf-8")
    return tmp_path


def test_the_calibration_error_is_that_worked_by_hand() -> None:
    confidence = np.array([0.95, 1.0, 0.55, 0.52, 0.05])
    right = np.array([True, False, True, True, False])
    # Bins: |1.95 - 1| + |1.07 - 2| + |0.05 - 0|, of five.
    sample = calibration_sample(confidence, right, np.arange(5))
    assert sample.value == pytest.approx((0.95 + 0.93 + 0.05) / 5)
    measure = sample.measure()
    assert measure.low <= measure.value <= measure.high
    sure = calibration_sample(np.array([0.9, 0.7]), np.zeros(2, bool), np.arange(2))
    assert sure.value == pytest.approx(0.8)  # the mean confidence, where nothing is right


def test_intervals_count_units_and_differences_are_paired() -> None:
    hits = np.array([True, False] * 50)
    alone = mean_sample(hits, np.arange(100)).measure()
    assert alone.value == 0.5
    assert (alone.low, alone.high) == pytest.approx((0.40, 0.60), abs=0.02)
    pairs = mean_sample(hits, np.repeat(np.arange(50), 2)).measure()
    assert pairs.low == pairs.high == 0.5  # every unit has one hit and one miss
    wilson = mean_sample(np.zeros(200, bool), np.arange(200) % 100, is_share=True).measure()
    assert wilson.low == 0
    assert wilson.high == pytest.approx(0.0370, abs=1e-4)  # z^2 / (n + z^2), n = 100 units
    base = mean_sample(hits, np.arange(100))
    more = mean_sample(hits | (np.arange(100) < 20), np.arange(100))
    assert more.difference(base).value == pytest.approx(0.1)
    assert more.difference(base).low > 0 > base.difference(more).high
    assert base.difference(base).low == base.difference(base).high == 0


def test_the_confidence_is_that_of_the_engine(limn: Limn, folder: Path) -> None:
    limn("index", str(folder / "images"), "-c", "bare")
    hit = json.loads(limn("search", "blue", "-k", "1", "--json").stdout)[0]
    suite, encoder = read_suite(folder, folder), TinyEncoder()
    collection = BareCollection(embedded_pictures(encoder, suite.pictures), encoder)
    (best,), (confidence,) = collection.best_hits(["blue"])
    assert suite.pictures[best].path.name.startswith("blue")
    assert confidence == pytest.approx(hit["confidence"], abs=2e-3)


def test_pairs_stand_side_by_side(limn: Limn, folder: Path) -> None:
    command = ["evaluate", "--suite", str(folder), "--encoder", "tiny", "--encoder", "tiny:80"]
    report = json.loads(limn(*command, "--json").stdout)
    assert report["pictures"] == 8 and len(set(report["spaces"])) == 2
    rows = {tuple(row["name"].values()): row for row in report["rows"]}
    assert len(rows) == 4 + 4 + 4 + 4
    found = rows["classes", "colours", "zh", "mAP"]
    assert [figure["value"] for figure in found["figures"]] == [1, 1]
    # The mean precision of 2 of 8 in a random order, with the harmonic number H = 2.7179:
    # H / 8 + (2 - 1) / (8 - 1) * (8 - H) / 8.
    assert found["chance"] == pytest.approx(0.4341, abs=1e-4)
    assert found["questions"] == 4 and found["differences"][0]["value"] == 0
    assert rows["classes", "colours", "en", "P@10"]["figures"][0]["value"] == pytest.approx(0.2)
    assert rows["passes", "absent", "en", "share"]["questions"] == 4  # two, on two collections
    assert rows["passes", "absent", "en", "share"]["units"] == 2
    # Two pictures are equal: a sentence finds its own at the mean of both places.
    assert rows["sentences", "plain", "en", "text to picture R@1"]["figures"][0]["value"] == 0
    assert rows["sentences", "plain", "en", "text to picture R@10"]["figures"][0]["value"] == 1
    lines = limn(*command).stdout.splitlines()
    assert sum(line.startswith("  ") for line in lines) == 1 + len(rows)
    assert "a paired interval" in lines[1]


def test_a_judge_counts_what_says_the_same_as_right(folder: Path) -> None:
    def by_first_word(sentences: list[str]) -> Vectors:
        order = list(COLOURS)
        return np.eye(len(order), dtype=np.float32)[[order.index(s.split()[0]) for s in sentences]]

    suite = read_suite(folder, folder)
    rows = measure_suite(suite, [TinyEncoder()], by_first_word).rows
    errors = {row.name.part: row for row in rows if row.name.group == "calibration"}
    assert JUDGED not in {row.name.part for row in rows if row.name.group == "passes"}
    # Each hit is of the same colour; that it is the other picture counts as wrong without a judge.
    collection = BareCollection(embedded_pictures(TinyEncoder(), suite.pictures), TinyEncoder())
    _, confidence = collection.best_hits([f"{colour} left and right" for colour in COLOURS])
    assert errors[JUDGED].figures[0].value == pytest.approx(1 - confidence.mean(), abs=1e-5)
    assert errors["sentences"].questions == errors[JUDGED].questions == 8
    assert errors["sentences"].figures[0].value != errors[JUDGED].figures[0].value


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("[[classes]]", "[[classes]"), "can't read the suite"),
        (('name = "plain"', 'title = "plain"'), "unknown field `title` - at `$.sentences[0]`"),
        (('"{}的照片"', '"的照片"'), "$.classes[0].templates"),
        (('"plain"', '"colours"'), "two parts of the name 'colours'"),
        (('["en"]', '["fr"]'), "part 'plain' of the suite has no caption in 'fr'"),
        (('kind = "class"', 'set = "class"'), "no column 'set'"),
        (("captions.csv", "none.csv"), "can't read captions"),
        (("absent.txt", "suite.csv"), "can't read questions"),
        (("absent.txt", "empty.txt"), "no question is in"),
        (("absent.txt", "named.txt"), "'right and left' is listed as absent"),
    ],
)
def test_what_is_wrong_with_a_suite_is_a_line(
    folder: Path, change: tuple[str, str], text: str
) -> None:
    (folder / "suite.toml").write_text(DEFINITION.replace(*change), "utf-8")
    (folder / "empty.txt").write_text("# nothing\n", "utf-8")
    (folder / "named.txt").write_text("right and left\n", "utf-8")
    done = CliRunner().invoke(evaluate, ["--suite", str(folder), "--encoder", "tiny"])
    assert done.exit_code == 1
    assert text in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_part_can_be_what_training_holds_out(folder: Path) -> None:
    (folder / "suite.toml").write_text(DEFINITION.replace("where", "held_out = 3\nwhere", 1))
    suite = read_suite(folder, folder)
    assert [len(part.pictures) for part in suite.picture_sets] == [3, 8]
    expected = split(suite.classes[0].pictures, 3)[1]
    assert [each.path for each in suite.sentences[0].pictures] == [each.path for each in expected]


def test_a_suite_needs_pictures_and_a_command_one_task(folder: Path) -> None:
    (folder / "suite.toml").write_text("cutoff = 0.4\n", "utf-8")
    done = CliRunner().invoke(evaluate, ["--suite", str(folder), "--encoder", "tiny"])
    assert "names no pictures" in done.stderr
    for arguments in (
        [],
        ["--suite", "a", "--pairs", "b"],
        ["--suite", "a", "--images", "b"],
        ["--pairs", "b", "--judge", "c"],
    ):
        assert CliRunner().invoke(evaluate, arguments).exit_code == 2
    several = ["--pairs", "b", "--encoder", "tiny", "--encoder", "builtin"]
    assert CliRunner().invoke(evaluate, several).exit_code == 2


def test_the_questions_of_the_built_in_pair_are_200() -> None:
    lines = {
        name: (SUITE / f"{name}.txt").read_text("utf-8").splitlines()[1:]
        for name in ("absent-en", "absent-zh", "nonsense-en", "nonsense-zh")
    }
    assert all(len(set(each)) == len(each) == 50 for each in lines.values())
    assert len(set().union(*lines.values())) == 200


def test_the_suite_of_the_built_in_pair_can_be_read() -> None:
    data = SUITE.parents[2] / "shared/data"
    if not data.exists():
        pytest.skip("the photographs in shared/data are not here")
    suite = read_suite(SUITE, data)
    assert [len(part.pictures) for part in suite.picture_sets] == [1000, 150, 150, 162, 99, 120]


def test_a_mark_needs_ten_units_and_an_interval_that_excludes_0() -> None:
    def mark(units: int, low: float, high: float) -> str:
        name = RowName("classes", "colours", "en", "mAP")
        figures = [Measure(0.5, 0.4, 0.6), Measure(0.5 + (low + high) / 2, 0.4, 0.7)]
        row = SuiteRow(name, units, units, 0.1, figures, [Measure((low + high) / 2, low, high)])
        return suite_table(SuiteReport(["one", "two"], 9, 0.5, [row])).splitlines()[-1][-1]

    assert mark(10, 0.01, 0.2) == "+" and mark(10, -0.2, -0.01) == "-"
    assert mark(10, -0.1, 0.2) == "]" and mark(9, 0.01, 0.2) == "]"
