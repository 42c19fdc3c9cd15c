"""One fine-tuning run from captioned pictures to an installed pair, for `limn train`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from indexer.captioned_pictures import CaptionedPicture, fingerprint, split
from indexer.training.data.album import collect
from indexer.training.finetune.batches import Batches
from indexer.training.finetune.checks import check_enough
from indexer.training.finetune.curves import draw_curves, write_metrics
from indexer.training.finetune.gate import InstalledPair, install
from indexer.training.finetune.loop import Fit
from indexer.training.finetune.methods import choose
from indexer.training.finetune.objective import Objective, TeacherVectors
from indexer.training.finetune.plan import FineTuneConfig, Method
from indexer.training.finetune.teacher import ask
from indexer.training.finetune.trainable import TrainablePair, open_trainable
from indexer.training.finetune.validate import InTraining, figures
from search.encoders import open_encoder
from search.encoders.onnx_pair.builtin import BuiltinEncoder
from search.encoders.openclip.encoder import torch_device
from search.errors import BadSetting
from search.packages.installing import install_extra
from search.pictures import Limits
from search.records import Device
from search.text.amounts import amount

MIN_HELD_OUT, MAX_HELD_OUT = 5, 500


@dataclass(frozen=True, slots=True)
class Machine:
    """The device, workers and limits of a run; none of them changes the result."""

    device: Device
    workers: int
    limits: Limits


def fine_tune(
    pairs: Sequence[CaptionedPicture],
    spec: str,
    method: Method,
    options: Mapping[str, Any],
    out: Path,
    machine: Machine,
    report: Callable[[str], None],
    anyway: bool = False,
) -> InstalledPair:
    """Train the pair `spec`, or resume the run in `out`; install a result that is no worse.

    `options` are the fields of `FineTuneConfig` that the user set; all others follow from pair and
    pictures.

    Raises:
        BadSource: there are too few pictures.
        BadSetting: these settings can't train the pair.
        TrainingStopped, NotInstalled, StorageFailed, EncoderUnavailable: as the parts say.
    """
    pair = open_trainable(spec, torch_device(machine.device))
    side_px = max(pair.preparation.width_px, pair.preparation.height_px)
    report(f"reading {amount(len(pairs), 'captioned picture')}")
    album = collect(pairs, out / "pictures", side_px, machine.limits, machine.workers)
    if album.unreadable:
        report(
            f"{len(album.unreadable):,} can't be read and are left out; "
            f"first: {album.unreadable[0]}"
        )
    plan = _plan(pair, method, options, len(album.pairs))
    training_pairs, holdout = (
        album.with_copies(part) for part in split(album.pairs, plan.held_out)
    )
    report(f"{amount(len(training_pairs), 'picture')} to train on, {len(holdout):,} held out")
    torch.manual_seed(plan.seed)  # LoRA's additions are drawn
    learners = choose(pair, method, plan.rank)
    data = fingerprint([*training_pairs, *holdout])
    with Batches(pair, training_pairs, plan, machine.workers) as batches:
        teacher = _teacher_vectors(
            plan, training_pairs, batches.texts, out, data, machine.device, report
        )
        objective = Objective(pair, plan, pair.space.width, teacher)
        identity = {"plan": asdict(plan), "set of pictures": data, "pair": pair.space.id}
        fit = Fit(pair, learners, objective, plan, out, identity)
        _train(fit, batches, InTraining(pair, plan.chunk), holdout, report)
    epoch = fit.take_best()
    learners.merge()
    description = {"from": pair.space.id, "data": data, "epoch": epoch, "plan": asdict(plan)}
    before = figures(open_encoder(spec, machine.device), holdout)
    return install(pair, out, training_pairs, holdout, before, machine.device, description, anyway)


def _plan(
    pair: TrainablePair, method: Method, options: Mapping[str, Any], pictures: int
) -> FineTuneConfig:
    check_enough(pictures)
    usual = {
        "loss": pair.loss,
        "rate": pair.rates[method],
        "held_out": min(MAX_HELD_OUT, max(MIN_HELD_OUT, pictures // 10)),
    }
    plan = FineTuneConfig(method=method, **{**usual, **options})
    if plan.loss == "sigmoid" and pair.bias is None:
        raise BadSetting(
            "encoder-without-bias",
            "{encoder} was not trained with the sigmoid loss and has no bias for it; "
            "use --loss softmax",
            encoder=pair.space.encoder,
        )
    check_enough(pictures, plan.held_out)
    return plan


def _teacher_vectors(
    plan: FineTuneConfig,
    pictures: Sequence[CaptionedPicture],
    texts: Sequence[str],
    out: Path,
    data: str,
    device: Device,
    report: Callable[[str], None],
) -> TeacherVectors | None:
    if plan.teacher is None:
        return None
    report(f"asking the teacher {plan.teacher} about {amount(len(pictures), 'picture')}")
    teacher = open_encoder(plan.teacher, device)
    if isinstance(teacher, BuiltinEncoder):
        teacher = replace(teacher, querybank=None)  # towers learn from towers
    return ask(teacher, pictures, texts, out, data)


def _train(
    fit: Fit,
    batches: Batches,
    encoder: InTraining,
    holdout: Sequence[CaptionedPicture],
    report: Callable[[str], None],
) -> None:
    if fit.resume():
        report(f"going on from step {fit.step}")
    for record in fit.epochs(batches, lambda: figures(encoder, holdout), report):
        write_metrics(fit.records, fit.folder)
        losses = "".join(f", {name} {value:.4g}" for name, value in record["losses"].items())
        report(f"epoch {record['epoch']}{losses}, held-out recall {record['recall']['mean']:.1%}")
    write_metrics(fit.records, fit.folder)
    if not draw_curves(fit.records, fit.folder):
        report(f"no curves.png: matplotlib is not here; {install_extra('train')}")
    if fit.waited_in_vain():
        report(
            f"stopped early: {amount(fit.plan.patience, 'epoch')} without a better held-out recall"
        )
