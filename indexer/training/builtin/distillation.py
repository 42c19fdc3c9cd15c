"""Distillation into the pair, to retain words and things that the pictures do not show.

A teacher gives the meaning of sentences and words; a classifier gives the classes of each picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from indexer.training.builtin.examples import TokenIds
from indexer.training.builtin.picture_tower import PictureTower
from indexer.training.builtin.views import Views

Teach = Callable[[list[str]], NDArray[np.float32]]

SENTENCES = 24
"""Sentences drawn from each pool at each step."""

JUDGED = 24
"""Pictures of a batch that are classified at each step, and the number of classes of each."""
CLASSES = 3


@dataclass(frozen=True, slots=True)
class Pool:
    """Sentences and the teacher's embeddings of their meaning, row by row."""

    ids: list[TokenIds]
    teacher: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Pools of sentences; prompts of a classifier's classes; its logits (pictures, classes)."""

    pools: list[Pool] = field(default_factory=list)
    prompts: list[TokenIds] = field(default_factory=list)
    opinions: NDArray[np.float16] | None = None

    def sentences(self, draw: np.random.Generator) -> tuple[list[TokenIds], NDArray[np.float32]]:
        """Return some sentences of every pool, and the teacher's rows for them."""
        ids: list[TokenIds] = []
        rows = [np.empty((0, 384), np.float32)]
        for pool in self.pools:
            sample = draw.integers(len(pool.ids), size=SENTENCES)
            ids += [pool.ids[place] for place in sample]
            rows.append(pool.teacher[sample])
        return ids, np.concatenate(rows)

    def class_prompts(self, places: NDArray[np.int64]) -> tuple[list[TokenIds], Tensor]:
        """Return prompts of the likeliest classes of pictures at `places`, and logits (n, c)."""
        if self.opinions is None or not len(places):
            return [], torch.empty(0)
        opinions = self.opinions[places]
        classes = np.unique(np.argsort(-opinions, axis=1)[:, :CLASSES])
        prompts = [self.prompts[number] for number in classes]
        return prompts, torch.from_numpy(opinions[:, classes]).float()


def word_pool(
    words: Sequence[tuple[str, str]], tokenizers: Sequence[Tokenizer], teach: Teach
) -> Pool:
    """Return Chinese words and phrases whose English meaning the teacher knows."""
    english = [text for word, _ in words for text in (word, f"a photo of a {word}")]
    chinese = [text for _, word in words for text in (word, f"一张{word}的照片")]
    vectors = teach(english)
    ids = [tokenizer.encode(text).ids for tokenizer in tokenizers for text in chinese]
    return Pool(ids, np.concatenate([vectors] * len(tokenizers)))


def sentence_pool(sentences: list[str], tokenizer: Tokenizer, teach: Teach) -> Pool:
    """Return a pool of English sentences without pictures."""
    return Pool([tokenizer.encode(sentence).ids for sentence in sentences], teach(sentences))


@torch.no_grad()
def opinions_of(
    tower: PictureTower, head: tuple[Tensor, Tensor], views: Views
) -> NDArray[np.float16]:
    """Return the ImageNet classifier's logits of each whole picture, (pictures, 1000).

    `tower` still has ImageNet's body; `head` is the classifier's weights (1001, 1280, 1, 1) and
    biases; class 0, the background, is left out.
    """
    logits = []
    for start in range(0, len(views), 128):
        pixels = views.plain(np.arange(start, min(len(views), start + 128)))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            for stage in tower.body:
                pixels = stage(pixels)
        features = pixels.float().mean((2, 3))
        logits.append((features @ head[0].flatten(1).T + head[1])[:, 1:].half().numpy())
    return np.concatenate(logits)
