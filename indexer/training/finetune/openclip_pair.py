"""open_clip's pairs in their form for training: towers, scale and files."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from open_clip.constants import HF_CONFIG_NAME, HF_SAFE_WEIGHTS_NAME
from open_clip.push_to_hf_hub import save_config_for_hf
from open_clip.tokenizer import HFTokenizer
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.finetune.plan import Loss, Method
from indexer.training.run_folder import pair_unwritable
from search.encoders.openclip.encoder import OpenClipEncoder, causal_tower
from search.encoders.openclip.weights import CheckpointPair, load_pair, quiet
from search.encoders.preparation import Preparation
from search.records import Space

PICTURE_HEADS = (
    "visual.proj",
    "visual.head.",
    "visual.attnpool.",
    "visual.trunk.attn_pool.",
    "visual.trunk.head.",
)
TEXT_HEADS = ("text_projection", "text.text_projection", "text.proj.")
SCALE = ("logit_scale", "logit_bias")


class OpenClipPair:
    """A pair of open_clip's on one device."""

    frozen_prefixes: tuple[str, ...] = ()
    head = (*PICTURE_HEADS, *TEXT_HEADS, *SCALE)
    rates: Mapping[Method, float] = {"full": 1e-5, "lora": 2e-4, "head": 5e-4}
    """Full: the rate of open_clip's own fine-tuning; the others move fewer weights further."""

    def __init__(self, pair: CheckpointPair, target: torch.device) -> None:
        self._pair = pair
        self._encoder = OpenClipEncoder(pair, target)  # for its tokens and its space
        self.module: nn.Module = pair.model
        self._model: Any = pair.model
        self._tower = causal_tower(self._model)
        channels = (self.preparation.mean, self.preparation.std)
        self._mean, self._std = (torch.tensor(c, device=target).view(3, 1, 1) for c in channels)

    @property
    def space(self) -> Space:
        """Return the space of the encoder that the pair came from."""
        return self._encoder.space

    @property
    def preparation(self) -> Preparation:
        """Return open_clip's preparation for this pair."""
        return self._encoder.preparation

    @property
    def log_scale(self) -> nn.Parameter:
        """Return open_clip's `logit_scale`."""
        scale: nn.Parameter = self._model.logit_scale
        return scale

    @property
    def bias(self) -> nn.Parameter | None:
        """Return open_clip's `logit_bias`, or None."""
        bias: nn.Parameter | None = self._model.logit_bias
        return bias

    @property
    def loss(self) -> Loss:
        """Return the loss: only pairs made with SigLIP's have a bias."""
        return "softmax" if self.bias is None else "sigmoid"

    def run_frozen(self, pixels: Tensor) -> Tensor:
        """Return the pixels (n, h, w, 3) uint8 unchanged: `pictures` normalises them."""
        return pixels  # a quarter of the memory that their float32 would take

    def pictures(self, features: Tensor) -> Tensor:
        """Normalise and embed (n, h, w, 3) uint8 -> (n, width) unit rows."""
        inputs = features.permute(0, 3, 1, 2).float().div(255).sub(self._mean).div(self._std)
        return _unit(self._model.encode_image(inputs, normalize=False))

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """Tokenise n texts -> (n, context length) int64."""
        return self._encoder.tokens(texts)

    def texts(self, tokens: Tensor) -> Tensor:
        """Embed tokens, in a causal tower without the padding -> (n, width) unit rows."""
        if self._tower is None:
            return _unit(self._model.encode_text(tokens, normalize=False))
        # Padding after the end of a text changes nothing in a causal tower, and costs time.
        longest = int(self._tower.ends(tokens).max()) + 1
        return _unit(self._tower.encode(tokens[:, :longest]))

    def write(
        self,
        folder: Path,
        description: Mapping[str, object],
        training_pairs: Sequence[CaptionedPicture],
    ) -> None:
        """Write the files in open_clip's layout of a hub repository."""
        weights = {
            name: tensor.detach().cpu().contiguous()
            for name, tensor in self._model.state_dict().items()
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save_file(weights, folder / HF_SAFE_WEIGHTS_NAME)
            save_config_for_hf(self._model, folder / HF_CONFIG_NAME, self._pair.config)
            shutil.copymode(folder / HF_CONFIG_NAME, folder / HF_SAFE_WEIGHTS_NAME)  # was 0600
            if isinstance(self._pair.tokenizer, HFTokenizer):
                self._pair.tokenizer.save_pretrained(str(folder))
        except (OSError, SafetensorError) as error:
            raise pair_unwritable(folder, error) from error

    def specification(self, folder: Path) -> str:
        """Return the architecture and tag, `@` and the folder's absolute path."""
        # The tag stays, because it determines the preparation of pictures and the activation.
        return f"{self._pair.spec.partition('@')[0]}@{folder.absolute()}"


def _unit(features: Tensor) -> Tensor:
    return functional.normalize(features.float(), dim=-1)


def open_openclip_pair(spec: str, target: torch.device) -> OpenClipPair:
    """Open `open_clip:...` to train it, as `search.encoders.openclip` opens it to search.

    Raises:
        BadSetting, EncoderUnavailable: as `load_pair` does.
    """
    with quiet():
        return OpenClipPair(load_pair(spec), target)
