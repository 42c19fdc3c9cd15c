"""Figures of a pair in training: its recall and precision among held-out pictures."""

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.evaluation.metrics import average_precision, picture_ranks, summary, text_ranks
from indexer.training.builtin.examples import PairExamples, pool_in_chunks
from indexer.training.builtin.named import LANGUAGES
from indexer.training.builtin.pair import TrainedPair
from indexer.training.builtin.views import Views
from search.records import Vectors


@torch.no_grad()
def recalls(
    pair: TrainedPair,
    examples: PairExamples,
    views: Views,
    places: NDArray[np.int64],
    sentence_count: int = 5,
) -> dict[str, float]:
    """Return Recall@1 and @10 among the pictures at `places`, both ways, per language.

    The queries are the first `sentence_count` sentences of a picture: those that people wrote.
    """
    pictures = _pictures(pair, views, places)
    result: dict[str, float] = {}
    for language, sentences in zip(LANGUAGES, examples.by_language, strict=True):
        queries = [
            (sentence.ids[0], column)
            for column, place in enumerate(places)
            for sentence in sentences[place][:sentence_count]
        ]
        if not queries:
            continue
        similarities = _texts(pair, [ids for ids, _ in queries]) @ pictures.T
        owners = np.array([column for _, column in queries])
        for way, ranks in (
            ("t2p", text_ranks(similarities, owners)),
            ("p2t", picture_ranks(similarities, owners)),
        ):
            figures = summary(ranks)
            result |= {
                f"{language}_{way}_r1": figures["recall@1"],
                f"{language}_{way}_r10": figures["recall@10"],
            }
    return result


@torch.no_grad()
def precisions(
    pair: TrainedPair, examples: PairExamples, views: Views, places: NDArray[np.int64]
) -> dict[str, float]:
    """Return the mean average precision of the names of the pictures at `places`, per language.

    A name is asked for in a sentence, the first of its picture.
    """
    pictures = _pictures(pair, views, places)
    result: dict[str, float] = {}
    for language, sentences in zip(LANGUAGES, examples.by_language, strict=True):
        own_texts = [{tuple(each.ids[0]) for each in sentences[place]} for place in places]
        names = sorted({tuple(sentences[place][0].ids[0]) for place in places})
        similarities = _texts(pair, [list(name) for name in names]) @ pictures.T
        figures = [
            average_precision(scores, np.array([name in own for own in own_texts]))
            for name, scores in zip(names, similarities, strict=True)
        ]
        result[f"{language}_names_map"] = float(np.mean(figures))
    return result


def _pictures(pair: TrainedPair, views: Views, places: NDArray[np.int64]) -> Vectors:
    """Embed the pictures at `places`, of the size that search uses -> (n, width)."""
    pair.eval()
    device = pair.log_scale.device
    parts = []
    with torch.autocast(device.type, dtype=torch.bfloat16):
        for start in range(0, len(places), 100):
            pixels = views.plain(places[start : start + 100])
            parts.append(pair.pictures(pixels.to(device)))
    vectors: Vectors = torch.cat(parts).cpu().numpy()
    return vectors


def _texts(pair: TrainedPair, ids: list[list[int]]) -> Vectors:
    pair.eval()
    with torch.autocast(pair.log_scale.device.type, dtype=torch.bfloat16):
        vectors: Vectors = pair.texts.joint(pool_in_chunks(pair.texts, ids)).cpu().numpy()
    return vectors
