"""Questions for all signals: about photographs, their albums, and the text in pictures."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.text.phrases import phrase_of
from indexer.captioned_pictures import CaptionedPicture
from search.text.analysis import stem_of, words_of

LANGUAGES = ("en", "zh")

# The first of so many captions of a picture and language asks for it; none of them is indexed.
ASKING = 2

# Albums are named after places and people, or after things.
PROPER_NAMES = (
    *("Lisbon 2019", "Grandma Ilse 80", "Mallorca", "Wedding Ann and Tom", "Kyoto", "Erlangen"),
    *("Camp Tamarack", "Nils", "Tante Gerda", "丽江之行", "奶奶八十大寿", "小明满月"),
)
THINGS = ("dog", "beach", "snow", "bike", "football", "climbing", "street", "water")

# The share of photographs in an album of a thing that show it; the others are mislaid.
TRUE_SHARE = 2 / 3

# One photograph of three lies in an album of a thing, if it can.
THING_ALBUMS = 1 / 3

FEWEST_RIGHT = 3


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph with captions, its album, and whether its captions are indexed."""

    pair: CaptionedPicture
    album: str
    name: str
    has_captions: bool

    @property
    def path(self) -> str:
        """The path of its copy below the folder that is indexed."""
        return f"{self.album}/{self.name}"

    def shows(self, thing: str) -> bool:
        """Return whether a caption of it, indexed or not, names a thing."""
        return stem_of(thing) in {
            stem_of(word) for text in self.pair.captions["en"] for word in words_of(text)
        }


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a kind, and the paths of the pictures that answer it."""

    kind: str
    text: str
    right: frozenset[str]


def in_albums(pairs: Sequence[CaptionedPicture], rng: random.Random) -> list[Photograph]:
    """Put photographs into albums, under the names that a camera gives, half without captions."""
    photographs = []
    for place, pair in enumerate(pairs):
        album = rng.choice(PROPER_NAMES)
        if rng.random() < THING_ALBUMS:
            alone = Photograph(pair, "", "", False)
            shown = [thing for thing in THINGS if alone.shows(thing)]
            others = [thing for thing in THINGS if thing not in shown]
            album = rng.choice(shown if shown and rng.random() < TRUE_SHARE else others)
        photographs.append(Photograph(pair, album, f"IMG_{place + 1000}.jpg", place % 2 == 0))
    return photographs


def questions_of(
    photographs: Sequence[Photograph], renders: Sequence[Mapping[str, Any]], rng: random.Random
) -> list[Question]:
    """Return the questions about photographs, and about pictures with text below `text`."""
    return [
        *_captions(photographs),
        *_albums(photographs),
        *_things(photographs),
        *_phrases(renders, rng),
    ]


def _captions(photographs: Sequence[Photograph]) -> Iterator[Question]:
    for language in LANGUAGES:
        for each in photographs:
            text = each.pair.captions[language][0]
            yield Question(f"captions, {language}", text, frozenset({each.path}))


def _albums(photographs: Sequence[Photograph]) -> Iterator[Question]:
    members: dict[str, list[Photograph]] = defaultdict(list)
    for each in photographs:
        members[each.album].append(each)
    for album in PROPER_NAMES:
        yield Question("album", album, frozenset(each.path for each in members[album]))
        for thing in THINGS:
            right = frozenset(each.path for each in members[album] if each.shows(thing))
            if right:
                yield Question("thing in an album", f"{thing} {album}", right)


def _things(photographs: Sequence[Photograph]) -> Iterator[Question]:
    for thing in THINGS:
        right = frozenset(each.path for each in photographs if each.shows(thing))
        if len(right) >= FEWEST_RIGHT:
            for text in (thing, f"a {thing}"):
                yield Question("thing", text, right)


def _phrases(renders: Sequence[Mapping[str, Any]], rng: random.Random) -> Iterator[Question]:
    """Yield a phrase of each picture with text; the pictures that have it are the right ones."""
    texts = {f"text/{each['name']}": " \n ".join(each["lines"]) for each in renders}
    for each in renders:
        if phrase := phrase_of(rng, each["lines"]):
            right = (path for path, text in texts.items() if phrase in text)
            yield Question("text", phrase, frozenset(right))
