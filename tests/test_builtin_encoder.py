"""The shipped pair: its real files, on any input."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from PIL import Image, ImageDraw

from search.encoders.onnx_pair.builtin import FOLDER, BuiltinEncoder, open_builtin
from search.encoders.onnx_pair.pair_folder import FILES, QUERYBANK
from search.errors import EncoderUnavailable
from search.records import Pixels

TEXTS = (
    "two dogs run on the beach",
    "两只狗在海滩上奔跑",
    "",
    " ",
    "🐕🏖️👩‍👩‍👧",
    "كلب على الشاطئ",
    "собака на пляже",
    "犬が浜辺を走る",
    "\x00\x01\x1b[31m\n\t",
    "\ud800 lone",
    "\ud83d\udc15",
    "\u202eright to left\u2066",
    "龘龘龘",
    "a" * 20_000,
    "dog " * 5_000,
    "狗" * 12_000,
)


@pytest.fixture(scope="module")
def encoder() -> BuiltinEncoder:
    return open_builtin(threads=1)


def pictures(count: int) -> Pixels:
    drawn = []
    for number in range(count):
        picture = Image.new("RGB", (256, 256), (number * 40 % 256, 120, 200))
        ImageDraw.Draw(picture).ellipse((20 * number, 30, 20 * number + 90, 150), "red")
        drawn.append(np.asarray(picture))
    return np.stack(drawn)


@pytest.mark.slow
def test_any_unicode_becomes_a_unit_row(encoder: BuiltinEncoder) -> None:
    vectors = encoder.encode_texts(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.space.width)
    assert vectors.dtype == np.float32 and vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_does_not_depend_on_its_batch(encoder: BuiltinEncoder) -> None:
    together = encoder.encode_texts(TEXTS)
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_picture_does_not_depend_on_its_batch(encoder: BuiltinEncoder) -> None:
    pixels = pictures(5)
    together = encoder.encode_pixels(pixels)
    assert together.shape == (5, encoder.space.width) and together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.encode_pixels(pixels[row : row + 1]) for row in range(5)])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_nothing_becomes_nothing(encoder: BuiltinEncoder) -> None:
    width = encoder.space.width
    assert encoder.encode_texts([]).shape == (0, width)
    assert encoder.encode_pixels(np.empty((0, 256, 256, 3), np.uint8)).shape == (0, width)


def test_a_surrogate_pair_reads_as_its_character(encoder: BuiltinEncoder) -> None:
    vectors = encoder.encode_texts(["\ud83d\udc15 runs", "🐕 runs"])
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_both_languages_say_the_same_thing_nearby(encoder: BuiltinEncoder) -> None:
    english = ["a dog runs on grass", "a man climbs a rock", "children play football"]
    chinese = ["一只狗在草地上奔跑", "一个男人在攀岩", "孩子们在踢足球"]
    cosines = encoder.encode_texts(english) @ encoder.encode_texts(chinese).T
    assert cosines.argmax(1).tolist() == [0, 1, 2]


def test_pixels_come_from_the_preparation(encoder: BuiltinEncoder) -> None:
    pixels = encoder.preparation.pixels(Image.new("RGB", (640, 480), "green"))
    assert pixels.shape == (256, 256, 3)
    assert encoder.encode_pixels(pixels[None]).shape == (1, encoder.space.width)


def test_threads_may_share_it(encoder: BuiltinEncoder) -> None:
    wanted = encoder.encode_texts(TEXTS[:4])
    with ThreadPoolExecutor(4) as threads:
        for vectors in threads.map(lambda _: encoder.encode_texts(TEXTS[:4]), range(16)):
            np.testing.assert_allclose(vectors, wanted, atol=1e-6)


def test_the_space_is_the_same_each_time_and_names_what_opens_it(encoder: BuiltinEncoder) -> None:
    again = open_builtin(threads=1)
    assert again.space == encoder.space
    assert again.space.encoder == "builtin" and again.space.id.startswith("builtin-")


@pytest.mark.slow
def test_torch_is_never_imported() -> None:
    program = (
        "import sys; from search.encoders import open_encoder; e = open_encoder('builtin'); "
        "e.encode_texts(['a dog']); "
        "print(sorted({'torch', 'torchvision', 'transformers', 'open_clip'} & sys.modules.keys()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert found.stdout.strip() == "[]"


def test_what_ships_is_small() -> None:
    size_bytes = sum(file.stat().st_size for file in FOLDER.iterdir())
    assert size_bytes < 60e6


@pytest.mark.parametrize("name", [*FILES, QUERYBANK, "pair.json"])
def test_a_missing_file_says_what_to_do(tmp_path: Path, name: str) -> None:
    folder = copytree(FOLDER, tmp_path / "pair")
    (folder / name).unlink()
    with pytest.raises(EncoderUnavailable, match=rf"{name}.*--encoder"):
        open_builtin(folder)


@pytest.mark.parametrize("name", [*FILES, QUERYBANK, "pair.json"])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, name: str) -> None:
    folder = copytree(FOLDER, tmp_path / "pair")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(EncoderUnavailable, match=rf"{name} is damaged.*--encoder"):
        open_builtin(folder)
