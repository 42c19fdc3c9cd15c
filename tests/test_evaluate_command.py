"""The command `limn evaluate`: on real pictures, and the shipped pair on photographs."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from PIL import Image

from indexer.captioned_pictures import read_pairs, split
from indexer.evaluation.report import measure, table
from search.encoders import open_encoder

pytestmark = pytest.mark.slow

Limn = Callable[..., CompletedProcess[str]]

TRAINING = Path(__file__).parents[2] / "shared/data/flickr8k/train/captions.csv"


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    """Write captions of four plain pictures, each its colour, one in Chinese too."""
    lines = ["image,caption,language,kind"]
    for colour in ("red", "green", "blue", "yellow"):
        Image.new("RGB", (64, 48), colour).save(tmp_path / f"{colour}.png")
        lines.append(f"{colour}.png,{colour},en,human")
    lines.append("red.png,红色,zh,human")
    (tmp_path / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "captions.csv"


def test_figures_go_to_stdout_as_json(limn: Limn, captions: Path) -> None:
    found = limn("evaluate", "--pairs", str(captions), "--encoder", "tiny", "--json")
    report = json.loads(found.stdout)
    assert report["pictures"] == 4 and report["texts"] == {"en": 4, "zh": 1}
    recall = report["measures"]["en"]["text_to_picture"]["recall@1"]
    assert 0 <= recall["low"] <= recall["value"] <= recall["high"] <= 1


def test_one_language_as_a_table(limn: Limn, captions: Path) -> None:
    found = limn("evaluate", "--pairs", str(captions), "--encoder", "tiny", "--language", "en")
    lines = found.stdout.splitlines()
    assert "on 4 pictures" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["en", "en"]


def test_what_is_wrong_is_said_and_the_command_fails(limn: Limn, captions: Path) -> None:
    found = limn("evaluate", "--pairs", str(captions), "--language", "fr", code=1)
    assert "it has en, zh" in found.stderr
    found = limn("evaluate", "--pairs", str(captions.parent / "none.csv"), code=1)
    assert "can't read captions" in found.stderr


@pytest.mark.skipif(not TRAINING.exists(), reason="the photographs in shared/data are not here")
def test_the_shipped_pair_finds_photographs_it_was_not_trained_on() -> None:
    held = split(read_pairs(TRAINING), 250)[1][:60]
    report = measure(open_encoder("builtin"), held, ["en", "zh"])
    for directions in report.measures.values():
        for figures in directions.values():
            assert figures["recall@10"].value > 0.75
    assert len(table(report).splitlines()) == 6
