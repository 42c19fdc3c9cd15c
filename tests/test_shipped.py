"""The shipped files, loaded into torch's towers."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from indexer.training.builtin.export import RawPictureTower, export
from indexer.training.builtin.load import load_pair
from indexer.training.builtin.pair import TrainedPair
from indexer.training.builtin.picture_tower import PictureTower, TowerShape
from indexer.training.builtin.text_tower import TextTower
from search.encoders.onnx_pair.builtin import FOLDER, open_builtin
from search.errors import EncoderUnavailable

pytestmark = pytest.mark.slow

TEXTS = ("two dogs run on the beach", "两只狗在海滩上奔跑", "", "a red cup" * 40)


def test_the_towers_give_the_vectors_of_the_files() -> None:
    encoder, read = open_builtin(threads=1), load_pair(FOLDER)
    coarse = np.random.default_rng(0).integers(0, 256, (4, 14, 14, 3), dtype=np.uint8)
    pixels = np.stack([encoder.preparation.pixels(Image.fromarray(each)) for each in coarse])
    with torch.no_grad():
        pictures = RawPictureTower(read.pair.pictures).eval()(torch.from_numpy(pixels))[0].numpy()
        texts = np.concatenate(
            [read.pair.texts(torch.tensor([read.tokenizer.encode(t).ids])) for t in TEXTS]
        )
    raw = replace(encoder, querybank=None)
    np.testing.assert_allclose(pictures, raw.encode_pixels(pixels), atol=1e-4)
    np.testing.assert_allclose(texts, raw.encode_texts(TEXTS), atol=1e-4)


def test_what_is_read_and_exported_again_is_the_same_pair(tmp_path: Path) -> None:
    read = load_pair(FOLDER)
    export(read.pair, read.tokenizer, tmp_path, {"languages": ["en", "zh"]})
    raw = replace(open_builtin(), querybank=None)
    np.testing.assert_allclose(
        open_builtin(tmp_path).encode_texts(TEXTS), raw.encode_texts(TEXTS), atol=1e-4
    )


def test_the_scale_of_a_run_comes_back(tmp_path: Path) -> None:
    tokenizer = open_builtin().tokenizer
    shape = TowerShape(width=32, vocabulary=tokenizer.get_vocab_size(), layers=2)
    torch.manual_seed(0)
    pair = TrainedPair(PictureTower(shape), TextTower(shape))
    for numbers in pair.parameters():  # trained numbers differ; equal ones share a place in a graph
        numbers.data.add_(torch.randn_like(numbers) * 0.01)
    pair.log_scale.data.fill_(4.0)
    export(pair, tokenizer, tmp_path, {"languages": ["en"]})
    read = load_pair(tmp_path)
    assert read.shape == shape
    assert float(read.pair.log_scale.detach()) == pytest.approx(4.0)


def test_graphs_of_other_towers_are_refused(tmp_path: Path) -> None:
    folder = copytree(FOLDER, tmp_path / "pair")
    graph = onnx.load(folder / "text.onnx")
    first = graph.graph.initializer[0]
    for node in graph.graph.node:
        node.input[:] = ["another.bias" if name == first.name else name for name in node.input]
    first.name = "another.bias"
    content = graph.SerializeToString()
    (folder / "text.onnx").write_bytes(content)
    facts = json.loads((folder / "pair.json").read_bytes())
    facts["sha256"]["text.onnx"] = hashlib.sha256(content).hexdigest()
    (folder / "pair.json").write_text(json.dumps(facts))
    with pytest.raises(EncoderUnavailable, match="not of Limn's own towers"):
        load_pair(folder)
