"""Pairs that can be trained: the protocol of the backends, and the opening of a pair."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from torch import Tensor, device, nn

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.finetune.checks import untrainable
from indexer.training.finetune.plan import Loss, Method
from search.encoders.preparation import Preparation
from search.packages import plugins
from search.packages.editions import BUILTIN
from search.records import Space


class TrainablePair(Protocol):
    """Two towers in torch, on one device, and the files that an encoder opens them from."""

    @property
    def space(self) -> Space:
        """The identity of the pair before it is trained."""

    @property
    def preparation(self) -> Preparation:
        """The preparation of a picture for the picture tower."""

    @property
    def module(self) -> nn.Module:
        """Both towers and the scale of their cosines, with the parameter names used below."""

    @property
    def log_scale(self) -> nn.Parameter:
        """The logarithm of the scale that multiplies cosines in the loss."""

    @property
    def bias(self) -> nn.Parameter | None:
        """The bias added to the scaled cosines, where the pair was trained with SigLIP's loss."""

    @property
    def frozen_prefixes(self) -> tuple[str, ...]:
        """The prefixes of the names of parameters that no method trains."""

    @property
    def head(self) -> tuple[str, ...]:
        """The prefixes of the names of the last projections into the joint space and the scale."""

    @property
    def rates(self) -> Mapping[Method, float]:
        """The peak rate of each method that suits these towers."""

    @property
    def loss(self) -> Loss:
        """The loss that the pair was made with."""

    def run_frozen(self, pixels: Tensor) -> Tensor:
        """Run the frozen layers: (n, height, width, 3) uint8 -> the output of untrained layers."""

    def pictures(self, features: Tensor) -> Tensor:
        """Return the unit rows (n, width) float32 of `run_frozen`'s output, with gradients."""

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """Tokenise any n texts -> (n, length) int64; safe in another thread than the towers'."""

    def texts(self, tokens: Tensor) -> Tensor:
        """Embed (n, length) tokens -> (n, width) float32 unit rows, with gradients."""

    def write(
        self,
        folder: Path,
        description: Mapping[str, object],
        training_pairs: Sequence[CaptionedPicture],
    ) -> None:
        """Write the files of the pair as it now is, with a description, to a new folder.

        The description says how the pair was made, `training_pairs` is its training data.

        Raises:
            BadSetting: a package for writing them is not installed.
            StorageFailed: they can't be written.
        """

    def specification(self, folder: Path) -> str:
        """Return the specification that opens a written folder as an encoder, in every command."""


def open_trainable(spec: str, target: device) -> TrainablePair:
    """Open the pair that `spec` names to train it.

    Raises:
        BadSetting: `spec` is of no kind that can be trained.
        EncoderUnavailable: the pair can't be loaded.
    """
    if plugins.head(spec) == BUILTIN:
        from indexer.training.finetune.builtin_pair import open_builtin_pair

        return open_builtin_pair(spec, target)
    if spec.startswith("open_clip:"):
        from indexer.training.finetune.openclip_pair import open_openclip_pair

        return open_openclip_pair(spec, target)
    raise untrainable(spec)
