"""Sixty plain graphics among photographs: they do not come first for what photographs show."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from search.bootstrap import open_engine
from search.engine import Engine
from search.query.records import Hit, Query, TextTerm
from search.settings import Settings
from tests.commands import limn_command
from tests.plain_graphics import plain_graphics

DATA = Path(__file__).parents[2] / "shared/data"
SUITE = Path(__file__).parents[1] / "benchmarks/suite"
PHOTOGRAPHS, NAMES = 120, 39

SELDOM = 0.06
"""The share of questions for which a graphic may come first; a third of the pictures are ones."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="the photographs in shared/data are not here"),
]


@pytest.fixture(scope="module")
def photographs() -> list[CaptionedPicture]:
    """Return photographs that the pair has not learned from, with sentences and with names."""
    sentences = read_pairs(DATA / "flickr8k/train/captions.csv")
    samples = {"set": "imagenet_sample", "split": "train", "kind": "class"}
    names = read_pairs(DATA / "world/captions.csv", where=samples)
    return split(sentences, PHOTOGRAPHS)[1] + split(names, NAMES)[1]


@pytest.fixture(scope="module")
def engine(
    photographs: list[CaptionedPicture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Index the photographs and sixty graphics as one collection without captions."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "pictures").mkdir()
    for name, picture in plain_graphics():
        picture.save(folder / "pictures" / name)
    for each in photographs:
        copyfile(each.path, folder / "pictures" / each.path.name)
    values = {"LIMN_DATA_DIR": str(folder / "data"), "LIMN_ENCODER": "builtin"}
    arguments: list[str | Path] = ["index", folder / "pictures", "-c", "mixed"]
    environment = {**os.environ, **values}
    subprocess.run(limn_command(arguments), env=environment, check=True, capture_output=True)
    with open_engine(Settings.from_environment(values)) as engine:
        yield engine


@pytest.mark.parametrize("language", ["en", "zh"])
def test_graphics_are_seldom_first_for_what_photographs_show(
    engine: Engine, photographs: list[CaptionedPicture], language: str
) -> None:
    texts = [each.captions[language][0] for each in photographs if language in each.captions]
    assert len(texts) > PHOTOGRAPHS
    answers = [engine.answer(_query(text)) for text in texts]
    first = Counter(_is_graphic(answer.hits[0]) for answer in answers if answer.hits)
    assert first.total() >= len(texts) * 0.95  # of a rare name no word may be known
    assert first[True] <= len(texts) * SELDOM, first


@pytest.mark.parametrize("kind", ["absent", "nonsense"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_graphics_pass_the_cutoff_for_nothing_that_is_not_there(
    engine: Engine, kind: str, language: str
) -> None:
    lines = (SUITE / f"{kind}-{language}.txt").read_text(encoding="utf-8").splitlines()[1:]
    hits = [hit for text in lines for hit in engine.answer(_query(text, cutoff=0.5)).hits]
    assert len(lines) == 50
    assert sum(map(_is_graphic, hits)) <= 1, [hit.picture.path.name for hit in hits]


def _query(text: str, cutoff: float = 0.0) -> Query:
    return Query((TextTerm(text),), ("mixed",), k=3, cutoff=cutoff)


def _is_graphic(hit: Hit) -> bool:
    return hit.picture.path.suffix == ".png"
