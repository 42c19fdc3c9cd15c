"""Recall on held-out pictures: of a pair in training, and of its written files."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.metrics import best_ranks, summary
from indexer.evaluation.report import embedded_pictures, embedded_texts
from indexer.training.finetune.gradient_cache import Tower
from indexer.training.finetune.trainable import TrainablePair
from search.encoders import Encoder
from search.encoders.preparation import Preparation
from search.encoders.text_limits import longest_by_tokens
from search.records import Pixels, Space, Vectors

Figures = dict[str, float]
"""Figures by name, for example "en_t2p_r10"; 0..1; "mean" is the mean of the others."""


@dataclass(frozen=True, slots=True)
class InTraining:
    """A pair in training as an encoder: whole and without dropout while it embeds."""

    pair: TrainablePair
    chunk: int

    @property
    def space(self) -> Space:
        """The space of the pair before training."""
        return self.pair.space

    @property
    def preparation(self) -> Preparation:
        """The pair's preparation of pictures."""
        return self.pair.preparation

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 -> (n, width)."""
        return self._embed(torch.from_numpy(pixels), self._embed_pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width)."""
        return self._embed(self.pair.tokens(texts), self.pair.texts)

    def characters_read(self, text: str) -> int:
        """Return the number of characters, from the first, that fit the tower's limit."""
        return longest_by_tokens(text, self.pair.tokens)

    def _embed_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.pair.pictures(self.pair.run_frozen(pixels))

    def _embed(self, inputs: torch.Tensor, tower: Tower) -> Vectors:
        device = self.pair.log_scale.device
        self.pair.module.eval()
        with torch.no_grad():
            parts = [
                tower(inputs[start : start + self.chunk].to(device)).cpu().numpy()
                for start in range(0, len(inputs), self.chunk)
            ]
        return np.concatenate(parts)


def figures(encoder: Encoder, pairs: Sequence[CaptionedPicture]) -> Figures:
    """Return Recall@1, @5 and @10 among the held-out pictures and their mean.

    Both ways, per language. Where several pictures have the same caption, as an example a class's
    name, each is a right answer to it, as in training. The mean over cuts and directions is the
    field's one-number summary ("mR").
    """
    pictures = embedded_pictures(encoder, pairs)
    recalls: Figures = {}
    for language in sorted({language for pair in pairs for language in pair.captions}):
        captions = [set(pair.captions.get(language, ())) for pair in pairs]
        texts = sorted(set().union(*captions))
        right = np.array([[text in own for own in captions] for text in texts])
        similarities = embedded_texts(encoder, texts) @ pictures.T
        has_text = right.any(0)
        ways = {
            "t2p": best_ranks(similarities, right),
            "p2t": best_ranks(similarities.T[has_text], right.T[has_text]),
        }
        recalls |= {
            f"{language}_{way}_r{k}": summary(ranks)[f"recall@{k}"]
            for way, ranks in ways.items()
            for k in (1, 5, 10)
        }
    return {**recalls, "mean": fmean(recalls.values())}


def format_comparison(before: Figures, after: Figures, pictures: int) -> str:
    """Return both figures as a table in per cent."""
    lines = [f"{f'recall on {pictures} held-out pictures, %':42}{'before':>8}{'after':>8}"]
    lines += [f"{name:42}{100 * before[name]:8.1f}{100 * after[name]:8.1f}" for name in before]
    return "\n".join(lines)
