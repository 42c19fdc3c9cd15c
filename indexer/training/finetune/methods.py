"""Training methods: all weights, low-rank additions to them, or the last projections.

LoRA: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", with peft.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from indexer.training.finetune.plan import Method
from indexer.training.finetune.trainable import TrainablePair
from search.encoders.openclip.weights import quiet
from search.errors import BadSetting
from search.packages.installing import install_extra


@dataclass(frozen=True, slots=True)
class Learners:
    """The parameters that learn, by name, and the function that makes the pair plain again."""

    parameters: dict[str, nn.Parameter]
    merge: Callable[[], None]


def choose(pair: TrainablePair, method: Method, rank: int) -> Learners:
    """Let the method's parameters learn and no others; "lora" adds some to the pair's module.

    Raises:
        BadSetting: the method does not fit the pair, or a package for it is not installed.
    """
    pair.module.requires_grad_(False)
    parameters = {
        name: parameter
        for name, parameter in pair.module.named_parameters()
        if not name.startswith(pair.frozen_prefixes)
    }
    if method == "lora":
        return _add_lora(pair, rank)
    if method == "head":
        parameters = {name: each for name, each in parameters.items() if name.startswith(pair.head)}
        if not any(each.ndim > 1 for each in parameters.values()):
            raise BadSetting(
                "encoder-without-projection",
                "{encoder} has no projection that could learn alone; choose --method lora or full",
                encoder=pair.space.encoder,
            )
    for parameter in parameters.values():
        parameter.requires_grad_(True)
    return Learners(parameters, lambda: None)


def _add_lora(pair: TrainablePair, rank: int) -> Learners:
    try:
        import peft
    except ImportError as error:
        raise BadSetting(
            "package-missing-peft",
            "--method lora needs peft: {install}",
            install=install_extra("train"),
        ) from error
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=_targets(pair))
    try:
        with quiet():
            tuner = peft.LoraModel(pair.module, config, "default")
    except (ValueError, TypeError, NotImplementedError) as error:
        raise BadSetting(
            "lora-unsupported",
            "peft can't add to a layer of {encoder} ({error}); choose --method head or full",
            encoder=pair.space.encoder,
            error=error,
        ) from error
    scale = [pair.log_scale] if pair.bias is None else [pair.log_scale, pair.bias]
    for parameter in scale:
        parameter.requires_grad_(True)
    learning = {
        name: parameter
        for name, parameter in pair.module.named_parameters()
        if parameter.requires_grad
    }
    return Learners(learning, lambda: tuner.merge_and_unload(progressbar=False))


def _targets(pair: TrainablePair) -> list[str]:
    """Return the names of all layers that are matrix products, with attention as one layer."""
    names: list[str] = []
    within: tuple[str, ...] = ()
    for name, layer in pair.module.named_modules():
        if f"{name}.".startswith((*pair.frozen_prefixes, *within)):
            continue
        if isinstance(layer, nn.MultiheadAttention):  # adapts its inner projection by itself
            within = (*within, f"{name}.")
            if layer._qkv_same_embed_dim:  # peft supports no other, as an example CoCa's pooler
                names.append(name)
        elif isinstance(layer, nn.Linear) or _multiplies(layer):
            names.append(name)
    return names


def _multiplies(layer: nn.Module) -> bool:
    """Return whether a convolution is a matrix product; peft can't add to subclasses like ours."""
    return type(layer) is nn.Conv2d and layer.kernel_size == (1, 1) and layer.groups == 1
