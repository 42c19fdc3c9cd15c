"""The command `limn train-builtin`: a run of seconds from random parts, and its errors."""

import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file
from torch import Tensor

from indexer.training.builtin.named import glossary
from indexer.training.builtin.picture_tower import PictureTower, TowerShape
from search.cli import main
from search.encoders.onnx_pair.builtin import FOLDER, open_builtin
from tests.published_backbone import published_weights
from tests.small_captions import draw_shapes

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

Refused = Callable[..., str]
CLASSES = 7


@pytest.fixture(autouse=True)
def few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave some of the names of things and classes: the teacher reads all of them at the start."""
    names = [(number, f"thing {number}", f"东西{number}") for number in range(CLASSES)]
    monkeypatch.setattr("indexer.training.builtin.run.class_names", lambda: names)
    few = glossary()[:20]
    monkeypatch.setattr("indexer.training.builtin.run.glossary", lambda: few)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write captions, a body of random weights, and another network's weights under both names."""
    folder = tmp_path_factory.mktemp("parts")
    draw_shapes(folder / "pictures")
    torch.manual_seed(0)
    torch.save(published_weights(PictureTower(TowerShape()), CLASSES), folder / "body.pth")
    torch.save({"another.weight": torch.zeros(3)}, folder / "another.pth")
    (folder / "junk.pth").write_bytes(b"no tensors\n")
    save_file({"another.weight": torch.zeros(3)}, folder / "another.safetensors")
    (folder / "minilm").mkdir()
    shutil.copy(FOLDER / "tokenizer.json", folder / "minilm")
    shutil.copy(folder / "another.safetensors", folder / "minilm" / "model.safetensors")
    (folder / "nothing").mkdir()
    (folder / "bert").mkdir()
    shutil.copy(FOLDER / "tokenizer.json", folder / "bert")
    save_file(random_bert(), folder / "bert" / "model.safetensors")
    return folder


def random_bert() -> dict[str, Tensor]:
    """Draw weights with the names and sizes of all-MiniLM-L6-v2's, but fewer words."""
    wide = TowerShape().hidden_width
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (1_000, wide),
        "embeddings.position_embeddings.weight": (64, wide),
        "embeddings.token_type_embeddings.weight": (2, wide),
    }
    inner = {"attention.self.query": 1, "attention.self.key": 1, "attention.self.value": 1}
    inner |= {"attention.output.dense": 1, "intermediate.dense": 4}
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}." for number in range(TowerShape().layers)):
        for name, times in inner.items():
            sizes[f"{layer}{name}.weight"] = (times * wide, wide)
            sizes[f"{layer}{name}.bias"] = (times * wide,)
        sizes[f"{layer}output.dense.weight"] = (wide, 4 * wide)
        sizes[f"{layer}output.dense.bias"] = (wide,)
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
    torch.manual_seed(0)
    weights = {name: torch.randn(size) * 0.05 for name, size in sizes.items()}
    for name in norms:
        weights |= {f"{name}.weight": torch.ones(wide), f"{name}.bias": torch.zeros(wide)}
    return weights


@pytest.fixture
def refused(parts: Path, tmp_path: Path) -> Refused:
    """Run the command with some parts replaced by others of the folder; return its message."""

    def run(out: Path = tmp_path / "run", **others: str) -> str:
        named = {"backbone": "body.pth", "minilm": "minilm", **others}
        options = [f"--{name}={parts / file}" for name, file in named.items()]
        arguments = ["train-builtin", "--pairs", str(parts / "pictures" / "captions.csv"), *options]
        small = ["--batch", "4", "--held-out", "2", "--out", str(out)]
        done = CliRunner().invoke(main, [*arguments, *small])
        assert done.exit_code == 1, f"exit {done.exit_code}\n{done.output}\n{done.exception!r}"
        return done.stderr

    return run


def test_a_pair_is_made_from_its_parts_and_the_run_goes_on(parts: Path, tmp_path: Path) -> None:
    body, captions = parts / "body.pth", parts / "pictures" / "captions.csv"
    given = ["train-builtin", "--pairs", captions, "--backbone", body, "--minilm", parts / "bert"]
    given += ["--batch", 16, "--held-out", 10, "--members", 2, "--head-epochs", 1]

    def train(*more: object) -> Result:
        done = CliRunner().invoke(main, [str(each) for each in (*given, *more)])
        assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
        return done

    first, out = ("--epochs", 1, "--out", tmp_path / "run"), tmp_path / "run" / "pair"
    done = train(*first)
    assert done.stdout == f"{out}\n" and "exported; cosine with torch" in done.stderr
    for member in ("head", "member-1", "member-2"):
        line = json.loads((tmp_path / "run" / member / "metrics.jsonl").read_text())
        assert line["step"] == 3 and {"en", "zh", "opinions", "en_t2p_r10"} <= line.keys()
    assert "members 2, en_t2p_r1 " in done.stderr
    encoder = open_builtin(out)
    assert encoder.encode_texts(["a red circle"]).shape == (1, 384)
    made = (out / "pair.json").read_bytes()
    assert "going on from step 3" in train(*first).stderr
    assert (out / "pair.json").read_bytes() == made
    joined = train(*first, "--members", 3)
    assert joined.stderr.count("going on from step 3") == 3 and "members 3, " in joined.stderr
    assert (out / "pair.json").read_bytes() != made
    with gzip.open(tmp_path / "more.gz", "wt", encoding="utf-8") as lines:
        lines.write("a dog runs\n")
    other = [*given, *first, "--sentences", tmp_path / "more.gz"]
    done = CliRunner().invoke(main, [str(each) for each in other])
    assert done.exit_code == 1 and "is of another data; train into another folder" in done.stderr


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"backbone": "junk.pth"}, "can't read EfficientNet-Lite2 from .*junk.pth"),
        ({"backbone": "nothing"}, "can't read EfficientNet-Lite2 from .*nothing"),
        ({"backbone": "another.pth"}, "not hold the weights of EfficientNet-Lite2"),
        ({"named": "junk.pth"}, "'.*junk.pth' must be a CSV with the columns image and caption"),
        ({"chinese": "pictures/captions.csv"}, "no captions with 'zh' in the column language"),
        ({"minilm": "nothing"}, "can't read all-MiniLM-L6-v2 from .*nothing"),
        ({}, "minilm' does not hold the weights of all-MiniLM-L6-v2"),
        ({"labelled": "junk.pth"}, "can't read pictures from .*junk.pth"),
        ({"minilm": "bert", "texts": "nothing"}, "the pair in .*nothing' can't be opened"),
        ({"sentences": "junk.pth"}, "can't read sentences from .*junk.pth"),
    ],
)
def test_parts_that_do_not_fit_are_named(
    refused: Refused, others: dict[str, str], message: str
) -> None:
    assert re.search(message, refused(**others))


def test_a_folder_of_something_else_is_left_alone(refused: Refused, tmp_path: Path) -> None:
    held = tmp_path / "mine"
    held.mkdir()
    (held / "thesis.txt").write_text("years of work")
    assert "holds 'thesis.txt' and is no folder of a training run" in refused(held)
    assert [each.name for each in held.iterdir() if each.suffix] == ["thesis.txt"]
    assert "can't train in" in refused(held / "thesis.txt")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told(parts: Path, tmp_path: Path) -> None:
    given = ["--pairs", parts / "pictures" / "captions.csv", "--out", tmp_path / "run"]
    given += ["--backbone", parts / "body.pth", "--minilm", parts / "minilm"]
    done = CliRunner().invoke(main, ["train-builtin", *map(str, given), "--device", "cuda"])
    assert done.exit_code == 1 and "torch finds no GPU here" in done.stderr
