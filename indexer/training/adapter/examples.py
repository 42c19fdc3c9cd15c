"""Examples from marks: questions with the pictures that answer them and those that do not."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from search.engine import Engine
from search.errors import BadSource
from search.ranking.calibration import STOCK_TEXTS
from search.records import Collection, Ids, Vectors

# With fewer, only one or two questions would be held out for the gate.
MIN_QUESTIONS = 8

# Texts whose vectors must not move: captions, evenly spaced, or a fixed list without captions.
STILL = 256

# One of four questions is held out, by the hash of its words, so that it stays held out as marks
# are added.
HELD_OUT = 4


@dataclass(frozen=True, slots=True)
class Question:
    """Words, and the rows of the collection's pictures that were marked as answers to them."""

    words: str
    more: Ids
    less: Ids

    @property
    def held_out(self) -> bool:
        """Return whether the question is held out, by a digest of its words."""
        digest = hashlib.sha256(self.words.encode()).digest()
        return int.from_bytes(digest[:4], "big") % HELD_OUT == 0


@dataclass(frozen=True, slots=True)
class AdapterExamples:
    """The questions, training ones first, the vectors of their words, and all the pictures.

    `texts` is (questions, width), `pictures` (pictures, width), `still` (n, width) texts without
    any marks; `training_count` is the number of training questions.
    """

    questions: tuple[Question, ...]
    texts: Vectors
    pictures: Vectors
    still: Vectors
    training_count: int


def gather(engine: Engine, collection: Collection) -> AdapterExamples:
    """Return the marked questions about a collection's pictures.

    Raises:
        BadSource: there are too few for training and for the gate.
    """
    ids, pictures = engine.store(collection).items()
    marks = engine.catalog.marks.all()
    contents = [each.content_hash for each in marks if each.words]
    picture_ids = engine.catalog.pictures.with_contents(contents, [collection.id])
    sides: dict[str, dict[bool, list[int]]] = defaultdict(lambda: {True: [], False: []})
    for mark in marks:
        row = int(np.searchsorted(ids, picture_ids.get(mark.content_hash, -1)))
        if mark.words and mark.content_hash in picture_ids and row < len(ids):
            sides[mark.words][mark.more].append(row)
    drafts = [
        Question(words, np.array(each[True], np.int64), np.array(each[False], np.int64))
        for words, each in sides.items()
        if each[True]
    ]
    questions = sorted(drafts, key=lambda each: (each.held_out, each.words))
    training_count = sum(not each.held_out for each in questions)
    if len(questions) < MIN_QUESTIONS or training_count == len(questions) or not training_count:
        raise BadSource(
            "answers-too-few",
            "{questions} questions have pictures of {name!r} marked as answers, "
            "and at least {least} are wanted, some of them to decide by; mark more on the page, "
            "or with: limn mark add WORDS --more ID",
            questions=len(questions),
            name=collection.name,
            least=MIN_QUESTIONS,
        )
    encoder = engine.encoder_of(collection)
    texts = encoder.encode_texts([each.words for each in questions])
    still = engine.caption_vectors(collection)[1]
    if not len(still):
        still = encoder.encode_texts(STOCK_TEXTS)
    return AdapterExamples(
        tuple(questions), texts, pictures, still[:: -(-len(still) // STILL)], training_count
    )
