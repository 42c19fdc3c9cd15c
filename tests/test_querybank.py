"""Hubs, near to every text: the querybank lowers them, and adjusts the cosines of vectors."""

import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.builtin.querybank import add_querybank
from search.encoders.onnx_pair.builtin import FOLDER, open_builtin
from search.encoders.onnx_pair.pair_folder import QUERYBANK, describe, file_digest
from search.encoders.onnx_pair.querybank import Querybank, nearness, read_querybank
from search.errors import EncoderUnavailable
from search.records import Scores, Vectors

COLOURS = ("red", "green", "blue", "white", "black", "yellow")


def unit(rows: NDArray[np.floating]) -> Vectors:
    vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def spread(count: int, seed: int) -> Vectors:
    """Return unit rows (count, 16) without a part in the last four directions."""
    rows = np.random.default_rng(seed).normal(size=(count, 16))
    rows[:, 12:] = 0
    return unit(rows)


@pytest.fixture
def bank() -> Querybank:
    texts, pictures = spread(40, 0), spread(30, 1)
    return Querybank(
        texts=texts,
        pictures=pictures,
        directions=np.eye(16, dtype=np.float32)[12:],
        sharpness=10.0,
        share=0.5,
        max_drop=0.06,
        max_rise=0.02,
        lever=3.0,
        usual=(
            float(np.median(nearness(pictures, texts, 10.0))),
            float(np.median(nearness(texts, pictures, 10.0))),
        ),
    )


def corrections(vectors: Vectors, others: Vectors, usual: float) -> Scores:
    found: Scores = np.clip(0.5 * (usual - nearness(vectors, others, 10.0)), -0.06, 0.02)
    return found


def test_even_vectors_are_unit_rows_whose_cosines_are_corrected(bank: Querybank) -> None:
    pictures, texts = spread(50, 2), spread(60, 3)
    even_pictures, even_texts = bank.even_pictures(pictures), bank.even_texts(texts)
    for rows in (even_pictures, even_texts):
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    of_pictures = corrections(pictures, bank.texts, bank.usual[0])
    of_texts = corrections(texts, bank.pictures, bank.usual[1])
    for found in (of_pictures, of_texts):
        assert found.max() == np.float32(0.02) and found.min() < -0.03
    wanted = texts @ pictures.T + of_pictures + of_texts[:, None] + 0.06 - 0.02
    np.testing.assert_allclose(
        even_texts @ even_pictures.T, wanted / (1 + 0.04 * (3 + 1 / 3)), atol=1e-5
    )


def test_a_hub_is_lowered_and_what_is_near_to_nothing_is_hardly_raised(bank: Querybank) -> None:
    middle = unit(bank.texts.mean(0, keepdims=True))
    pictures, texts = np.concatenate([middle, -middle]), spread(20, 4)
    cosines = bank.even_texts(texts) @ bank.even_pictures(pictures).T
    of_texts = corrections(texts, bank.pictures, bank.usual[1])
    change = cosines * (1 + 0.04 * (3 + 1 / 3)) - texts @ pictures.T - of_texts[:, None]
    np.testing.assert_allclose(change - (0.06 - 0.02), [[-0.06, 0.02]] * 20, atol=1e-5)


def test_cosines_of_two_pictures_grow_by_hardly_more_than_a_constant(bank: Querybank) -> None:
    pictures = spread(30, 5)
    even = bank.even_pictures(pictures)
    more = even @ even.T * (1 + 0.04 * (3 + 1 / 3)) - pictures @ pictures.T
    assert np.all(more <= 0.04 * 3 + 0.04 / 3 + 1e-5)
    assert np.all(more >= 0.04 * 3 - 0.04 / 3 - 1e-5)
    np.testing.assert_allclose(np.diag(even @ even.T), 1, atol=1e-5)


def test_nearness_is_between_the_mean_and_the_maximum(bank: Querybank) -> None:
    vectors = spread(5, 5)
    cosines = vectors @ bank.texts.T
    assert np.all(nearness(vectors, bank.texts, 10.0) > cosines.mean(1))
    assert np.all(nearness(vectors, bank.texts, 10.0) < cosines.max(1))
    np.testing.assert_allclose(nearness(vectors, bank.texts, 0.01), cosines.mean(1), atol=1e-3)
    assert nearness(vectors[:0], bank.texts, 10.0).shape == (0,)
    assert bank.even_pictures(vectors[:0]).shape == (0, 16)


def test_what_is_written_is_read_again(bank: Querybank, tmp_path: Path) -> None:
    (tmp_path / QUERYBANK).write_bytes(bank.to_bytes())
    again, vectors = read_querybank(tmp_path / QUERYBANK), spread(9, 6)
    np.testing.assert_allclose(
        again.even_texts(vectors), bank.even_texts(vectors), atol=2e-3
    )  # the bank is float16
    assert again.usual == bank.usual and again.to_bytes() == bank.to_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"PK\x03\x04 half of it", b"no archive", b""])
def test_what_is_no_querybank_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    folder = copytree(FOLDER, tmp_path / "pair")
    (folder / QUERYBANK).write_bytes(content)
    facts = json.loads((folder / "pair.json").read_bytes())
    facts["sha256"][QUERYBANK] = file_digest(folder / QUERYBANK)
    describe(folder, facts)
    with pytest.raises(EncoderUnavailable, match=r"querybank\.npz is damaged.*--encoder"):
        open_builtin(folder)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> list[CaptionedPicture]:
    folder, pairs = tmp_path_factory.mktemp("taught"), []
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
        pairs.append(CaptionedPicture(folder / f"{colour}.png", {"en": (f"all {colour}",)}))
    return pairs


def without_querybank(folder: Path) -> Path:
    """Return a pair as it was before querybank.npz existed."""
    copytree(FOLDER, folder)
    facts = json.loads((folder / "pair.json").read_bytes())
    facts["sha256"].pop(QUERYBANK, None)
    (folder / "pair.json").write_text(json.dumps(facts))
    (folder / QUERYBANK).unlink(missing_ok=True)
    return folder


@pytest.mark.slow
def test_a_querybank_becomes_a_part_of_a_pair_and_of_its_space(
    tmp_path: Path, taught: list[CaptionedPicture]
) -> None:
    before = open_builtin().querybank
    assert before is not None
    folder = without_querybank(tmp_path / "pair")
    plain = open_builtin(folder)
    assert plain.querybank is None
    assert not add_querybank(folder, taught)
    assert open_builtin(folder).space.id == plain.space.id  # six pictures are too few
    assert add_querybank(folder, taught, before)
    even = open_builtin(folder)
    now = even.querybank
    assert now is not None and even.space.id != plain.space.id
    assert len(now.texts) == len(now.pictures) == len(before.texts)
    np.testing.assert_array_equal(now.texts[len(COLOURS) :], before.texts[: -len(COLOURS)])
    asked = ["a dog on the grass", "一只狗"]
    said = plain.encode_texts(asked)
    np.testing.assert_allclose(even.encode_texts(asked), now.even_texts(said), atol=1e-6)
    assert np.abs(said @ now.directions.T).max() < 0.05
