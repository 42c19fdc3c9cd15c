"""The built-in pair, or one trained from it, in its form for training: torch towers, ONNX files."""

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.finetune.plan import Loss, Method
from indexer.training.run_folder import pair_unwritable
from search.encoders.onnx_pair.builtin import open_builtin, pair_folder
from search.encoders.preparation import Preparation
from search.encoders.text_limits import encodable
from search.errors import BadSetting
from search.packages.installing import install_extra
from search.records import Space

KEPT_FACTS = ("format", "name", "languages", "positions")


class BuiltinPair:
    """Limn's own towers on one device; the first blocks keep their ImageNet weights."""

    head = (
        "pictures.pool.",
        "pictures.project.",
        "pictures.attend.",
        "pictures.earlier.",
        "texts.project.",
        "log_scale",
    )
    rates: Mapping[Method, float] = {"full": 1e-4, "lora": 1e-3, "head": 1e-3}
    """Full: the recipe's rate of its text tower, under half that of the picture tower."""

    bias: nn.Parameter | None = None
    loss: Loss = "softmax"

    def __init__(self, folder: Path, target: torch.device) -> None:
        from indexer.training.builtin.load import load_pair

        encoder = open_builtin(folder)
        self.space: Space = encoder.space
        self.preparation: Preparation = encoder.preparation
        self._tokenizer, self._querybank = encoder.tokenizer, encoder.querybank
        self._facts = json.loads((folder / "pair.json").read_bytes())
        self._pair = load_pair(folder, dropout=0.1).pair.to(target)
        parameters = self._pair.named_parameters()
        frozen = {name for name, each in parameters if not each.requires_grad}
        self.frozen_prefixes = tuple(sorted({f"{name.rpartition('.')[0]}." for name in frozen}))
        self.module: nn.Module = self._pair
        self._target = target

    @property
    def log_scale(self) -> nn.Parameter:
        """Return the logarithm of the scale, a parameter of the pair."""
        return self._pair.log_scale

    def run_frozen(self, pixels: Tensor) -> Tensor:
        """Run the first blocks: (n, h, w, 3) uint8 -> (n, c, h', w')."""
        tower = self._pair.pictures
        # No backward pass follows: use the faster forward one.
        tower.body[: tower.frozen_blocks].eval()
        with torch.no_grad():
            return tower.lower(pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1.0))

    def pictures(self, features: Tensor) -> Tensor:
        """Embed the first blocks' activations (n, c, h', w') -> (n, width) unit rows."""
        return self._pair.pictures.upper(features)

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """Tokenise n texts -> (n, longest) int64; 0 pads."""
        ids = [
            encoding.ids
            for encoding in self._tokenizer.encode_batch([encodable(text) for text in texts])
        ]
        batch = np.zeros((len(ids), max(map(len, ids), default=0)), np.int64)
        for row, sentence in enumerate(ids):
            batch[row, : len(sentence)] = sentence
        return torch.from_numpy(batch)

    def texts(self, tokens: Tensor) -> Tensor:
        """Embed tokens, up to the longest text's end -> (n, width) unit rows."""
        longest = int((tokens != 0).sum(1).max())
        vectors: Tensor = self._pair.texts(tokens[:, :longest])
        return vectors

    def write(
        self,
        folder: Path,
        description: Mapping[str, object],
        training_pairs: Sequence[CaptionedPicture],
    ) -> None:
        """Write the files of a pair, with a querybank of its training data."""
        from indexer.training.builtin.export import export
        from indexer.training.builtin.querybank import add_querybank

        facts = {name: self._facts[name] for name in KEPT_FACTS if name in self._facts}
        try:
            facts = {**facts, "training": dict(description)}
            export(
                self._pair, self._tokenizer, folder, facts, tiny=False, preparation=self.preparation
            )
            add_querybank(folder, training_pairs, self._querybank)
        except OSError as error:
            raise pair_unwritable(folder, error) from error
        finally:
            self._pair.to(self._target)

    def specification(self, folder: Path) -> str:
        """Return `builtin@` and the folder's absolute path."""
        return f"builtin@{folder.absolute()}"


def open_builtin_pair(spec: str, target: torch.device) -> BuiltinPair:
    """Open an edition of the built-in pair, or `builtin@/path/to/pair`, to train it.

    Raises:
        BadSetting: the package that reads and writes its files is not installed.
        EncoderUnavailable: a file is missing or damaged.
    """
    if importlib.util.find_spec("onnx") is None:
        raise BadSetting(
            "package-missing-onnx-training",
            "training the built-in pair needs onnx: {install}",
            install=install_extra("train"),
        )
    return BuiltinPair(pair_folder(spec), target)
