"""Reading of a shipped pair back into torch's towers, for training or another export."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from torch import Tensor

from indexer.training.builtin.backbone import MOBILENET_V2
from indexer.training.builtin.pair import TrainedPair
from indexer.training.builtin.picture_tower import PictureTower, TowerShape
from indexer.training.builtin.text_tower import TextTower
from search.encoders.onnx_pair.builtin import open_builtin
from search.errors import EncoderUnavailable


@dataclass(frozen=True, slots=True)
class ShippedPair:
    """A pair's towers, in evaluation mode, their sizes, and their tokenizer in training."""

    pair: TrainedPair
    shape: TowerShape
    tokenizer: Tokenizer


def load_pair(folder: Path, dropout: float = 0.0) -> ShippedPair:
    """Return the pair that `export` wrote to `folder`; its towers give the graphs' vectors.

    The weights are the files' values, widened to float32: the precision lost by rounding to float16
    and int8 is not restored.

    Raises:
        EncoderUnavailable: a file is missing or damaged, or the graphs are not of these towers.
    """
    tokenizer = open_builtin(folder).tokenizer
    facts = json.loads((folder / "pair.json").read_bytes())
    pictures, texts = (_weights(folder / name) for name in ("image.onnx", "text.onnx"))
    # Only files from before the second edition do not name their backbone.
    shape = _shape(folder, texts, facts.get("backbone", MOBILENET_V2.name))
    pair = TrainedPair(PictureTower(shape, dropout), TextTower(shape, dropout))
    if "scale" in facts:  # files of the first release do not say it
        pair.log_scale.data.fill_(math.log(facts["scale"]))
    # Files of before 26 November 2026 have no part for the earlier stages: it adds nothing there.
    pictures.setdefault("earlier.weight", torch.zeros_like(pair.pictures.earlier.weight))
    try:
        pair.pictures.load_state_dict(pictures)
        pair.texts.load_state_dict(texts)
    except RuntimeError as error:
        raise _foreign(folder, str(error)) from error
    pair.pictures.to(memory_format=torch.channels_last)
    return ShippedPair(pair.eval(), shape, tokenizer)


def _weights(file: Path) -> dict[str, Tensor]:
    """Return every trained number of a graph by its name in the tower, as float32.

    Matrices that the exporter transposed and renamed are found by the node that multiplies by them,
    whose name is the tower's ("/layers.0/qkv/MatMul").
    """
    graph = onnx.load(file).graph
    tensors = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in graph.initializer
    }
    wide: dict[str, Tensor] = {}
    for name, numbers in tensors.items():
        plain, _, kind = name.rpartition(".")
        if kind == "half":
            wide[plain] = numbers.float()
        elif kind == "int8":
            wide[plain] = numbers.float() * tensors[f"{plain}.scale"]
        elif kind != "scale":
            wide[name] = numbers
    # Of two products by one matrix, the first in this order has the tower's name for it.
    for node in sorted(graph.node, key=lambda node: node.name):
        if node.op_type == "MatMul" and node.input[1] in wide:
            place = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            wide[f"{place}.weight"] = wide.pop(node.input[1]).T.contiguous()
    return {name.removeprefix("tower."): numbers for name, numbers in wide.items()}


def _shape(folder: Path, texts: dict[str, Tensor], backbone: str) -> TowerShape:
    """Return the text tower's sizes from its weights, which leave out the number of heads."""
    try:
        return TowerShape(
            width=texts["project.weight"].shape[0],
            vocabulary=texts["words.weight"].shape[0],
            hidden_width=texts["words.weight"].shape[1],
            positions=texts["positions"].shape[0],
            backbone=backbone,
            layers=len({name.split(".")[1] for name in texts if name.startswith("layers.")}),
        )
    except KeyError as error:
        raise _foreign(folder, f"text.onnx has no {error}") from error


def _foreign(folder: Path, what: str) -> EncoderUnavailable:
    return EncoderUnavailable(
        "pair-not-builtin",
        "the pair in {folder!r} is not of Limn's own towers: {reason}; "
        "name the folder `pair` of a training run, or that of the pair that ships",
        folder=str(folder),
        reason=what,
    )
