"""Published pairs: each layout against its original in torch, on photographs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
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
from tests.published_pairs import (
    SIZE,
    Published,
    immich,
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
