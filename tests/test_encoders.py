"""The contract of encoder pairs, whichever library runs them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from search.encoders import Encoder, open_encoder
from search.encoders.onnx_pair.sessions import CUDA, providers
from search.encoders.preparation import Preparation
from search.encoders.tiny import TinyEncoder
from search.encoders.tiny_words import COLOURS
from search.errors import BadSetting
from search.packages.plugins import registered_points
from search.ranking.calibration import STOCK_TEXTS
from search.records import Pixels

STRANGE_TEXTS = (
    "",
    "   \n\t ",
    "🐕🏖️👨‍👩‍👧",
    "\ud83d",
    "\udc15 a dog \ud83d\udc15",
    "nul\x00inside",
    "\x00",
    "﷽" * 50,
    "á" * 200,
    "<end_of_text> a dog <start_of_text>",
    "&amp;lt;b&amp;gt;",
    "狗" * 500,
    "x" * 100_000,
    "a dog " * 20_000,
    " " * 100_000,
)

Open = Callable[[], Encoder]


@pytest.fixture(scope="module")
def small_openclip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the specification of a small open_clip pair with random weights."""
    from tests.small_openclip import CLIP, saved  # importing torch takes seconds

    return f"open_clip:{CLIP}@{saved(tmp_path_factory.mktemp('openclip'), CLIP)}"


@pytest.fixture(scope="module")
def small_onnx(tmp_path_factory: pytest.TempPathFactory, small_openclip: str) -> str:
    """Return the specification of the small pair's export in 8-bit integers."""
    from indexer.exporting.export import export

    folder = tmp_path_factory.mktemp("onnx") / "pair"
    return export(small_openclip, folder, "int8").encoder.space.encoder


@pytest.fixture(scope="module")
def small_hub(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the specification of a small pair in a layout of the hub."""
    from tests.published_pairs import immich

    folder = tmp_path_factory.mktemp("hub")
    immich(folder / "pair", folder, "hub-encoder", batched=True)
    return f"hub:{folder / 'pair'}"


@pytest.fixture(params=list(registered_points("encoders")))
def specification(request: pytest.FixtureRequest) -> str:
    """Return the specification of each registered encoder."""
    if request.param == "open_clip":
        return str(request.getfixturevalue("small_openclip"))
    if request.param in ("hub", "onnx"):
        return str(request.getfixturevalue(f"small_{request.param}"))
    return str(request.param)


@pytest.fixture
def encoder(specification: str) -> Encoder:
    """Open each encoder."""
    return open_encoder(specification, "cpu")


def noise(preparation: Preparation, n: int, seed: int = 0) -> Pixels:
    """Return random pictures, as the preparation would return them."""
    shape = (n, preparation.height_px, preparation.width_px, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def assert_unit_rows(vectors: NDArray[np.float32], n: int, width: int) -> None:
    """Check the invariants of embeddings: unit rows."""
    assert vectors.shape == (n, width)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.slow
def test_a_gpu_that_is_not_there_is_refused(specification: str) -> None:
    if specification.startswith("open_clip:"):
        import torch  # importing it takes seconds

        if torch.cuda.is_available():
            pytest.skip("torch finds a GPU")
    elif CUDA in providers("auto"):
        pytest.skip("this build of onnxruntime is for GPUs")
    if specification == "tiny":  # it computes nothing that a GPU could
        assert open_encoder(specification, "cuda").space.encoder == "tiny"
        return
    with pytest.raises(BadSetting, match=r"the device is 'cuda', but .*; use auto or cpu"):
        open_encoder(specification, "cuda")


@pytest.mark.slow
@pytest.mark.parametrize("n", [0, 1, 3, 70])
def test_pictures_become_unit_rows(encoder: Encoder, n: int) -> None:
    vectors = encoder.encode_pixels(noise(encoder.preparation, n))
    assert_unit_rows(vectors, n, encoder.space.width)


@pytest.mark.slow
@pytest.mark.parametrize("n", [0, 1, 3, 70])
def test_texts_become_unit_rows(encoder: Encoder, n: int) -> None:
    vectors = encoder.encode_texts([f"picture number {i} of a dog" for i in range(n)])
    assert_unit_rows(vectors, n, encoder.space.width)


@pytest.mark.slow
def test_a_picture_s_vector_does_not_depend_on_its_batch(encoder: Encoder) -> None:
    pixels = noise(encoder.preparation, 70)
    together = encoder.encode_pixels(pixels)
    for i in (0, 1, 63, 64, 69):
        assert together[i] @ encoder.encode_pixels(pixels[i : i + 1])[0] >= 0.9999


@pytest.mark.slow
def test_a_text_s_vector_does_not_depend_on_its_batch(encoder: Encoder) -> None:
    texts = [("a dog runs " * (i % 9)) + str(i) for i in range(70)]
    together = encoder.encode_texts(texts)
    for i in (0, 1, 8, 63, 64, 69):
        assert together[i] @ encoder.encode_texts([texts[i]])[0] >= 0.9999


@pytest.mark.slow
def test_different_texts_and_pictures_differ(encoder: Encoder) -> None:
    texts = encoder.encode_texts(["a dog", "a cat", "", "一只狗"])
    pictures = encoder.encode_pixels(noise(encoder.preparation, 4))
    for vectors in (texts, pictures):
        cosines = vectors @ vectors.T - np.eye(4)
        assert cosines.max() < 0.99999


@pytest.mark.slow
@pytest.mark.parametrize("text", STRANGE_TEXTS, ids=range(len(STRANGE_TEXTS)))
def test_any_unicode_text_has_a_vector(encoder: Encoder, text: str) -> None:
    assert_unit_rows(encoder.encode_texts([text]), 1, encoder.space.width)


@pytest.mark.slow
def test_a_second_opening_has_the_same_space_and_vectors(
    encoder: Encoder, specification: str
) -> None:
    again = open_encoder(encoder.space.encoder, "cpu")
    assert again.space == encoder.space
    assert again.preparation == encoder.preparation
    texts = ["a dog", "红色"]
    np.testing.assert_allclose(again.encode_texts(texts), encoder.encode_texts(texts), atol=1e-6)


def test_space_ids_may_name_files(encoder: Encoder) -> None:
    assert set(encoder.space.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.slow
def test_pictures_prepared_by_the_preparation_fit_the_encoder(encoder: Encoder) -> None:
    pixels = encoder.preparation.pixels(Image.new("RGB", (301, 77), "orange"))
    assert pixels.shape == noise(encoder.preparation, 1).shape[1:]
    assert_unit_rows(encoder.encode_pixels(pixels[None]), 1, encoder.space.width)


def test_an_unknown_encoder_is_refused_with_the_choices() -> None:
    with pytest.raises(BadSetting, match=r"'clip'.*builtin, .*open_clip:ARCH/PRETRAINED"):
        open_encoder("clip")


def painted(left: str, right: str) -> Image.Image:
    """Return a picture of two colours, side by side."""
    picture = Image.new("RGB", (200, 120), left)
    picture.paste(Image.new("RGB", (100, 120), right), (100, 0))
    return picture


def pixels_of(*pictures: Image.Image) -> Pixels:
    """Return pictures' pixels for the tiny encoder."""
    return np.stack([TinyEncoder().preparation.pixels(picture) for picture in pictures])


def test_tiny_finds_each_colour_by_its_english_and_chinese_words() -> None:
    tiny = TinyEncoder()
    pictures = tiny.encode_pixels(pixels_of(*(Image.new("RGB", (90, 60), c) for _, c in COLOURS)))
    for i, (words, _) in enumerate(COLOURS):
        for text in (*words.split(), f"a {words.split()[0]} wall", f"{words.split()[-1]}色的墙"):
            assert np.argmax(pictures @ tiny.encode_texts([text])[0]) == i, text


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("red left and blue right", 0),
        ("blue on the left, red on the right", 1),
        ("左红，右蓝", 0),
        ("左边蓝色和右边红色", 1),
        ("blue", 2),
        ("red top, blue bottom", 3),
        ("上方红色，下方蓝色", 3),
    ],
)
def test_tiny_knows_where_a_colour_is(text: str, best: int) -> None:
    tiny = TinyEncoder()
    pictures = tiny.encode_pixels(
        pixels_of(
            painted("red", "blue"),
            painted("blue", "red"),
            Image.new("RGB", (80, 80), "blue"),
            painted("red", "blue").transpose(Image.Transpose.ROTATE_270),
        )
    )
    assert np.argmax(pictures @ tiny.encode_texts([text])[0]) == best


def test_tiny_finds_captions_by_the_words_they_share() -> None:
    tiny = TinyEncoder()
    captions = ["a dog runs on the beach", "two people sit on a bench", "一只猫在睡觉"]
    vectors = tiny.encode_texts(captions)
    for i, query in enumerate(("dog beach", "people bench", "猫")):
        assert np.argmax(vectors @ tiny.encode_texts([query])[0]) == i


@pytest.mark.slow
def test_what_is_read_of_a_text_is_what_its_vector_hangs_on(
    encoder: Encoder, specification: str
) -> None:
    for text in ("", "a dog", "a dog runs on the beach", "海滩上的狗"):
        assert encoder.characters_read(text) == len(text)
    for long in (", ".join(STOCK_TEXTS) * 4, "海滩上奔跑的狗和小女孩，" * 60):
        read = encoder.characters_read(long)
        assert 20 <= read < len(long)
        if specification == "tiny":  # its embedding includes a hash of the whole text
            continue
        beyond, before = long[: read + 20], long[: read - 15]
        whole, same, other = encoder.encode_texts([long, beyond, before])
        assert whole @ same > 0.9999, "what is past it is not read"
        assert whole @ other < 0.9999, "what is before it is"
