"""Export of a trained pair: ONNX graphs with small weights, checked against torch."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn

from indexer.exporting.checks import ExportDiffers
from indexer.exporting.onnx_trace import trace
from indexer.training.builtin.pair import TrainedPair
from indexer.training.builtin.picture_tower import Features, PictureTower
from indexer.training.builtin.views import SEARCHED
from search.encoders.onnx_pair.builtin import BuiltinEncoder, open_builtin
from search.encoders.onnx_pair.pair_folder import describe
from search.encoders.onnx_pair.sessions import SHARES
from search.encoders.preparation import Preparation
from search.encoders.rewriting.fold_padding import fold_padding
from search.encoders.rewriting.merge_weights import merge_weights
from search.encoders.rewriting.quantize_weights import as_float16, as_int8

LOWEST_COSINE = 0.99
"""The lowest mean cosine of an exported tower's vectors with torch's, over the probes."""


class RawPictureTower(nn.Module):
    """The picture tower with its normalisation: (n, h, w, 3) uint8 -> vectors and shares."""

    def __init__(self, tower: PictureTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Embed (n, h, w, 3) uint8 -> (n, width) unit rows, and what each place adds to them."""
        inputs = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1.0
        last, early_maps = self.tower.maps(self.tower.lower(inputs))
        features = Features.of(last, early_maps)
        return self.tower.head(features), self.tower.shares(last, early_maps)


def export(
    pair: TrainedPair,
    tokenizer: Tokenizer,
    folder: Path,
    facts: dict[str, Any],
    tiny: bool = True,
    preparation: Preparation = SEARCHED,
) -> dict[str, float]:
    """Write image.onnx, text.onnx, tokenizer.json and pair.json; return the lowest mean cosines.

    Weights are stored as float16 (pictures) and as int8 with a scale per row or column (texts), or
    all as float16 where the files need not be `tiny`: fine-tuning from int8 moves most weights by
    less than a step of it, so that rounding would undo the learning. They are widened once when a
    session opens, so arithmetic stays float32 and a text's vector does not depend on its batch.

    Raises:
        ExportDiffers: a tower's mean cosine with torch is under `LOWEST_COSINE`.
    """
    pair = pair.to("cpu").eval()
    folder.mkdir(parents=True, exist_ok=True)
    size = (2, preparation.height_px, preparation.width_px, 3)
    raw, pixels = RawPictureTower(pair.pictures).eval(), torch.zeros(size, dtype=torch.uint8)
    image = trace(raw, pixels, "pixels", {0: "n"}, ("vectors", SHARES))
    ids = torch.tensor([[101, 2000, 102]] * 2)
    text = trace(pair.texts, ids, "ids", {0: "n", 1: "t"})
    fold_padding(image)
    merge_weights(image)
    as_float16(image)
    (as_int8 if tiny else as_float16)(text)
    files = {
        "image.onnx": image.SerializeToString(),
        "text.onnx": text.SerializeToString(),
        "tokenizer.json": tokenizer.to_str().encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    document = {
        **facts,
        "backbone": pair.pictures.backbone_name,
        "width": pair.texts.project.out_features,
        "scale": float(pair.log_scale.detach().exp()),
        "preparation": asdict(preparation),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    describe(folder, document)
    return _check(pair, open_builtin(folder), tokenizer)


PROBES = (
    "two dogs run on the beach",
    "a man in a red shirt climbs a rock",
    "一个小女孩在草地上跑",
    "a cup of coffee",
    "sunset",
    "穿红衣服的人",
    "!",
    "",
)


def _check(pair: TrainedPair, encoder: BuiltinEncoder, tokenizer: Tokenizer) -> dict[str, float]:
    draw = np.random.default_rng(0)
    coarse = draw.integers(0, 256, (8, 14, 14, 3), dtype=np.uint8)
    pixels = np.stack([encoder.preparation.pixels(Image.fromarray(each)) for each in coarse])
    with torch.no_grad():
        pictures = RawPictureTower(pair.pictures).eval()(torch.from_numpy(pixels))[0].numpy()
        texts = np.concatenate(
            [pair.texts(torch.tensor([tokenizer.encode(text).ids])).numpy() for text in PROBES]
        )
    cosines = {
        "picture": float((pictures * encoder.encode_pixels(pixels)).sum(1).mean()),
        "text": float((texts * encoder.encode_texts(PROBES)).sum(1).mean()),
    }
    for tower, cosine in cosines.items():
        if not cosine >= LOWEST_COSINE:
            raise ExportDiffers(
                "trained-export-differs",
                "the exported {tower} tower is at cosine {cosine:.4f} of torch's, under "
                "{lowest}; it is not fit to ship",
                tower=tower,
                cosine=cosine,
                lowest=LOWEST_COSINE,
            )
    return cosines
