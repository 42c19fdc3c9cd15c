"""Captioned pictures as numbers: token ids by language, and the teacher's view of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.builtin.picture_tower import TowerShape
from indexer.training.builtin.pretrained import MINILM, source_errors
from indexer.training.builtin.text_tower import TextTower

TokenIds = list[int]
Teach = Callable[[list[str]], NDArray[np.float32]]
"""Sentences -> unit rows (n, 384) of their meaning."""

MASK = 103
CHUNK = 128


@dataclass(frozen=True, slots=True)
class Sentence:
    """One caption in one or two segmentations; `teacher` is a row of the teacher's table or -1."""

    ids: tuple[TokenIds, ...]
    teacher: int


@dataclass(frozen=True, slots=True)
class PairExamples:
    """Every picture's sentences, English and then Chinese, those written by people first.

    `teacher` holds the teacher's unit rows of English sentences, (rows, 384); `topics` (pictures,
    384) the direction of the mean over each picture's. A picture without a caption in one language
    has those of the other there, so that it takes part in every step.
    """

    by_language: tuple[list[list[Sentence]], list[list[Sentence]]]
    teacher: NDArray[np.float32]
    topics: NDArray[np.float32]


def examples_of(
    pairs: Sequence[CaptionedPicture],
    tokenizers: tuple[Tokenizer, ...],
    teach: Teach,
) -> PairExamples:
    """Tokenise every caption and compute the teacher's embedding, once, of every English one."""
    english = [caption for pair in pairs for caption in pair.captions.get("en", ())]
    rows = {caption: row for row, caption in enumerate(dict.fromkeys(english))}
    table = teach(list(rows))
    topics = np.zeros((len(pairs), table.shape[1]), np.float32)
    english_side, chinese_side = [], []
    for place, pair in enumerate(pairs):
        own = [rows[caption] for caption in pair.captions.get("en", ())]
        if own:
            topics[place] = table[own].mean(0)
        english_sentences = [
            _sentence(caption, tokenizers[:1], rows[caption])
            for caption in pair.captions.get("en", ())
        ]
        chinese = [_sentence(caption, tokenizers, -1) for caption in pair.captions.get("zh", ())]
        chinese += [_sentence(zh, tokenizers, rows[en]) for en, zh in pair.translations]
        english_side.append(english_sentences or chinese)
        chinese_side.append(chinese or english_sentences)
    topics /= np.maximum(np.linalg.norm(topics, axis=1, keepdims=True), 1e-6)
    return PairExamples((english_side, chinese_side), table, topics)


def _sentence(text: str, tokenizers: Sequence[Tokenizer], teacher: int) -> Sentence:
    return Sentence(tuple(tokenizer.encode(text).ids for tokenizer in tokenizers), teacher)


def draw_sentence(
    sentences: Sequence[Sentence], draw: np.random.Generator, mask_rate: float, written_rate: float
) -> tuple[TokenIds, int]:
    """Draw one sentence and segmentation, and mask a share `mask_rate` of its tokens."""
    sentence = sentences[choose_sentence(sentences, draw, written_rate)]
    ids = list(sentence.ids[int(draw.random() < 0.3) % len(sentence.ids)])
    for place in np.flatnonzero(draw.random(len(ids) - 2) < mask_rate):
        ids[place + 1] = MASK
    return ids, sentence.teacher


def choose_sentence(
    sentences: Sequence[Sentence], draw: np.random.Generator, written_rate: float
) -> int:
    """Draw the place of one sentence.

    A share `written_rate` of the draws are sentences without a teacher, where a picture has both:
    Chinese that people wrote, which is shorter and vaguer than translations.
    """
    alone = sum(sentence.teacher < 0 for sentence in sentences)  # they come first
    low, high = 0, len(sentences)
    if 0 < alone < len(sentences):
        low, high = (0, alone) if draw.random() < written_rate else (alone, high)
    return int(draw.integers(low, high))


def pool_in_chunks(tower: TextTower, sentences: Sequence[TokenIds]) -> Tensor:
    """Return the tower's pooled states (n, hidden), by chunks of similar length.

    The rows of the word table in use are looked up once, since every look-up's gradient is as
    large as the table.
    """
    order = sorted(range(len(sentences)), key=lambda place: len(sentences[place]))
    device = tower.positions.device
    word_ids, compact = np.unique(
        np.concatenate([[0], *sentences]).astype(np.int64), return_inverse=True
    )
    ends = np.cumsum([1] + [len(sentence) for sentence in sentences])
    table = tower.words(torch.from_numpy(word_ids).to(device))
    parts = []
    for start in range(0, len(order), CHUNK):
        part = order[start : start + CHUNK]
        batch = np.zeros((len(part), len(sentences[part[-1]])), np.int64)
        for row, place in enumerate(part):
            batch[row, : len(sentences[place])] = compact[ends[place] : ends[place + 1]]
        ids = torch.from_numpy(batch).to(device)
        parts.append(tower.contextual(functional.embedding(ids, table), ids != 0).float())
    back = torch.empty(len(order), dtype=torch.long, device=device)
    back[torch.tensor(order, device=device)] = torch.arange(len(order), device=device)
    return torch.cat(parts)[back]


def minilm_teacher(folder: Path) -> Teach:
    """Open all-MiniLM-L6-v2 from its folder: sentences -> (n, 384) float32 unit rows.

    Raises:
        BadSource: a file can't be read, or is another network's.
    """
    tower = TextTower(TowerShape(), dropout=0.0).eval()
    with source_errors(folder, MINILM):
        tower.load_minilm(load_file(folder / "model.safetensors"))
        tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(tower.positions.shape[0])

    def teach(sentences: list[str]) -> NDArray[np.float32]:
        ids = [encoding.ids for encoding in tokenizer.encode_batch(sentences)]
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            return functional.normalize(pool_in_chunks(tower, ids), dim=-1).numpy()

    return teach
