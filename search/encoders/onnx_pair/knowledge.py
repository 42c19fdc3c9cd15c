"""The knowledge of a built-in pair, and its file: known words, and a fitted confidence."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from search.encoders.knowledge import TextReading
from search.encoders.onnx_pair.confidence import FEATURES, ConfidenceModel, features_of
from search.encoders.onnx_pair.known_words import KnownWords
from search.encoders.onnx_pair.querybank import Querybank
from search.encoders.text_limits import encodable
from search.files.atomic_file import write_atomic
from search.records import Scores, Vectors

KNOWLEDGE = "knowledge.json"
"""A file beside pair.json that is no part of the pair's space: vectors do not depend on it."""


LONGEST_TEXT = 10_000
"""Characters of a text that are read; the tower reads 48 tokens, so only time is saved."""


def readable(text: str) -> str:
    """Return a text in the form that the pair's tokenizer reads."""
    return encodable(text[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class PairKnowledge:
    """What a pair knows of its own limits; see `search.encoders.knowledge.Knowledge`."""

    words: KnownWords
    model: ConfidenceModel | None
    bank: Querybank | None = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    tokenize: Callable[[str], Encoding] = field(repr=False)

    def read(self, texts: Sequence[str]) -> TextReading:
        """Read the texts of one query."""
        knows_any, empty = False, False
        unknown: list[str] = []
        rare: list[str] = []
        ids: list[int] = []
        for text in texts:
            text = readable(text)
            encoding = self.tokenize(text)
            words = self.words.read(text, encoding, self.tokenizer)
            places = zip(encoding.ids, encoding.word_ids, strict=True)
            ids += [token for token, word in places if word is not None]
            unknown += words.unknown
            rare += words.rare
            knows_any, empty = knows_any or bool(words.known), empty or bool(words.empty)
        is_understood = knows_any or (empty and not unknown)
        commonness = float(self.words.commonness[ids].mean()) if ids else 0.0
        unknown_words, rare_words = (tuple(dict.fromkeys(words)) for words in (unknown, rare))
        return TextReading(len(ids), commonness, unknown_words, is_understood, rare_words)

    def confidences(
        self, query: Vectors, reading: TextReading, cosines: Scores, pictures: int
    ) -> Scores | None:
        """Return the confidences (n,) of pictures by their cosines (n,) with a query (1, width)."""
        if self.model is None or self.bank is None:
            return None
        features = features_of(query, reading, cosines, pictures, self.bank)
        return self.model.probabilities(features)


def write_knowledge(
    folder: Path, space_id: str, words: KnownWords, model: ConfidenceModel | None
) -> None:
    """Write the knowledge of the pair in `folder`, whose space is `space_id`."""
    document = {
        "format": 1,
        "space": space_id,
        "confidence": None
        if model is None
        else {
            "weights": dict(zip(FEATURES, model.weights, strict=True)),
            "constant": model.constant,
        },
        "characters": "".join(sorted(words.characters)),
        "words": sorted(words.stems),
        "commonness": "".join(f"{each:x}" for each in words.commonness),
    }
    text = json.dumps(document, ensure_ascii=False, indent=0) + "\n"
    write_atomic(folder / KNOWLEDGE, text.encode())


def read_knowledge(folder: Path, space_id: str) -> tuple[KnownWords, ConfidenceModel | None] | None:
    """Read the knowledge of a pair; None without the file, or with that of another pair.

    Raises:
        OSError: the file can't be read.
        RuntimeError: the file is damaged.
    """
    file = folder / KNOWLEDGE
    if not file.is_file():
        return None
    try:
        document = json.loads(file.read_bytes())
        if document["format"] != 1 or document["space"] != space_id:
            return None
        return _words_in(document), _model_in(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuntimeError(f"{KNOWLEDGE} is damaged") from error


def _words_in(document: dict[str, Any]) -> KnownWords:
    commonness = np.array([int(each, 16) for each in document["commonness"]], np.uint8)
    return KnownWords(frozenset(document["words"]), frozenset(document["characters"]), commonness)


def _model_in(document: dict[str, Any]) -> ConfidenceModel | None:
    parameters = document["confidence"]
    if parameters is None:
        return None
    weights = tuple(float(parameters["weights"][name]) for name in FEATURES)
    return ConfidenceModel(weights, float(parameters["constant"]))
