"""The regions of a map, and their names: the words nearest to the common part of the pictures."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.training.builtin.named import COMMON_NAMES, glossary
from search.encoders import Encoder
from search.errors import BadSetting
from search.library.map_file import Places, Region
from search.packages.installing import install_extra
from search.records import Caption, Ids, Vectors
from search.text.analysis import EMPTY, RUNS

# Approximate pictures of a large and of a small region, and the most regions of each.
LEVELS = ((150, 14), (25, 110))

TYPICAL = 4

# Words of captions that may name a region: those that many captions have.
CANDIDATES = 1_000
MIN_COUNT = 3
SHORTEST = 3

# A second word joins the name where it is nearly as near as the first.
SECOND = 0.85

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class RegionWords:
    """Words that may name a region, and their embeddings (n, width), of one language."""

    words: tuple[str, ...]
    vectors: Vectors


def vocabularies(encoder: Encoder, captions: Iterable[Caption]) -> dict[str, RegionWords]:
    """Return the words of each language: common words, and words of the captions."""
    counts: dict[str, Counter[str]] = {each: Counter() for each in LANGUAGES}
    for caption in captions:
        for run in RUNS.finditer(caption.text.lower()):
            word = run[0]
            if run.lastgroup == "han":
                counts["zh"].update(word[at : at + 2] for at in range(len(word) - 1))
            elif (
                run.lastgroup == "word"
                and len(word) >= SHORTEST
                and word not in EMPTY
                and word.isalpha()
            ):
                counts["en"][word] += 1
    english, chinese = zip(*glossary()[:COMMON_NAMES], strict=True)
    common: dict[str, tuple[str, ...]] = {"en": english, "zh": chinese}
    vocabulary: dict[str, RegionWords] = {}
    for language, counter in counts.items():
        usual = [word for word, count in counter.most_common(CANDIDATES) if count >= MIN_COUNT]
        # Pairs of characters are words only where the glossary says so.
        more = usual if language == "en" else []
        words = tuple(dict.fromkeys([*common[language], *more]))
        vocabulary[language] = RegionWords(words, encoder.encode_texts(words))
    return vocabulary


def regions(
    ids: Ids, places: Places, vectors: Vectors, vocabulary: Mapping[str, RegionWords]
) -> list[Region]:
    """Return the regions of both levels, the largest first.

    Raises:
        BadSetting: scikit-learn is not installed.
    """
    mean = vectors.mean(axis=0)
    by_language = {
        language: RegionWords(each.words, _unit(each.vectors - each.vectors.mean(axis=0)))
        for language, each in vocabulary.items()
        if each.words
    }
    result: list[Region] = []
    for level, (usual, most) in enumerate(LEVELS):
        labels = _clusters(places, min(most, max(1, len(ids) // usual)))
        for label in range(labels.max() + 1):
            members = np.flatnonzero(labels == label)
            direction = vectors[members].mean(axis=0) - mean
            names = {language: _name(direction, words) for language, words in by_language.items()}
            result.append(_region(level, members, ids, places, names))
    return sorted(result, key=lambda each: (each.level, -each.pictures))


def _clusters(places: Places, count: int) -> Any:
    try:
        from sklearn.cluster import KMeans, MiniBatchKMeans
    except ImportError as error:
        raise BadSetting(
            "package-missing-regions",
            "maps need scikit-learn: {install}",
            install=install_extra("map"),
        ) from error
    kind = KMeans if len(places) < 20_000 else MiniBatchKMeans
    return kind(n_clusters=count, n_init=1, random_state=0).fit_predict(places)


def _region(level: int, members: Any, ids: Ids, places: Places, names: Mapping[str, str]) -> Region:
    middle = np.median(places[members], axis=0)
    away = np.linalg.norm(places[members] - middle, axis=1)
    typical = ids[members[np.argsort(away, kind="stable")[:TYPICAL]]]
    return Region(
        x=round(float(middle[0]), 4),
        y=round(float(middle[1]), 4),
        pictures=len(members),
        level=level,
        names=names,
        typical=tuple(int(each) for each in typical),
    )


def _name(direction: Any, vocabulary: RegionWords) -> str:
    scores = vocabulary.vectors @ (direction / max(float(np.linalg.norm(direction)), 1e-9))
    order = np.argsort(-scores, kind="stable")[:8]
    first: str = vocabulary.words[order[0]]
    for place in order[1:]:
        word = vocabulary.words[place]
        if scores[place] < SECOND * scores[order[0]]:
            break
        if not _alike(first, word):
            return f"{first}, {word}" if first.isascii() else f"{first}、{word}"
    return first


def _alike(one: str, other: str) -> bool:
    """Return whether one word adds nothing to the other: dog, dogs, puppy dog."""
    return one[:4] == other[:4] or one in other or other in one


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
