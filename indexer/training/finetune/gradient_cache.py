"""One step's gradients, with memory for a chunk of its batch at a time.

Source: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"
(GradCache): the gradients are those of the whole batch, for one more forward pass.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from indexer.training.finetune.batches import Batch
from indexer.training.finetune.objective import Objective
from indexer.training.finetune.trainable import TrainablePair

Tower = Callable[[Tensor], Tensor]


def accumulate_gradients(
    pair: TrainablePair, objective: Objective, batch: Batch, chunk: int, seed: tuple[int, int]
) -> dict[str, float]:
    """Add a batch's gradients to the trained parameters, and return its losses by name.

    `seed` is the run's and the step's: dropout is the same in both passes over a chunk. Where a
    loss is not finite nothing is added.
    """
    device = pair.log_scale.device
    towers: list[tuple[Tower, Tensor]] = [
        (pair.pictures, _run_frozen(pair, batch.pixels, chunk, device)),
        (pair.texts, batch.tokens.to(device)),
    ]
    whole = all(len(inputs) <= chunk for _, inputs in towers)
    with torch.set_grad_enabled(whole):
        features = [
            torch.cat([rows for _, rows in _chunks(tower, inputs, chunk, (*seed, side))])
            for side, (tower, inputs) in enumerate(towers)
        ]
    if not whole:
        features = [each.requires_grad_() for each in features]
    losses = objective(*features, batch)
    values = {name: float(loss.detach()) for name, loss in losses.items()}
    if not np.isfinite(list(values.values())).all():
        return values
    torch.autograd.backward(torch.stack(list(losses.values())).sum())
    for side, (tower, inputs) in enumerate(() if whole else towers):
        gradients = features[side].grad
        assert gradients is not None  # every loss uses both sides
        for start, rows in _chunks(tower, inputs, chunk, (*seed, side)):
            if rows.requires_grad:
                torch.autograd.backward(rows, gradients[start : start + chunk])
    return values


def _run_frozen(pair: TrainablePair, pixels: Tensor, chunk: int, device: torch.device) -> Tensor:
    """Return the output of the frozen layers, computed once instead of once a pass."""
    return torch.cat(
        [
            pair.run_frozen(pixels[start : start + chunk].to(device))
            for start in range(0, len(pixels), chunk)
        ]
    )


def _chunks(
    tower: Tower, inputs: Tensor, chunk: int, seed: tuple[int, ...]
) -> Iterator[tuple[int, Tensor]]:
    for start in range(0, len(inputs), chunk):
        torch.manual_seed(int(np.random.SeedSequence((*seed, start)).generate_state(1)[0]))
        with _precision(inputs.device):
            rows = tower(inputs[start : start + chunk])
        yield start, rows


def _precision(device: torch.device) -> torch.autocast:
    """Return bfloat16 on GPUs that have it, which needs no scaled loss; float32 elsewhere.

    On CPUs without AMX bfloat16 is emulated: measured eight times slower than float32.
    """
    fit = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fit)
