"""Pairs of the open_clip library: the encoder, and opening one by name."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.transformer import TextTransformer, text_global_pool

from search.encoders.fingerprint import space_id
from search.encoders.openclip.preprocess_cfg import preparation_of
from search.encoders.openclip.weights import CheckpointPair, load_pair, quiet
from search.encoders.preparation import Preparation
from search.encoders.text_limits import clip_text, longest_by_tokens
from search.errors import BadSetting
from search.records import Pixels, Space, Vectors

BATCH = 64
"""Pictures or texts at once: larger batches are no faster on a CPU, and this bounds memory."""

PROBES = (
    "a photo of a dog running on the beach, 2024",
    "Two PEOPLE don't sit; it's raining & cold!",
    "一只狗在沙滩上奔跑",
    "Ein Mädchen fährt Straßenbahn — naïve café",
    "собака на пляже 🐕🏖️",
    "犬が浜辺を走る كلب على الشاطئ",
    "",
)
"""Texts by whose tokens one tokenizer differs from another, in any storage format."""


@dataclass(frozen=True, slots=True)
class Tower:
    """A causal text tower, split so that it can run on fewer positions than it has."""

    module: Any
    pool: str
    end_id: int

    def ends(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return (n,): the position that pooling reads, in each row of (n, context) tokens."""
        if self.pool == "argmax":
            return tokens.argmax(dim=-1)
        return torch.eq(tokens, self.end_id).int().argmax(dim=-1)

    def encode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Compute open_clip 3.3's `encode_text` on (n, length) tokens, length <= context."""
        tower, length = self.module, tokens.shape[1]
        inputs = tower.token_embedding(tokens) + tower.positional_embedding[:length]
        states = tower.transformer(inputs, attn_mask=tower.attn_mask[:length, :length])
        states = tower.ln_final(states)
        features: torch.Tensor = text_global_pool(states, tokens, self.pool, self.end_id)
        if (projection := tower.text_projection) is None:
            return features
        if isinstance(projection, torch.nn.Linear):
            return torch.nn.functional.linear(features, projection.weight, projection.bias)
        return features.matmul(projection)


def causal_tower(model: Any) -> Tower | None:
    """Return the text tower of `model` where cutting its input is exact, else None.

    It is exact where a position sees only earlier ones and pooling reads the end-of-text token:
    tokens after that token then change nothing. SigLIP's towers see the padding, Hugging Face's
    see both directions, CoCa's read a token that is added at the very end.
    """
    if isinstance(model, open_clip.CLIP):
        tower, pool, end_id = model, model.text_pool_type, model.text_eos_id
    elif isinstance(getattr(model, "text", None), TextTransformer):
        tower, pool, end_id = model.text, model.text.pool_type, model.text.eos_id
    else:
        return None
    has_class_token = getattr(tower, "cls_emb", None) is not None
    if tower.attn_mask is None or has_class_token or pool not in ("argmax", "eos"):
        return None
    return Tower(tower, pool, end_id)


class OpenClipEncoder:
    """A pair of open_clip's, on one device. Safe to call from many threads."""

    def __init__(self, pair: CheckpointPair, device: torch.device) -> None:
        self._preparation = preparation_of(pair.model.visual.preprocess_cfg)
        self._tokenizer = pair.tokenizer
        # Hugging Face's tokenizers refuse two callers at once.
        self._tokenizer_lock = threading.Lock()
        self._context = int(pair.config["text_cfg"]["context_length"])
        parts = _identity(pair, self._preparation, self.tokens(PROBES).numpy())
        width = int(pair.config["embed_dim"])
        self._space = Space(space_id(pair.architecture, parts), pair.spec, width)
        self._device = device
        self._model = pair.model.to(device)
        self._tower = causal_tower(self._model)
        channels = (self._preparation.mean, self._preparation.std)
        self._mean, self._std = (torch.tensor(c, device=device).view(3, 1, 1) for c in channels)

    @property
    def space(self) -> Space:
        """Return the space of this pair."""
        return self._space

    @property
    def preparation(self) -> Preparation:
        """Return open_clip's preparation of pictures for these weights."""
        return self._preparation

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""

        def encode(rows: NDArray[np.intp]) -> torch.Tensor:
            batch = torch.tensor(pixels[rows], device=self._device)
            inputs = batch.permute(0, 3, 1, 2).float().div_(255).sub_(self._mean).div_(self._std)
            features: torch.Tensor = self._model.encode_image(inputs, normalize=False)
            return features

        return self._encode(np.arange(len(pixels)), encode)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0. Text past the tower's limit is cut."""
        if not texts:
            return np.empty((0, self._space.width), np.float32)
        tokens, tower = self.tokens(texts), self._tower
        if tower is None:

            def encode_whole(rows: NDArray[np.intp]) -> torch.Tensor:
                batch = tokens[rows].to(self._device)
                features: torch.Tensor = self._model.encode_text(batch, normalize=False)
                return features

            return self._encode(np.arange(len(texts)), encode_whole)
        ends = tower.ends(tokens).numpy()

        def encode_cut(rows: NDArray[np.intp]) -> torch.Tensor:
            return tower.encode(tokens[rows, : ends[rows].max() + 1].to(self._device))

        # Texts of like length together, so that a long one does not slow the short ones.
        return self._encode(np.argsort(ends, kind="stable"), encode_cut)

    def characters_read(self, text: str) -> int:
        """Return the number of a text's first characters that fit in the tower's limit."""
        return longest_by_tokens(text, self.tokens)

    def _encode(
        self, order: NDArray[np.intp], encode: Callable[[NDArray[np.intp]], torch.Tensor]
    ) -> Vectors:
        """Run `encode` over the rows in `order`, a batch at a time; answer in the rows' order."""
        vectors = np.empty((len(order), self._space.width), np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            with torch.inference_mode(), self._precision():
                features = encode(rows)
            unit = torch.nn.functional.normalize(features.float(), dim=-1)
            vectors[rows] = unit.cpu().numpy()
        return vectors

    def _precision(self) -> torch.autocast:
        # On AVX2 processors bfloat16 is emulated: measured eight times slower than float32.
        on_gpu = self._device.type == "cuda"
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=on_gpu)

    def tokens(self, texts: Sequence[str]) -> torch.Tensor:
        """Turn n texts into (n, context) int64; any text is valid."""
        clean = [clip_text(text, self._context) for text in texts]
        with self._tokenizer_lock:
            tokens: torch.Tensor = self._tokenizer(clean)
        return tokens


def open_openclip(spec: str, device: str = "auto") -> OpenClipEncoder:
    """Open `open_clip:ARCH/PRETRAINED` or `open_clip:ARCH@/path/to/checkpoint` on `device`.

    `device` is "auto", "cpu" or "cuda". Checkpoints are read as tensors alone: no code in
    them runs.

    Raises:
        BadSetting: no such architecture, weights or device.
        EncoderUnavailable: the weights are missing, damaged, another architecture's, or on an
            unreachable hub.
    """
    with quiet():
        target = torch_device(device)
        return OpenClipEncoder(load_pair(spec), target)


def torch_device(name: str) -> torch.device:
    """Return the device of "auto", "cpu" or "cuda"; raise BadSetting without it."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadSetting(
            "unknown-device", "unknown device {device!r}; it may be auto, cpu or cuda", device=name
        )
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise BadSetting(
            "cuda-missing-torch",
            "the device is 'cuda', but torch finds no GPU here; use auto or cpu",
        )
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


def _identity(
    pair: CheckpointPair, preparation: Preparation, tokens: NDArray[np.int64]
) -> Iterator[tuple[str, bytes | NDArray[Any]]]:
    """Yield everything that affects vectors: architecture, preprocessing, tokenizer, weights."""
    yield "architecture", json.dumps(pair.config, sort_keys=True).encode()
    yield "preparation", repr(preparation).encode()
    yield "tokenizer", tokens
    for name, tensor in sorted(pair.model.state_dict().items()):
        yield name, tensor.contiguous().numpy()
