"""`limn train`: fine-tune an encoder pair on one's own captioned pictures."""

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.captioned_pictures import CaptionedPicture, read_pairs
from indexer.cli.ending import end_in_order
from indexer.training.data.collection import from_collection
from indexer.training.finetune.checks import check_enough, check_trainable
from indexer.training.run_folder import claim
from search.cli.waiting import announce_wait
from search.encoders.checks import check_encoder
from search.errors import BadSetting, shell_word
from search.pictures import Limits
from search.settings import DEVICES, Settings
from search.text.amounts import amount
from search.text.path_names import user_path
from search.text.printable import printable

if TYPE_CHECKING:
    from indexer.training.finetune.gate import InstalledPair

METHODS = ("full", "lora", "head")

STOPPED = "stopped; run the same command again to go on"


@click.command()
@click.option("--collection", "-c", "name", help="Train on the captioned pictures of a collection.")
@click.option(
    "--pairs",
    "captions",
    type=click.Path(path_type=Path),
    help="Train on a CSV with the columns image, caption and, if known, language and kind.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="With --pairs: folder of the pictures; by default images/ beside the CSV, or its folder.",
)
@click.option(
    "--from",
    "spec",
    default="builtin",
    show_default=True,
    help="The pair to start from: builtin, or open_clip:...",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="full",
    show_default=True,
    help="What learns: every weight, low-rank additions, or the last projections.",
)
@click.option(
    "--teacher", help="An encoder to stay near while learning, such as open_clip:ARCH/PRETRAINED."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--from-feedback",
    "from_feedback",
    is_flag=True,
    help="Learn from marks how words are meant: in seconds, without a folder or a new index.",
)
@click.option("--epochs", type=click.IntRange(1), default=10, show_default=True)
@click.option(
    "--batch", type=click.IntRange(2), default=128, show_default=True, help="Pictures in one loss."
)
@click.option(
    "--chunk",
    type=click.IntRange(1),
    default=32,
    show_default=True,
    help="Pictures in memory at once; the gradients are those of the whole batch.",
)
@click.option(
    "--captions",
    "draws",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Captions drawn for a picture at each step.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True),
    help="Peak learning rate.  [default: by method]",
)
@click.option(
    "--loss",
    type=click.Choice(["softmax", "sigmoid"]),
    help="CLIP's loss or SigLIP's.  [default: the pair's own]",
)
@click.option(
    "--held-out",
    type=click.IntRange(2),
    help="Pictures kept back to decide by.  [default: a tenth, 5 to 500]",
)
@click.option(
    "--patience",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Stop after so many epochs without a better held-out recall.",
)
@click.option("--rank", type=click.IntRange(1), default=8, show_default=True, help="LoRA's rank.")
@click.option("--augment/--no-augment", default=True, help="Crop, mirror and tint the pictures.")
@click.option("--seed", type=int, default=17, show_default=True)
@click.option("--device", type=click.Choice(DEVICES), help="[default: LIMN_DEVICE, or auto]")
@click.option(
    "--install-anyway", "anyway", is_flag=True, help="Install a pair that finds pictures worse."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def train(
    name: str | None,
    captions: Path | None,
    images: Path | None,
    spec: str,
    method: Any,
    out: Path | None,
    from_feedback: bool,
    draws: int,
    device: Any,
    anyway: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Fine-tune an encoder pair on captioned pictures, and install it where it finds them better.

    Interrupted, the same command goes on. OUT then holds checkpoint.pt, metrics.jsonl, curves.png
    and the folder pair/, which every command takes as an encoder; its name is printed.

    \b
    limn train --collection pictures --out runs/mine
    limn index ~/Pictures --collection mine --encoder builtin@runs/mine/pair
    limn train --from-feedback --collection pictures
    """
    end_in_order(STOPPED)
    settings = Settings.from_environment()
    if from_feedback:
        _learn(settings, name, captions, anyway, as_json)
        return
    if out is None:
        raise BadSetting("out-folder-needed", "name the folder of the run: --out DIR")
    check_trainable(spec, method)
    if options["teacher"] is not None:
        check_encoder(options["teacher"])
    if name is not None and captions is None:
        source, (pairs, folder) = name, _collection_pairs(settings, name)
    elif captions is not None and name is None:
        source, (pairs, folder) = str(user_path(captions)), _csv_pairs(user_path(captions), images)
    else:
        raise BadSetting(
            "training-pictures-needed",
            "name the pictures to train on: either --collection NAME or --pairs FILE",
        )
    check_enough(len(pairs), options["held_out"])
    overrides = {key: value for key, value in options.items() if value is not None}
    overrides = {**overrides, "captions": draws}
    whose = {"pictures": source, "from": spec, "method": method, **overrides}

    try:
        with claim(user_path(out), whose):
            with announce_wait("loading torch"):  # only after the options are checked
                from indexer.training.finetune.run import Machine, fine_tune
                from search.malloc import keep_freed_memory

            keep_freed_memory()
            limits = Limits(settings.max_pixels)
            machine = Machine(device or settings.device, settings.workers, limits)
            done = fine_tune(
                pairs, spec, method, overrides, user_path(out), machine, _report, anyway=anyway
            )
    except KeyboardInterrupt:
        click.echo(STOPPED, err=True)
        sys.exit(1)
    _print(done, as_json, _hint(done, name, folder))


def _learn(
    settings: Settings, name: str | None, captions: Path | None, anyway: bool, as_json: bool
) -> None:
    """Train a collection's adapter on the marks that are kept."""
    from indexer.training.adapter.gate import train_adapter
    from search.bootstrap import open_engine

    if name is None or captions is not None:
        raise BadSetting(
            "marks-need-collection",
            "marks are of a collection's pictures: name it with --collection NAME",
        )
    with open_engine(settings) as engine:
        done = train_adapter(engine, name, anyway)
    if as_json:
        click.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    questions = amount(done.trained, "question")
    _report(f"trained on {questions}, {done.held_out:,} held out to decide by")
    _report(f"found within the first 10 before: {done.before}; after: {done.after}")
    undo = f"limn adapter off {shell_word(name)}"
    click.echo(f"{name} is searched with the adapter from now on; {undo}")


def _collection_pairs(settings: Settings, name: str) -> tuple[list[CaptionedPicture], Path]:
    """Return a collection's captioned pictures, and a folder that it was indexed from."""
    from search.bootstrap import open_engine

    with open_engine(settings) as engine:
        pairs, absent = from_collection(engine.catalog, name)
        folder = min(engine.catalog.jobs.sources(name), default=pairs[0].path.parent)
    if absent:
        one = "captioned picture is left out: its file is gone"
        _report(amount(absent, one, "captioned pictures are left out: their files are gone"))
    return pairs, folder


def _csv_pairs(captions: Path, images: Path | None) -> tuple[list[CaptionedPicture], Path]:
    pairs = read_pairs(captions, images)
    return pairs, pairs[0].path.parent


def _report(line: str) -> None:
    click.echo(printable(line), err=True)


def _hint(done: "InstalledPair", name: str | None, folder: Path) -> str:
    words = ["limn", "index", str(folder), "--collection", f"{name or folder.name}-tuned"]
    return shlex.join([*words, "--encoder", done.space.encoder])


def _print(done: "InstalledPair", as_json: bool, hint: str) -> None:
    if as_json:
        click.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    from indexer.training.finetune.validate import format_comparison

    _report(format_comparison(done.before, done.after, done.pictures))
    _report(f"index with it: {hint}")
    click.echo(done.space.encoder)
