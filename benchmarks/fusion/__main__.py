"""Fits the weights of pictures, captions and words, for the order and for the confidence.

    python -m benchmarks.fusion data/flickr8k/train/captions.csv --minilm MINILM

The photographs are those that training holds out. Each half of them is indexed without captions in
turn, in each language; the others have three. A further caption of each picture asks, and things
that captions name, things that none is near to (by all-MiniLM-L6-v2), and nonsense.

The relevance is fitted over the collection: by a softmax, a caption's own picture is the likeliest.
The confidence is fitted on the best pictures with captions, right or wrong; of those without, the
pair has a confidence of its own. Prints the constants of `search.ranking.signals` and
`search.ranking.fusion`, and what passes a cutoff, each by a fit on the other half of the texts.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from scipy.optimize import minimize

from benchmarks.fusion.asking import Asked, Rows, ask
from benchmarks.relevance import indexed
from indexer.captioned_pictures import read_pairs, split
from indexer.evaluation.suite.same_sense import SameSense
from indexer.training.builtin.confidence.logistic import fit_logistic
from indexer.training.builtin.confidence.nonsense import chinese_nonsense, english_nonsense
from indexer.training.builtin.confidence.questions import Questioner, embedding_once
from indexer.training.builtin.examples import minilm_teacher
from indexer.training.builtin.named import COMMON_NAMES, LANGUAGES, glossary
from search.ranking.fusion import CONSTANTS
from search.ranking.signals import caption, picture, words

BEST = 5
"""Pictures of each question that the confidence is fitted on."""

NONSENSE = 100


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--minilm", required=True, type=click.Path(path_type=Path))
@click.option("--held-out", default=250, help="Photographs, drawn as training does.")
def main(table: Path, minilm: Path, held_out: int) -> None:
    """Fit the weights on the photographs of TABLE that training holds out."""
    pairs = split(read_pairs(table), held_out)[1]
    embed = embedding_once(minilm_teacher(minilm))
    texts = [text for pair in pairs for text in pair.texts]
    usual_words = sorted(
        {word for text in texts for word in text.split() if word.isascii() and len(word) > 3}
    )
    characters = sorted({each for text in texts for each in text if "\u3400" <= each <= "\u9fff"})
    nonsense = dict(
        zip(
            LANGUAGES,
            (
                english_nonsense(NONSENSE, usual_words, seed=0),
                chinese_nonsense(NONSENSE, characters, seed=0),
            ),
            strict=True,
        )
    )
    questioner = Questioner(
        glossary()[:COMMON_NAMES], nonsense, SameSense(pairs, embed), embed, NONSENSE
    )
    asked: list[Asked] = []
    for language in LANGUAGES:
        for turn in (0, 1):
            bare = {pair.path.name for pair in pairs[turn::2]}
            with indexed(pairs, language, bare) as engine:
                asked += ask(engine, pairs, language, questioner)
    _print_relevance(asked)
    _print_confidence(asked)


def _odds(weights: Rows, each: Asked) -> Rows:
    """Return the log odds (n,) by weights of picture, bare picture, caption, BM25, and a gap."""
    of_picture, of_bare, of_caption, of_bm25, gap = weights
    z_score = each.evidence[:, 0]
    with_captions = (
        of_picture * z_score
        + of_caption * np.nan_to_num(each.evidence[:, 1])
        + of_bm25 * each.evidence[:, 2]
        + words.EVERY_WORD["relevance"] * each.evidence[:, 3]
        + gap
    )
    odds: Rows = np.where(each.has_caption, with_captions, of_bare * z_score)
    return odds


def _relevance_loss(weights: Rows, asked: Sequence[Asked]) -> float:
    odds = [(_odds(weights, each), each.is_own) for each in asked]
    return float(np.mean([np.logaddexp.reduce(all_) - all_[own].max() for all_, own in odds]))


def _first(weights: Rows, asked: Sequence[Asked]) -> str:
    ranks = [
        (int((_odds(weights, each) > _odds(weights, each)[each.is_own].max()).sum()), each)
        for each in asked
    ]
    parts = []
    for has_caption in (True, False):
        chosen = [rank for rank, each in ranks if each.has_caption[each.is_own][0] == has_caption]
        parts.append(" ".join(f"{np.mean(np.array(chosen) < cut):.3f}" for cut in (1, 10)))
    return f"with captions {parts[0]}, without {parts[1]}"


def _print_relevance(asked: Sequence[Asked]) -> None:
    """Fit the order, and print it next to the order now."""
    sentences = [each for each in asked if each.is_own.any()]
    gap = CONSTANTS["relevance"].captioned - CONSTANTS["relevance"].bare
    of_pictures = (picture.WEIGHT["relevance"], picture.BARE_WEIGHT["relevance"])
    of_captions = (caption.WEIGHT["relevance"], words.WEIGHT["relevance"])
    now = np.array([*of_pictures, *of_captions, gap])
    halves = sentences[::2], sentences[1::2]
    for title, weights in (
        ("now", (now, now)),
        ("fitted", tuple(_fit_relevance(half, now) for half in halves[::-1])),
    ):
        losses = [_relevance_loss(w, half) for w, half in zip(weights, halves, strict=True)]
        shown = "; ".join(_first(w, half) for w, half in zip(weights, halves, strict=True))
        click.echo(f"relevance {title}: loss {np.mean(losses):.3f}; R@1, R@10 {shown}")
    best = _fit_relevance(sentences, now)
    labels = ("picture", "bare picture", "caption", "BM25", "captioned - bare")
    click.echo(", ".join(f"{name} {value:.3f}" for name, value in zip(labels, best, strict=True)))


def _fit_relevance(asked: Sequence[Asked], start: Rows) -> Rows:
    best: Rows = minimize(lambda w: _relevance_loss(w, asked), start, method="Powell").x
    return best


def _print_confidence(asked: Sequence[Asked]) -> None:
    """Fit the confidence of pictures with captions, and print what passes now and then."""
    rows, right, shares, texts = [], [], [], []
    counts: dict[tuple[str, str], int] = {}
    for each in asked:
        key = (each.question.kind, each.question.language)
        counts[key] = counts.get(key, 0) + 1
    for each in asked:
        chosen = np.flatnonzero(each.has_caption)[:BEST]
        rows.append(np.nan_to_num(each.evidence[chosen]))
        right.append(each.is_right[chosen])
        share = 1 / counts[(each.question.kind, each.question.language)] / max(1, len(chosen))
        shares.append(np.full(len(chosen), share))
        texts += [each.question.text] * len(chosen)
    features, labels = np.concatenate(rows), np.concatenate(right).astype(float)
    weight = np.concatenate(shares)
    units = np.unique(texts, return_inverse=True)[1]
    half = np.random.default_rng(0).permutation(units.max() + 1)[units] % 2 == 0
    rising = list(range(4))
    models = {
        side: fit_logistic(
            features[half == side], labels[half == side], weight[half == side], rising
        )
        for side in (True, False)
    }
    half_of = dict(zip(texts, half.tolist(), strict=True))
    for title in ("now", "fitted"):
        by_group: dict[tuple[str, str], list[tuple[float, bool]]] = {}
        for each in asked:
            sure = each.sure.copy()
            if title == "fitted" and each.question.text in half_of:
                weights, constant = models[not half_of[each.question.text]]
                mask = each.has_caption
                odds = np.nan_to_num(each.evidence[mask]) @ weights + constant
                sure[mask] = 1 / (1 + np.exp(-odds))
            best = int(sure.argmax())
            key = (each.question.kind, each.question.language)
            by_group.setdefault(key, []).append((float(sure[best]), bool(each.is_right[best])))
        for key, pairs in sorted(by_group.items()):
            sure, is_right = (np.array(column) for column in zip(*pairs, strict=True))
            passing = ", ".join(f"{cut}: {np.mean(sure >= cut):.3f}" for cut in (0.1, 0.25, 0.5))
            click.echo(
                f"{title:7} {', '.join(key):18} {len(pairs)} right {is_right.mean():.3f}, mean "
                f"confidence {sure.mean():.3f}, pass {passing}"
            )
    weights, constant = fit_logistic(features, labels, weight, rising)
    constants = CONSTANTS["confidence"]
    scaled = weights / constants.steepness
    click.echo(
        "confidence: picture {:.3f}, caption {:.3f}, BM25 {:.4f}, every word {:.3f}, ".format(
            *scaled
        )
        + f"captioned {constant / constants.steepness + constants.even:.3f}"
    )


if __name__ == "__main__":
    main()
