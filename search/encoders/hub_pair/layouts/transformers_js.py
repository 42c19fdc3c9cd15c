"""Exports for transformers.js: graphs in the folder onnx, one for each tower or one for both."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from search.encoders.hub_pair.layouts import (
    Description,
    PairFiles,
    TextRules,
    data_files,
    read_json,
    token_text,
)
from search.encoders.hub_pair.preparation import FlooredCrop
from search.encoders.openclip.preprocess_cfg import channels, preparation_of
from search.encoders.preparation import Preparation

CONFIG, PREPROCESSING = "config.json", "preprocessor_config.json"
TOKENIZER, TOKENIZER_CONFIG = "tokenizer.json", "tokenizer_config.json"
CONFIGURATION = (CONFIG, PREPROCESSING, TOKENIZER, TOKENIZER_CONFIG)

SUFFIXES = {
    "": "",
    "fp16": "_fp16",
    "int8": "_int8",
    "uint8": "_uint8",
    "quantized": "_quantized",
    "q4": "_q4",
    "q4f16": "_q4f16",
    "bnb4": "_bnb4",
}
"""The ends of graphs' names by variant, as in transformers.js's `dtypes.js`."""

LONGEST_CONTEXT = 512
"""Tokens of a text at most: some tokenizers name no limit, or one of 8,192 tokens."""

BICUBIC = 3
"""Pillow's number of the filter; 2 is bilinear."""

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


class TransformersJs:
    """Repositories such as Xenova/clip-vit-base-patch16."""

    name = "transformers.js"

    def variants(self, names: Collection[str]) -> Sequence[str]:
        """Return the variants that have both towers."""
        return [each for each in SUFFIXES if _graphs(names, SUFFIXES[each])]

    def select(self, names: Collection[str], variant: str) -> PairFiles | None:
        """Return the files of a variant; int8 is made from the full one where it is missing."""
        if variant not in SUFFIXES or not set(CONFIGURATION) <= set(names):
            return None
        graphs, quantize = _graphs(names, SUFFIXES[variant]), False
        if graphs is None and variant == "int8":
            graphs, quantize = _graphs(names, ""), True
        if graphs is None:
            return None
        external = [data_files(names, each, alone=False) for each in dict.fromkeys(graphs)]
        data = tuple(name for each in external for name in each)
        return PairFiles(self.name, *graphs, CONFIGURATION, data, quantize=quantize)

    def describe(self, folder: Path) -> Description:
        """Return the contents of transformers' configurations."""
        config, words = read_json(folder / CONFIG), read_json(folder / TOKENIZER_CONFIG)
        kind = str(config.get("model_type", ""))
        siglip = kind.startswith("siglip")
        text = config.get("text_config") or {}
        maker = str(words.get("tokenizer_class", ""))
        rules = TextRules(
            tokenizer=TOKENIZER,
            context=_context(words, text, siglip),
            pad_token=token_text(words["pad_token"]),
            # SigLIP 2 was trained on lower case, which its tokenizer.json does not make.
            clean="case" if siglip and maker.startswith(("Gemma", "Siglip2")) else "",
            full=siglip,
            left=words.get("padding_side") == "left",
        )
        shorter = tuple(int(each) for each in config.get("matryoshka_dimensions") or ())
        preparation = _preparation(read_json(folder / PREPROCESSING), kind)
        width = _width(config, siglip)
        return Description(
            kind or "clip", preparation, rules, width, shorter, has_pooler_output=siglip
        )


def _graphs(names: Collection[str], suffix: str) -> tuple[str, str] | None:
    """Return the graphs of the towers, which may be one graph; None without them."""
    pictures, texts, both = (
        f"onnx/{name}{suffix}.onnx" for name in ("vision_model", "text_model", "model")
    )
    if pictures in names and texts in names:
        return pictures, texts
    return (both, both) if both in names else None


def _context(words: Mapping[str, Any], text: Mapping[str, Any], siglip: bool) -> int:
    """Return the number of tokens that the text tower reads at most."""
    positions = text.get("max_position_embeddings") or (64 if siglip else LONGEST_CONTEXT)
    context = words.get("model_max_length") or positions
    return int(min(context, positions, LONGEST_CONTEXT))


def _width(config: Mapping[str, Any], siglip: bool) -> int | None:
    parts = [config.get(name) or {} for name in ("text_config", "vision_config")]
    if siglip:
        width = parts[0].get("projection_size") or parts[1].get("hidden_size")
    else:
        width = config.get("projection_dim") or parts[0].get("projection_dim")
    return int(width) if width else None


def _preparation(facts: Mapping[str, Any], kind: str) -> Preparation:
    """Translate transformers' preprocessing configuration, with the defaults of its class."""
    if "resize_mode" in facts:  # jina-clip's, which is open_clip's under other names
        mean, std = facts.get("mean", CLIP_MEAN), facts.get("std", CLIP_STD)
        plain = {"fill_color": 0, "interpolation": "bicubic"}
        return preparation_of({**plain, **facts, "mean": mean, "std": std})
    maker = str(facts.get("image_processor_type") or facts.get("feature_extractor_type") or kind)
    clips = "clip" in maker.lower() and "siglip" not in maker.lower()
    resize, resized = _resize_of(facts.get("size"), clips)
    crops = facts.get("do_center_crop", clips)
    target = _sides(facts.get("crop_size") or resized) if crops else resized
    if not facts.get("do_resize", True) or (resize == "squash" and target != resized):
        raise ValueError(f"{PREPROCESSING} resizes in a way that is not known")
    if resize == "shortest" and not crops:
        raise ValueError(f"{PREPROCESSING} crops nothing, so pictures have no common size")
    usual = (CLIP_MEAN, CLIP_STD) if clips else (HALF, HALF)
    normal = facts.get("do_normalize", True)
    return FlooredCrop(
        height_px=target[0],
        width_px=target[1],
        resize=resize,
        interpolation=_interpolation(facts, clips, kind),
        mean=channels(facts.get("image_mean", usual[0])) if normal else (0.0, 0.0, 0.0),
        std=channels(facts.get("image_std", usual[1])) if normal else (1.0, 1.0, 1.0),
        shortest_px=resized[0] if resize == "shortest" else 0,
    )


def _resize_of(
    size: int | Mapping[str, int] | None, clips: bool
) -> tuple[Literal["shortest", "squash"], tuple[int, int]]:
    """Return the way of resizing, and the (height, width) that it leads to."""
    if isinstance(size, Mapping):
        if "shortest_edge" in size:
            return "shortest", (int(size["shortest_edge"]),) * 2
        return "squash", (int(size["height"]), int(size["width"]))
    return "shortest" if clips else "squash", (int(size or 224),) * 2


def _sides(size: int | Mapping[str, int] | tuple[int, int]) -> tuple[int, int]:
    if isinstance(size, Mapping):
        return int(size["height"]), int(size["width"])
    return (size, size) if isinstance(size, int) else size


def _interpolation(
    facts: Mapping[str, Any], clips: bool, kind: str
) -> Literal["bilinear", "bicubic"]:
    usual = BICUBIC if clips or kind.startswith("siglip") else 2
    number = int(facts.get("resample", usual))
    if number not in (2, BICUBIC):
        raise ValueError(f"{PREPROCESSING} resizes by Pillow's filter {number}")
    return "bicubic" if number == BICUBIC else "bilinear"
