"""Questions to held-out collections of which it is known whether the best picture is right."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.suite.same_sense import EmbedSentences, SameSense
from indexer.training.builtin.named import LANGUAGES
from search.records import Vectors
from search.text.analysis import query_words, words_of

Kind = Literal["sentences", "single words", "absent", "nonsense"]

T = TypeVar("T")

MOST = 200
"""Questions of a kind and language to one collection."""

LEAST_RELATED = 0.5
"""A thing whose name has this cosine with a caption, by the sentence encoder, may be shown."""

Thing = tuple[str, str]
"""The English and the Chinese name of a visible thing."""


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A text, and the function that says whether the picture in a row is right."""

    kind: Kind
    language: str
    text: str
    is_right: Callable[[int], bool]


@dataclass(frozen=True)
class HeldOutCollection:
    """Pictures as one collection; only the first `asked` of them are asked for.

    `rows` (n,) are their places among all vectors. `are_sentences` is True where captions say what
    a picture shows; else they are names of classes.
    """

    pictures: Sequence[CaptionedPicture]
    rows: Sequence[int]
    asked: int
    are_sentences: bool

    def names(self, text: str, language: str) -> bool:
        """Return whether a caption has all words of a text."""
        caption_sets = [
            self._captions_with[language].get(word, set()) for word in query_words(text)
        ]
        return not caption_sets or bool(set.intersection(*caption_sets))

    @cached_property
    def _captions_with(self) -> Mapping[str, Mapping[str, set[int]]]:
        """Return the numbers of the captions that have a word, by language and word."""
        captions_with: dict[str, dict[str, set[int]]] = {}
        for language in LANGUAGES:
            texts = (text for each in self.pictures for text in each.captions.get(language, ()))
            by_word = captions_with.setdefault(language, {})
            for number, text in enumerate(texts):
                for word in words_of(text):
                    by_word.setdefault(word, set()).add(number)
        return captions_with


class Questioner:
    """A maker of questions; `things` are names in both languages, `nonsense` texts by language."""

    def __init__(
        self,
        things: Sequence[Thing],
        nonsense: Mapping[str, Sequence[str]],
        judge: SameSense,
        embed: EmbedSentences,
        most: int = MOST,
    ) -> None:
        self._most = most
        self._things, self._nonsense, self._judge, self._embed = things, nonsense, judge, embed
        self._draw = np.random.default_rng(0)

    def questions(self, collection: HeldOutCollection) -> Iterator[LabelledQuestion]:
        """Yield the questions of all kinds to a collection."""
        absent = self._draw_some(self._absent(collection))
        for place, language in enumerate(LANGUAGES):
            if collection.are_sentences:
                yield from self._draw_some(list(self._sentences(collection, language)))
                yield from self._draw_some(list(self._named_things(collection, language, place)))
            else:
                yield from self._draw_some(list(self._classes(collection, language)))
            for names in absent:
                yield LabelledQuestion("absent", language, names[place], _never)
            for text in self._draw_some(self._nonsense[language]):
                yield LabelledQuestion("nonsense", language, text, _never)

    def _sentences(
        self, collection: HeldOutCollection, language: str
    ) -> Iterator[LabelledQuestion]:
        for own in collection.pictures[: collection.asked]:
            for text in own.captions.get(language, ()):

                def suits(row: int, own: CaptionedPicture = own, text: str = text) -> bool:
                    return self._judge.suits(collection.pictures[row], own, text)

                yield LabelledQuestion("sentences", language, text, suits)

    def _named_things(
        self, collection: HeldOutCollection, language: str, place: int
    ) -> Iterator[LabelledQuestion]:
        """Yield things that captions name; a picture is right if one of its captions does."""
        for names in self._things:
            wanted = frozenset(query_words(names[place]))
            if wanted and collection.names(names[place], language):

                def shows(row: int, wanted: frozenset[str] = wanted) -> bool:
                    captions = collection.pictures[row].captions.get(language, ())
                    return any(wanted <= frozenset(words_of(text)) for text in captions)

                yield LabelledQuestion("single words", language, names[place], shows)

    def _classes(self, collection: HeldOutCollection, language: str) -> Iterator[LabelledQuestion]:
        asked = collection.pictures[: collection.asked]
        others = HeldOutCollection(collection.pictures[collection.asked :], (), 0, True)
        for name in sorted({text for each in asked for text in each.captions.get(language, ())}):
            if others.pictures and others.names(name, language):
                continue  # it may be on pictures that are not asked for

            def shows(row: int, name: str = name) -> bool:
                return name in collection.pictures[row].captions.get(language, ())

            yield LabelledQuestion("single words", language, name, shows)

    def _absent(self, collection: HeldOutCollection) -> Sequence[Thing]:
        captions = sorted(
            {text for each in collection.pictures for text in each.captions.get("en", ())}
        )
        cosines = np.zeros(len(self._things), np.float32)
        if captions:
            english = [names[0] for names in self._things]
            cosines = (self._embed(english) @ self._embed(captions).T).max(axis=1)
        return [
            names
            for names, cosine in zip(self._things, cosines, strict=True)
            if cosine < LEAST_RELATED and not any(map(collection.names, names, LANGUAGES))
        ]

    def _draw_some(self, items: Sequence[T]) -> list[T]:
        places = self._draw.permutation(len(items))[: self._most]
        return [items[place] for place in np.sort(places)]


def _never(_: int) -> bool:
    return False


def embedding_once(embed: EmbedSentences) -> EmbedSentences:
    """Return a sentence encoder that embeds each sentence once."""
    rows: dict[str, Vectors] = {}

    def embed_once(sentences: list[str]) -> Vectors:
        new = [text for text in dict.fromkeys(sentences) if text not in rows]
        if new:
            rows.update(zip(new, embed(new), strict=True))
        return np.array([rows[text] for text in sentences], np.float32)

    return embed_once
