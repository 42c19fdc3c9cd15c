"""Distillation into the pair, to retain words and things that the pictures do not show.

A teacher gives the meaning of sentences and words; a classifier gives the classes of each picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from indexer.training.builtin.classes import ClassTexts, DrawnClasses
from indexer.training.builtin.examples import Teach, TokenIds

SENTENCES = 24
"""Sentences drawn from each pool at each step."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Sentences and the teacher's embeddings of their meaning, row by row."""

    ids: list[TokenIds]
    teacher: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Pools of sentences; a classifier's classes by name, and its logits (pictures, classes)."""

    pools: list[Pool] = field(default_factory=list)
    classes: ClassTexts | None = None
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

    def draw_classes(
        self, places: NDArray[np.int64], draw: np.random.Generator, device: torch.device, live: int
    ) -> DrawnClasses | None:
        """Draw classes of the pictures at `places`, `live` of them to embed; None without any."""
        if self.classes is None or self.opinions is None:
            return None
        opinions = torch.from_numpy(self.opinions[places]).float().to(device)
        return self.classes.draw(opinions, draw, live)


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
    """Return a pool of sentences without pictures."""
    return Pool([tokenizer.encode(sentence).ids for sentence in sentences], teach(sentences))
