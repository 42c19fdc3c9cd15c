"""The fit of a built-in pair's confidence: `fit_confidence` writes the file knowledge.json."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.report import embedded_pictures, embedded_texts
from indexer.evaluation.suite.reading import PictureSet
from indexer.evaluation.suite.same_sense import EmbedSentences, SameSense
from indexer.training.builtin.confidence.examples import Examples, ask
from indexer.training.builtin.confidence.nonsense import chinese_nonsense, english_nonsense
from indexer.training.builtin.confidence.questions import (
    MOST,
    HeldOutCollection,
    Questioner,
    Thing,
    embedding_once,
)
from indexer.training.builtin.named import LANGUAGES
from search.encoders.onnx_pair.builtin import open_builtin
from search.encoders.onnx_pair.knowledge import PairKnowledge, write_knowledge
from search.encoders.onnx_pair.known_words import known_words
from search.text.amounts import amount

OTHERS = 3_000
"""Training pictures among which held-out ones are searched, so that collections are large too."""

SIZES = (30, 150)
"""Sizes of small collections; each part is searched whole, and among the others, too."""

NONSENSE = 400


def fit_confidence(
    folder: Path,
    sentences: Sequence[PictureSet],
    classes: Sequence[PictureSet],
    trained: Sequence[CaptionedPicture],
    things: Sequence[Thing],
    embed: EmbedSentences,
    more_texts: Iterable[str] = (),
    most: int = MOST,
) -> Iterator[str]:
    """Fit the confidence of the pair in `folder`, write its knowledge there, and report the errors.

    The pictures of `sentences` (captions say what they show) and of `classes` (captions are names
    of classes) must be held out from training: on pictures that a pair has learned it is too sure.
    `trained` pictures and `more_texts` are those it learned from: their words are the known ones.
    `things` are names in both languages; to a collection those are absent to which no caption is
    near, by the sentence encoder `embed`. At most `most` questions of a kind and language are asked
    of a collection. Without a querybank only the words are written.

    Raises:
        EncoderUnavailable: the pair's files are damaged.
        BadPicture: a picture can't be read.
        OSError: the file can't be written.
    """
    encoder = open_builtin(folder)
    texts = [text for each in trained for text in each.texts]
    names = [name for names in things for name in names]
    words = known_words(texts, [*more_texts, *names], encoder.tokenizer)
    bank = encoder.querybank
    if bank is None or not (sentences or classes):
        write_knowledge(folder, encoder.space.id, words, None)
        missing = "querybank" if bank is None else "held-out pictures"
        yield f"no {missing}: the confidence is not fitted"
        return
    places = np.random.default_rng(0).permutation(len(trained))[:OTHERS]
    others = [trained[place] for place in places]
    pictures = [each for part in (*sentences, *classes) for each in part.pictures] + others
    vectors = embedded_pictures(encoder, pictures)
    embed_once = embedding_once(embed)
    questioner = Questioner(
        [*things, *_class_names(classes)],
        _nonsense(texts, sorted(words.characters), NONSENSE * most // MOST),
        SameSense(pictures, embed_once),
        embed_once,
        most,
    )
    knowledge = PairKnowledge(words, None, bank, encoder.tokenizer, encoder.tokenize)
    question_lists = [
        (list(questioner.questions(each)), vectors[list(each.rows)])
        for each in _collections(sentences, classes, others)
    ]
    unique = list(dict.fromkeys(each.text for questions, _ in question_lists for each in questions))
    queries = dict(zip(unique, embedded_texts(encoder, unique), strict=True))
    parts = [ask(questions, rows, queries, knowledge, bank) for questions, rows in question_lists]
    examples = Examples.concatenate(parts)
    questions, collections = amount(len(examples.texts), "question"), len(parts)
    yield f"confidence, of {questions} to {collections} collections without captions:"
    yield from examples.report()
    write_knowledge(folder, encoder.space.id, words, examples.model())


def _collections(
    sentences: Sequence[PictureSet],
    classes: Sequence[PictureSet],
    others: Sequence[CaptionedPicture],
) -> Iterator[HeldOutCollection]:
    """Yield collections of each part: small ones, the whole part, and among other pictures."""
    parts = [*((part, True) for part in sentences), *((part, False) for part in classes)]
    after = sum(len(part.pictures) for part, _ in parts)
    other_rows = range(after, after + len(others))
    draw, start = np.random.default_rng(0), 0
    for part, are_sentences in parts:
        count = len(part.pictures)
        for size in (*(size for size in SIZES if size < count), count):
            places = np.sort(draw.permutation(count)[:size])
            own = [part.pictures[place] for place in places]
            rows = [start + int(place) for place in places]
            yield HeldOutCollection(own, rows, size, are_sentences)
        for size in (len(others) // 4, len(others)):
            if size:
                yield HeldOutCollection(
                    [*part.pictures, *others[:size]],
                    [*range(start, start + count), *other_rows[:size]],
                    count,
                    are_sentences,
                )
        start += count


def _class_names(classes: Sequence[PictureSet]) -> list[Thing]:
    """Return the classes that have one name in each language."""
    names = {
        (english[0], chinese[0])
        for part in classes
        for each in part.pictures
        if len(english := each.captions.get("en", ())) == 1
        and len(chinese := each.captions.get("zh", ())) == 1
    }
    return sorted(names)


def _nonsense(
    texts: Sequence[str], characters: Sequence[str], count: int
) -> Mapping[str, Sequence[str]]:
    """Return different texts without a meaning, by language."""
    usual = sorted({word for text in texts for word in text.split() if word.isalpha()})
    long_words = [word for word in usual if word.isascii() and len(word) > 3]
    kinds = (
        english_nonsense(count, long_words or ["word"], seed=0),
        chinese_nonsense(count, characters or ["字"], seed=0),
    )
    return dict(zip(LANGUAGES, kinds, strict=True))
