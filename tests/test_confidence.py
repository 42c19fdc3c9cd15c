"""The built-in pair's confidence and known words: the fit, the file, and what a search says."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.suite.confidence import BareCollection
from indexer.evaluation.suite.reading import PictureSet
from indexer.evaluation.suite.same_sense import SameSense
from indexer.training.builtin.confidence.fit import fit_confidence
from indexer.training.builtin.confidence.logistic import fit_logistic
from indexer.training.builtin.confidence.nonsense import chinese_nonsense, english_nonsense
from search.encoders.knowledge import TextReading
from search.encoders.onnx_pair.builtin import FOLDER, BuiltinEncoder, open_builtin
from search.encoders.onnx_pair.knowledge import KNOWLEDGE, PairKnowledge
from search.errors import EncoderUnavailable
from search.records import Vectors
from tests.colour_web import opened, settings_in

Limn = Callable[..., CompletedProcess[str]]

COLOURS = {"red": "红色", "green": "绿色", "blue": "蓝色", "yellow": "黄色"}


@pytest.fixture(scope="module")
def encoder() -> BuiltinEncoder:
    return open_builtin(threads=1)


@pytest.fixture(scope="module")
def knowledge(encoder: BuiltinEncoder) -> PairKnowledge:
    assert encoder.knowledge is not None, "the shipped pair has knowledge"
    return encoder.knowledge


@pytest.mark.parametrize(
    ("text", "unknown", "is_understood"),
    [
        ("two dogs on a skateboard", (), True),
        ("xqzzt blorf", ("xqzzt", "blorf"), False),
        ("a dog and a wumpquog", ("wumpquog",), True),
        ("a pomeranian", (), True),
        ("cafe\u0301 blorf", ("blorf",), True),
        ("snowboarders", (), True),  # by its stem
        ("Elefant", ("Elefant",), False),
        ("собака", ("собака",), False),
        ("一只狗", (), True),
        ("齉龘的狗", ("齉龘",), True),
        ("齉龘", ("齉龘",), False),
        ("7f3a9c01e2", ("7f3a9c01e2",), False),
        ("%%% 3.14", (), False),
        ("the", (), True),  # nothing is unknown
        ("the glorptang", ("glorptang",), False),
    ],
)
def test_words_are_known_or_named(
    knowledge: PairKnowledge, text: str, unknown: tuple[str, ...], is_understood: bool
) -> None:
    reading = knowledge.read([text])
    assert (reading.unknown_words, reading.is_understood) == (unknown, is_understood)


def test_terms_are_read_together(knowledge: PairKnowledge) -> None:
    one, other = (knowledge.read([text]) for text in ("a dog", "blorf"))
    both = knowledge.read(["a dog", "blorf"])
    assert both.tokens == one.tokens + other.tokens
    assert both.unknown_words == ("blorf",) and both.is_understood
    assert one.commonness > both.commonness > other.commonness


def test_a_confidence_rises_with_the_cosine_and_falls_with_the_number_of_pictures(
    encoder: BuiltinEncoder, knowledge: PairKnowledge
) -> None:
    query, reading = (
        encoder.encode_texts(["a brown dog runs"]),
        knowledge.read(["a brown dog runs"]),
    )
    cosines = np.linspace(-1, 1, 41, dtype=np.float32)
    few, many = (knowledge.confidences(query, reading, cosines, count) for count in (50, 50_000))
    assert few is not None and many is not None
    for confidences in (few, many):
        assert np.all(np.diff(confidences) >= 0) and 0 <= confidences[0] < confidences[-1] <= 1
    assert np.all(many <= few) and many[30] < few[30]
    assert knowledge.confidences(query, reading, cosines[:0], 0) is not None, "no picture at all"


def test_the_suite_has_no_confidence_where_no_word_is_known(encoder: BuiltinEncoder) -> None:
    collection = BareCollection(encoder.encode_texts(["a dog", "a car"]), encoder)
    rows, confidences = collection.best_hits(["a dog", "xqzzt blorf"])
    assert rows[0] == 0 and confidences[0] > 0.9 and confidences[1] == 0


def test_a_pair_without_a_bank_has_no_confidence(
    encoder: BuiltinEncoder, knowledge: PairKnowledge
) -> None:
    plain = replace(knowledge, bank=None)
    reading = TextReading(3, 1.0, (), True)
    assert plain.confidences(encoder.encode_texts(["x"]), reading, np.zeros(1, "f"), 9) is None


def test_the_logistic_fit_finds_the_weights_of_its_data() -> None:
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(20_000, 3)) * [1, 4, 0.5] + [0, 2, 0]
    odds = rows @ [1.5, 0.25, -2.0] - 1
    right = (draw.random(len(odds)) < 1 / (1 + np.exp(-odds))).astype(float)
    weights, constant = fit_logistic(rows, right, np.ones(len(rows)), rising=[0])
    np.testing.assert_allclose(weights, [1.5, 0.25, -2.0], atol=0.1)
    assert constant == pytest.approx(-1, abs=0.1)
    held, _ = fit_logistic(rows, right, np.ones(len(rows)), rising=[0, 2])
    assert held[2] == 0, "a weight that may not be negative"
    same, _ = fit_logistic(np.column_stack([rows, np.ones(len(rows))]), right, right + 1, [])
    assert same[3] == 0, "a feature that is always the same says nothing"


def test_nonsense_is_different_each_and_the_same_each_time(knowledge: PairKnowledge) -> None:
    english = english_nonsense(160, ["mountain", "bicycle"], seed=3)
    assert len(set(english)) == 160 and english == english_nonsense(
        160, ["mountain", "bicycle"], seed=3
    )
    assert sum(knowledge.read([text]).is_understood for text in english) < 80
    assert len(set(chinese_nonsense(160, "山水", seed=3))) == 160


def test_what_says_the_same_suits_a_sentence() -> None:
    captions = {"own": "a dog runs", "same": "a dog runs fast", "other": "two cups of tea"}
    pictures = {
        name: CaptionedPicture(Path(name), {"en": (text,), "zh": (f"{name}的",)})
        for name, text in captions.items()
    }
    judge = SameSense(list(pictures.values()), bag_of_words)
    own = pictures["own"]
    for sentence in ("a dog runs", "own的"):  # one in Chinese stands for the English captions
        assert judge.suits(own, own, sentence)
        assert judge.suits(pictures["same"], own, sentence)
        assert not judge.suits(pictures["other"], own, sentence)
    assert not judge.suits(CaptionedPicture(Path("x"), {}), own, "a dog runs")


def bag_of_words(sentences: list[str]) -> Vectors:
    rows = np.zeros((len(sentences), 512), np.float32)
    for row, sentence in zip(rows, sentences, strict=True):
        for word in sentence.split():
            row[sum(word.encode()) % 512] += 1
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Fit the confidence of a copy of the shipped pair on twelve plain pictures."""
    folder = tmp_path_factory.mktemp("fit")
    pictures = []
    for place, (colour, chinese) in enumerate([*COLOURS.items()] * 3):
        path = folder / f"{place}.png"
        Image.new("RGB", (40 + place, 40), colour).save(path)
        wall = CaptionedPicture(path, {"en": (f"a {colour} wall",), "zh": (f"{chinese}的墙",)})
        pictures.append((wall, CaptionedPicture(path, {"en": (colour,), "zh": (chinese,)})))
    pair = folder / "pair"
    shutil.copytree(FOLDER, pair)
    before = open_builtin(pair).space
    lines = fit_confidence(
        pair,
        [PictureSet("walls", [each for each, _ in pictures[:4]], {})],
        [PictureSet("colours", [named for _, named in pictures[4:8]], {})],
        [each for each, _ in pictures[8:]],
        [("horse", "马"), ("guitar", "吉他"), ("wall", "墙")],
        bag_of_words,
        ["a frumious plindle"],
        most=10,
    )
    report = list(lines)
    assert open_builtin(pair).space.id == before.id, "the vectors are the same"
    return pair, report


def test_without_held_out_pictures_only_the_words_are_written(tmp_path: Path) -> None:
    pair = tmp_path / "pair"
    shutil.copytree(FOLDER, pair)
    report = list(fit_confidence(pair, [], [], [], [("horse", "马")], bag_of_words))
    assert report == ["no held-out pictures: the confidence is not fitted"]
    knowledge = open_builtin(pair).knowledge
    assert knowledge is not None and knowledge.model is None


def test_the_fit_is_of_all_kinds_and_becomes_a_file_of_the_pair(
    fitted: tuple[Path, list[str]],
) -> None:
    pair, report = fitted
    for kind in ("sentences", "single words", "absent", "nonsense"):
        for language in ("en", "zh"):
            assert any(line.startswith(f"{kind}, {language}: ") for line in report)
    knowledge = open_builtin(pair).knowledge
    assert knowledge is not None and knowledge.model is not None
    assert knowledge.read(["plindles"]).is_understood, "a word of the other texts"
    assert knowledge.words.commonness.max() == 2, "a token of three captions: log2(4)"


def test_knowledge_of_another_pair_does_not_count_and_damage_is_said(
    fitted: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "pair"
    shutil.copytree(fitted[0], folder)
    document = json.loads((folder / KNOWLEDGE).read_bytes())
    (folder / KNOWLEDGE).write_text(json.dumps(document | {"space": "builtin-0"}), "utf-8")
    assert open_builtin(folder).knowledge is None
    for content in ("{", "[]", json.dumps(document | {"confidence": {"weights": {}}})):
        (folder / KNOWLEDGE).write_text(content, "utf-8")
        with pytest.raises(EncoderUnavailable, match=r"knowledge\.json is damaged"):
            open_builtin(folder)
    (folder / KNOWLEDGE).unlink()
    assert open_builtin(folder).knowledge is None


def test_a_search_says_which_words_are_unknown(limn: Limn, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(pictures / f"{colour}.png")
    limn("index", pictures, "--encoder", "builtin")
    nothing = limn("search", "xqzzt", "blorf")
    assert nothing.stdout == ""
    assert nothing.stderr.splitlines()[-1] == "no word of this is known to the built-in pair"
    some = limn("search", "red", "blorf", "--json")
    assert "the built-in pair does not know: blorf" in some.stderr
    assert len(json.loads(some.stdout)) == len(COLOURS)
    without = limn("search", "red", "--minus", "blorf", "--json")
    assert "the built-in pair does not know: blorf" in without.stderr
    scores, red_scores = (
        [hit["score"] for hit in json.loads(each.stdout)]
        for each in (without, limn("search", "red", "--json"))
    )
    assert scores == red_scores
    with opened(settings_in(tmp_path / "data")) as (_, client):
        answer = client.get("/api/v1/search?q=blorf").json
        assert answer is not None
        assert answer["hits"] == [] and answer["confidence"] is None
        assert answer["notes"] == ["no word of this is known to the built-in pair"]
        assert client.get("/?q=blorf&lang=zh").text.count("Limn 不认识这些词") == 1
        page = client.get("/?q=red+blorf&lang=en").text
        assert "the built-in pair does not know: blorf" in page and "Best first" in page


def test_a_word_that_captions_have_need_not_be_known(limn: Limn, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(pictures / f"{colour}.png")
    (pictures / "captions.csv").write_text("image,caption\nred.png,Qwyjibo at home\n", "utf-8")
    limn("index", pictures, "--encoder", "builtin")
    found = limn("search", "qwyjibo", "--json")
    assert "Qwyjibo at home" in found.stdout
    assert "does not know: qwyjibo" in found.stderr
    assert limn("search", "blorf").stdout == ""
