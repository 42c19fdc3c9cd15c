"""Initial weights of a run: pretrained weights, a tokenizer with Chinese, matching towers."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.builtin.backbone import EFFICIENTNET_LITE2, efficientnet_weights
from indexer.training.builtin.load import load_pair
from indexer.training.builtin.pair import TrainedPair
from indexer.training.builtin.picture_tower import PictureTower, TowerShape
from indexer.training.builtin.pretrained import MINILM, source_errors
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.text_tower import TextTower
from indexer.training.builtin.vocabulary import (
    HAN,
    aligned_rows,
    chinese_words,
    extend_tokenizer,
    is_word,
    without_words,
)


@dataclass(frozen=True, slots=True)
class Start:
    """A pair before its first step, and the tokenizers: by words and by single characters.

    `classifier` are the weights (1000, 1280) and biases of the backbone's ImageNet classifier.
    """

    pair: TrainedPair
    shape: TowerShape
    tokenizers: tuple[Tokenizer, Tokenizer]
    classifier: tuple[Tensor, Tensor]


def start(
    pairs: Sequence[CaptionedPicture],
    backbone: Path,
    minilm: Path,
    recipe: TrainingConfig,
    glossary: Sequence[tuple[str, str]] = (),
    more_chinese: Sequence[str] = (),
    earlier: Path | None = None,
) -> Start:
    """Build both towers from EfficientNet-Lite2's weights file and all-MiniLM-L6-v2's folder.

    Chinese tokens start as their translations in the parallel captions and the `glossary` of
    (English, Chinese) words; `more_chinese` are further sentences whose words become tokens.
    `earlier` is the folder of a pair of Limn's, whose text tower replaces MiniLM's.

    Raises:
        BadSource: a file can't be read, or is another network's.
        EncoderUnavailable: the earlier pair is damaged, or not of Limn's own towers.
    """
    parallel = [pair for picture in pairs for pair in picture.translations] + list(glossary)
    chinese = [text for picture in pairs for text in picture.captions.get("zh", ())] + [
        text for _, text in parallel
    ]
    chinese += more_chinese
    words = chinese_words(chinese, [text for _, text in glossary if is_word(text)])
    shape = TowerShape(width=recipe.width)
    with source_errors(minilm, MINILM):
        tokenizer = extend_tokenizer(minilm / "tokenizer.json", chinese, words, shape.positions)
    tokenizers = (tokenizer, without_words(tokenizer))
    shape = TowerShape(width=recipe.width, vocabulary=tokenizer.get_vocab_size())
    torch.manual_seed(recipe.seed)
    pictures, texts = PictureTower(shape, recipe.dropout), TextTower(shape, recipe.dropout)
    with source_errors(backbone, EFFICIENTNET_LITE2.name):
        blocks, classifier = efficientnet_weights(_read_backbone(backbone))
        pictures.body.load_state_dict(blocks)
    torch.nn.init.normal_(texts.words.weight, std=0.02)
    with source_errors(minilm, MINILM):
        texts.load_minilm(load_file(minilm / "model.safetensors"))
    known = load_texts(texts, earlier, tokenizer) if earlier else set()
    ids = [
        (np.array(tokenizer.encode(english).ids[1:-1]), np.array(way.encode(target).ids[1:-1]))
        for english, target in parallel
        for way in tokenizers
    ]
    if ids:
        new = np.zeros(shape.vocabulary, bool)
        vocabulary = tokenizer.get_vocab().items()
        chinese_ids = {number for token, number in vocabulary if HAN.fullmatch(token)}
        new[sorted(chinese_ids - known)] = True
        rows = aligned_rows(ids, texts.words.weight.detach().numpy(), new)
        texts.words.weight.data.copy_(torch.from_numpy(rows))
    pair = TrainedPair(pictures.to(memory_format=torch.channels_last), texts)
    return Start(pair, shape, tokenizers, classifier)


def load_texts(texts: TextTower, folder: Path, tokenizer: Tokenizer) -> set[int]:
    """Load the text tower of the pair in `folder`; return the ids of the tokens that it had.

    Raises:
        EncoderUnavailable: the pair is damaged, or not of Limn's own towers.
    """
    earlier = load_pair(folder)
    ids, before = tokenizer.get_vocab(), earlier.tokenizer.get_vocab()
    both = [(ids[token], number) for token, number in before.items() if token in ids]
    here, there = (torch.tensor(each) for each in zip(*both, strict=True))
    state = earlier.pair.texts.state_dict()
    rows = texts.words.weight.detach().clone()
    rows[here] = state["words.weight"][there]
    texts.load_state_dict(state | {"words.weight": rows})
    return set(here.tolist())


def _read_backbone(file: Path) -> dict[str, Tensor]:
    try:
        weights: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        raise ValueError(str(error).splitlines()[0]) from error
    return weights
