"""Pairs that can be trained: the protocol that the backends share, and how one is opened."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from torch import Tensor, device, nn

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.finetune.checks import untrainable
from indexer.training.finetune.plan import Loss, Method
from search.encoders.preparation import Preparation
from search.records import Space


class TrainablePair(Protocol):
    """Two towers in torch, on one device, and the files that an encoder opens them from."""

    @property
    def space(self) -> Space:
        """The identity of the pair before it is trained."""

    @property
    def preparation(self) -> Preparation:
        """How a picture becomes the picture tower's input."""

    @property
    def module(self) -> nn.Module:
        """Both towers and the scale of their cosines; its parameters' names are used below."""

    @property
    def log_scale(self) -> nn.Parameter:
        """The logarithm of what cosines are multiplied by in the loss."""

    @property
    def bias(self) -> nn.Parameter | None:
        """What is added to them, where the pair was trained with SigLIP's loss."""

    @property
    def fixed(self) -> tuple[str, ...]:
        """How the names of parameters begin that no method trains."""

    @property
    def head(self) -> tuple[str, ...]:
        """How the names begin of the last projections into the joint space, and of the scale."""

    @property
    def rates(self) -> Mapping[Method, float]:
        """The peak rate of each method that suits these towers."""

    @property
    def loss(self) -> Loss:
        """The loss that the pair was made with."""

    def seen(self, pixels: Tensor) -> Tensor:
        """(n, height, width, 3) uint8 -> what the layers that no method trains make of them."""

    def pictures(self, seen: Tensor) -> Tensor:
        """Return the unit rows (n, width) float32 of what `seen` gave, with gradients."""

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """Any n texts -> (n, length) int64; safe beside the towers, in another thread."""

    def texts(self, tokens: Tensor) -> Tensor:
        """(n, length) tokens -> (n, width) float32 unit rows, with gradients."""

    def write(
        self, folder: Path, told: Mapping[str, object], taught: Sequence[CaptionedPicture]
    ) -> None:
        """Write the files of the pair as it now is to a new folder; `told` says how it was made,
        `taught` what it was trained on.

        Raises:
            BadSetting: what writes them is not installed.
            StorageFailed: they can't be written.
        """

    def specification(self, folder: Path) -> str:
        """Return what opens such a folder as an encoder, in every command."""


def open_trainable(spec: str, target: device) -> TrainablePair:
    """Open the pair that `spec` names to train it.

    Raises:
        BadSetting: `spec` is of no kind that can be trained.
        EncoderUnavailable: the pair can't be loaded.
    """
    if spec == "builtin" or spec.startswith("builtin@"):
        from indexer.training.finetune.builtin_pair import open_builtin_pair

        return open_builtin_pair(spec, target)
    if spec.startswith("open_clip:"):
        from indexer.training.finetune.openclip_pair import open_openclip_pair

        return open_openclip_pair(spec, target)
    raise untrainable(spec)
