"""Published pairs: each layout against its original in torch, on photographs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import skimage.data
from PIL import Image
from transformers import (
    ChineseCLIPImageProcessorPil,
    CLIPImageProcessorPil,
    SiglipImageProcessorPil,
)

from search.encoders.hub_pair.encoder import HubEncoder, open_hub
from search.encoders.hub_pair.hub import Hub
from search.encoders.hub_pair.layouts import TextRules
from search.encoders.hub_pair.specification import parse
from search.encoders.hub_pair.tokenizer import open_tokenizer
from search.errors import BadSetting, EncoderUnavailable
from tests.published_pairs import (
    SIZE,
    Published,
    flores_words,
    immich,
    jina,
    multilingual,
    transformers_js,
    wordy,
)

pytestmark = pytest.mark.slow

TEXTS = (
    "a photo of a dog running on the beach, 2024",
    "Two PEOPLE don't sit; it's raining & cold!",
    "  two\tlines\nand more_of - it ",
    "一只狗在沙滩上奔跑",
    "naïve café",
    "",
    "word " * 60,
)

SAME = 0.9999


def photographs() -> list[Image.Image]:
    """Return real photographs of several shapes, and parts of them with odd sides."""
    names = ("astronaut", "coffee", "chelsea", "rocket")
    whole = [Image.fromarray(getattr(skimage.data, name)()).convert("RGB") for name in names]
    boxes = ((3, 5, 204, 304), (10, 0, 311, 120), (0, 0, 31, 250), (7, 7, 40, 41))
    return whole + [each.crop(box) for each, box in zip(whole, boxes, strict=True)]


def opened(pair: Published, tmp: Path, options: str = "", **more: Any) -> HubEncoder:
    """Open a pair in a folder, with a cache of its own and no hub."""
    return open_hub(f"hub:{pair.folder}{options}", "cpu", nowhere(tmp), **more)


def nowhere(tmp: Path) -> Hub:
    """Return a hub that nobody runs."""
    return Hub("http://127.0.0.1:9", tmp / "cache", tmp / "derived", timeout_s=2)


def cosines(pair: Published, encoder: HubEncoder) -> tuple[float, float]:
    """Return the lowest cosines of pictures and texts with those of the original."""
    pictures = photographs()
    pixels = np.stack([encoder.preparation.pixels(each) for each in pictures])
    seen = (encoder.encode_pixels(pixels) * pair.pictures(pictures)).sum(1).min()
    said = (encoder.encode_texts(TEXTS) * pair.texts(TEXTS)).sum(1).min()
    return float(seen), float(said)


def clip_processor(**more: Any) -> CLIPImageProcessorPil:
    size = {"size": {"shortest_edge": SIZE}, "crop_size": {"height": SIZE, "width": SIZE}}
    return CLIPImageProcessorPil(**{**size, **more})


MAKERS: dict[str, Callable[[Path, Path], Published]] = {
    "immich, one at a time": lambda folder, tmp: immich(folder, tmp, "hub-clip"),
    "immich, batches": lambda folder, tmp: immich(folder, tmp, "hub-clip-n", batched=True),
    "immich, raw pixels, squashed": lambda folder, tmp: immich(
        folder, tmp, "hub-raw", raw=True, resize_mode="squash"
    ),
    "immich, canonicalized, both ways": lambda folder, tmp: immich(
        folder,
        tmp,
        "hub-siglip",
        text={"no_causal_mask": True, "pool_type": "last", "context_length": 16},
        words=wordy,
        batched=True,
        clean="canonicalize",
    ),
    "immich, stripped": lambda folder, tmp: immich(
        folder,
        tmp,
        "hub-clipa",
        text={"no_causal_mask": True, "pool_type": "last", "context_length": 16},
        words=wordy,
        strip_sep_token=True,
    ),
    "immich, M-CLIP": multilingual,
    "immich, NLLB": lambda folder, tmp: immich(
        folder,
        tmp,
        "hub-nllb",
        text={"no_causal_mask": True, "pool_type": "first", "context_length": 24},
        words=flores_words,
        clean="whitespace",
    ),
    "transformers.js, jina-clip": lambda folder, tmp: jina(folder, clip_processor()),
    "transformers.js, CLIP": lambda folder, tmp: transformers_js(folder, "clip", clip_processor()),
    "transformers.js, smaller crop": lambda folder, tmp: transformers_js(
        folder, "clip", clip_processor(size={"shortest_edge": 41}, resample=2)
    ),
    "transformers.js, not normalised": lambda folder, tmp: transformers_js(
        folder, "clip", clip_processor(do_normalize=False)
    ),
    "transformers.js, one graph": lambda folder, tmp: transformers_js(
        folder, "clip", clip_processor(), both=True
    ),
    "transformers.js, SigLIP": lambda folder, tmp: transformers_js(
        folder, "siglip", SiglipImageProcessorPil(size={"height": SIZE, "width": SIZE})
    ),
    "transformers.js, Chinese-CLIP": lambda folder, tmp: transformers_js(
        folder,
        "chinese",
        ChineseCLIPImageProcessorPil(
            size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
        ),
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Published]:
    """Return a function that makes the pair of a name, once."""
    pairs: dict[str, Published] = {}

    def make(name: str) -> Published:
        if name not in pairs:
            folder = tmp_path_factory.mktemp("pair")
            pairs[name] = MAKERS[name](folder / "pair", folder)
        return pairs[name]

    return make


@pytest.mark.parametrize("name", MAKERS)
def test_a_layout_gives_the_vectors_of_its_original(
    name: str, made: Callable[[str], Published], tmp_path: Path
) -> None:
    pair = made(name)
    seen, said = cosines(pair, opened(pair, tmp_path))
    print(f"{name}: pictures {seen:.7f}, texts {said:.7f}")
    assert min(seen, said) >= SAME


def test_a_pair_whose_graphs_take_one_picture_is_run_one_at_a_time(
    made: Callable[[str], Published], tmp_path: Path
) -> None:
    encoder = opened(made("immich, one at a time"), tmp_path)
    assert encoder.pictures.graph.batch(4) == 1 and encoder.texts.graph.batch(64) == 1
    assert encoder.encode_texts([]).shape == (0, 32)
    assert encoder.encode_pixels(np.empty((0, SIZE, SIZE, 3), np.uint8)).shape == (0, 32)


def test_a_text_opens_no_picture_s_graph(made: Callable[[str], Published], tmp_path: Path) -> None:
    pair = made("transformers.js, one graph")
    encoder = opened(pair, tmp_path)
    encoder.encode_texts(["a dog"])
    assert encoder.pictures.graph._session is None
    [folder] = (tmp_path / "derived" / "split").iterdir()
    inputs = {each.name for each in onnx.load(str(folder / "model.onnx")).graph.input}
    assert inputs == {"input_ids", "attention_mask"}


def test_texts_do_not_depend_on_their_neighbours(
    made: Callable[[str], Published], tmp_path: Path
) -> None:
    encoder = opened(made("transformers.js, CLIP"), tmp_path)
    alone = np.concatenate([encoder.encode_texts([each]) for each in TEXTS])
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), alone, atol=1e-5)


def test_a_long_text_is_cut_and_said_to_be(
    made: Callable[[str], Published], tmp_path: Path
) -> None:
    encoder = opened(made("immich, batches"), tmp_path)
    assert encoder.characters_read("a dog") == 5
    assert 300 < encoder.characters_read("word " * 200) < 400


@pytest.mark.parametrize("name", ["immich, batches", "transformers.js, one graph"])
def test_weights_in_files_of_their_own_come_with_the_graph(
    name: str, made: Callable[[str], Published], tmp_path: Path
) -> None:
    pair = made(name)
    copy = tmp_path / "external"
    shutil.copytree(pair.folder, copy)
    for number, file in enumerate(sorted(copy.rglob("*.onnx"))):
        model = onnx.load(str(file))
        file.unlink()
        one = bool(number)
        onnx.save(
            model,
            str(file),
            save_as_external_data=True,
            all_tensors_to_one_file=one,
            location=f"{file.name}_data" if one else None,
            size_threshold=512,
        )
    external = Published(copy, pair.pictures, pair.texts)
    encoder = opened(external, tmp_path)
    assert min(cosines(external, encoder)) >= SAME
    assert encoder.space.id != opened(pair, tmp_path).space.id  # other files


@pytest.mark.parametrize(
    "name", ["immich, batches", "immich, one at a time", "transformers.js, one graph"]
)
def test_an_int8_copy_is_made_compared_and_stored(
    name: str, made: Callable[[str], Published], tmp_path: Path
) -> None:
    pair = made(name)
    encoder = opened(pair, tmp_path, "#int8")
    seen, said = cosines(pair, encoder)
    print(f"{name}, int8: pictures {seen:.5f}, texts {said:.5f}")
    assert 0.99 <= seen < 0.999999 and 0.99 <= said < 0.999999
    copies = sorted((tmp_path / "derived" / "int8").rglob("*.onnx"))
    assert len(copies) == 2
    before = [each.stat().st_mtime_ns for each in copies]
    again = opened(pair, tmp_path, "#int8")
    again.encode_texts(["a dog"])
    assert [each.stat().st_mtime_ns for each in copies] == before
    assert again.space == encoder.space
    assert encoder.space.id != opened(pair, tmp_path).space.id
    assert encoder.space.id.startswith("clip-int8-")


def test_an_int8_copy_that_differs_is_refused_by_the_user_s_own_pictures(
    made: Callable[[str], Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from search.encoders.hub_pair import int8
    from search.encoders.hub_pair.pair import find_pair

    monkeypatch.setattr(int8, "LOWEST_COSINE", 1.1)
    hub = nowhere(tmp_path)
    pair = find_pair(parse(f"hub:{made('immich, batches').folder}#int8"), hub)
    file = pair.folder / pair.selection.pictures
    pixels = np.stack([pair.description.preparation.pixels(each) for each in photographs()])
    with pytest.raises(EncoderUnavailable, match="nothing of it stays"):
        int8.quantized_graph(pair, file, "pictures", "digest", hub, pixels)
    assert not list((tmp_path / "derived" / "int8").iterdir())


def test_the_same_files_make_the_same_space_wherever_they_are(
    made: Callable[[str], Published], tmp_path: Path
) -> None:
    pair = made("immich, batches")
    shutil.copytree(pair.folder, tmp_path / "another name")
    copy = Published(tmp_path / "another name", pair.pictures, pair.texts)
    first, second = opened(pair, tmp_path).space, opened(copy, tmp_path / "b").space
    assert first.id == second.id and first.encoder != second.encoder
    config = copy.folder / "visual" / "preprocess_cfg.json"
    config.write_text(config.read_text().replace("shortest", "squash"))
    assert opened(copy, tmp_path).space.id != first.id


def test_vectors_of_a_pair_that_does_not_allow_it_are_not_cut(
    made: Callable[[str], Published], tmp_path: Path
) -> None:
    pair = made("immich, batches")
    assert opened(pair, tmp_path, "#:32").space.width == 32
    with pytest.raises(BadSetting, match="its authors allow no other"):
        opened(pair, tmp_path, "#:16")


def test_vectors_are_cut_where_the_configuration_lists_the_width(
    made: Callable[[str], Published], tmp_path: Path
) -> None:
    pair = made("transformers.js, CLIP")
    shutil.copytree(pair.folder, tmp_path / "jina")
    config = json.loads((pair.folder / "config.json").read_text())
    config["matryoshka_dimensions"] = [8, 16, 32]
    (tmp_path / "jina" / "config.json").write_text(json.dumps(config))
    whole = opened(pair, tmp_path).encode_texts(["a dog"])
    short = opened(Published(tmp_path / "jina", pair.pictures, pair.texts), tmp_path, "#:16")
    found = short.encode_texts(["a dog"])
    assert found.shape == (1, 16) and short.space.width == 16
    cut = whole[:, :16] / np.linalg.norm(whole[:, :16])
    np.testing.assert_allclose(found, cut, atol=1e-5)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), "hub-pair-unreadable"),
        (lambda folder: (folder / "config.json").write_text("{}"), "hub-pair-unreadable"),
        (lambda folder: (folder / "textual/model.onnx").write_text("?"), "hub-graph-unusable"),
        (lambda folder: (folder / "textual/model.onnx").unlink(), "hub-layout-unknown"),
    ],
)
def test_a_damaged_folder_has_one_message(
    damage: Callable[[Path], object],
    reason: str,
    made: Callable[[str], Published],
    tmp_path: Path,
) -> None:
    pair = made("immich, batches")
    shutil.copytree(pair.folder, tmp_path / "damaged")
    damage(tmp_path / "damaged")
    with pytest.raises(EncoderUnavailable) as caught:
        opened(Published(tmp_path / "damaged", pair.pictures, pair.texts), tmp_path).encode_texts(
            ["a"]
        )
    assert caught.value.code == reason and "\n" not in str(caught.value)


def test_preparation_of_photographs_equals_transformers_to_the_pixel() -> None:
    from search.encoders.hub_pair.layouts.transformers_js import _preparation

    for more in ({}, {"size": {"shortest_edge": 41}}, {"resample": 2}, {"do_normalize": False}):
        processor = clip_processor(**more)
        preparation = _preparation(processor.to_dict(), "clip")
        for picture in photographs():
            theirs = processor(images=[picture], do_normalize=False, return_tensors="np")
            wanted = (theirs["pixel_values"][0] * 255).round().astype(np.uint8)
            np.testing.assert_array_equal(preparation.pixels(picture).transpose(2, 0, 1), wanted)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a dog", "eng_Latn"),
        ("狗在沙滩上奔跑", "zho_Hans"),
        ("собака на пляже", "rus_Cyrl"),
        ("犬が浜辺を走る", "jpn_Jpan"),
        ("café 狗", "zho_Hans"),
        ("", "eng_Latn"),
    ],
)
def test_nllb_reads_the_language_that_the_script_suggests(
    text: str, language: str, tmp_path: Path
) -> None:
    words = flores_words(tmp_path)
    words.src_lang = language
    rules = TextRules("tokenizer.json", 16, "<pad>", "whitespace", flores=True)
    [found] = open_tokenizer(tmp_path, rules).tokens([text])
    how = {"max_length": 16, "padding": "max_length", "truncation": True}
    assert found.ids == words(text, **how)["input_ids"]
    assert found.ids[0] == words.convert_tokens_to_ids(language)


def test_weights_past_the_size_of_a_file_are_written_to_a_file_of_their_own(
    made: Callable[[str], Published], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from search.encoders.hub_pair import split

    monkeypatch.setattr(split, "LARGEST_FILE", 1000)
    pair = made("transformers.js, one graph")
    assert min(cosines(pair, opened(pair, tmp_path))) >= SAME
    assert len(list((tmp_path / "derived" / "split").rglob("model.onnx_data"))) == 2


def test_a_folder_that_is_missing_or_something_else_holds_no_pair(tmp_path: Path) -> None:
    for place in (tmp_path / "missing", tmp_path):
        with pytest.raises(EncoderUnavailable, match="has no pair that Limn reads"):
            open_hub(f"hub:{place}", "cpu", nowhere(tmp_path))
