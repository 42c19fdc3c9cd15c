"""What an exclusion is worth: questions for one kind of thing without another, through Engine.

    python -m benchmarks.exclusion FOLDER/captions.csv

A picture shows a thing if one of its captions names it, indexed or not. A question needs 15
pictures of the wanted thing without the excluded one, and 5 with both. The table has the shares of
the first ten hits, without the exclusion and with it: averages, with the half of a 95% interval.
`hard` questions are those whose first ten show the excluded thing three times or more.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance import indexed
from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from search.engine import Engine
from search.query.records import Query, TextTerm
from search.query.syntax import USUAL_MINUS
from search.text.analysis import words_of

FIRST = 10
FEWEST_WANTED, FEWEST_BOTH = 15, 5
HARD = 3

ENGLISH = {
    "people": "people person man men guy woman women lady boy boys girl girls child children kid "
    "kids baby toddler crowd player players family couple adult adults skateboarder cyclist biker "
    "snowboarder skier climber hiker surfer",
    "a man": "man men guy",
    "a woman": "woman women lady ladies",
    "a boy": "boy boys",
    "a girl": "girl girls",
    "children": "child children boy boys girl girls kid kids baby toddler",
    "a dog": "dog dogs puppy puppies",
    "water": "water ocean sea lake river pool wave waves",
    "a beach": "beach shore",
    "grass": "grass grassy lawn field",
    "snow": "snow snowy",
    "a ball": "ball football soccer basketball tennis baseball volleyball",
    "a street": "street road sidewalk",
    "trees": "tree trees forest woods",
    "a bicycle": "bike bikes bicycle bicycles cyclist biker",
    "a mountain": "mountain mountains hill cliff",
    "a building": "building buildings",
    "a car": "car cars",
}
CHINESE = {
    "人": "人 男 女 孩 婴",
    "男人": "男人 男子 男士",
    "女人": "女人 女子 女士",
    "孩子": "孩",
    "狗": "狗 犬",
    "水": "水 海 湖 河 泳池 浪",
    "海滩": "海滩 沙滩 海边",
    "草地": "草",
    "雪": "雪",
    "球": "球",
    "街道": "街 路",
    "树": "树 林",
    "自行车": "自行车 单车",
    "山": "山",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A wanted and an excluded thing, and the names of the pictures that show each."""

    wanted: str
    excluded: str
    shows_wanted: frozenset[str]
    shows_excluded: frozenset[str]


def main() -> None:
    """Print the figures of both languages, with captions and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--held-out", type=int, help="only so many, drawn as `limn train` does")
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.captions)
    if arguments.held_out:
        pairs = split(pairs, arguments.held_out)[1]
    for language in ("en", "zh"):
        questions = list(questions_to(pairs, language))
        for name, bare in (
            ("no captions", {each.path.name for each in pairs}),
            ("captions", set()),
        ):
            with indexed(pairs, language, bare) as engine:
                report(f"{language}, {name}", engine, questions)


def questions_to(pairs: Sequence[CaptionedPicture], language: str) -> Iterator[Question]:
    """Yield the questions to these pictures."""
    things = ENGLISH if language == "en" else CHINESE
    shown = {thing: _showing(pairs, language, names.split()) for thing, names in things.items()}
    for wanted, with_wanted in shown.items():
        for excluded, with_excluded in shown.items():
            related = set(things[wanted].split()) & set(things[excluded].split())
            both = with_wanted & with_excluded
            if (
                not related
                and len(with_wanted - both) >= FEWEST_WANTED
                and len(both) >= FEWEST_BOTH
            ):
                yield Question(wanted, excluded, with_wanted, with_excluded)


def _showing(
    pairs: Sequence[CaptionedPicture], language: str, names: Sequence[str]
) -> frozenset[str]:
    """Return the names of the pictures with a caption that names a thing."""
    stems = {word for name in names for word in words_of(name)}

    def names_it(text: str) -> bool:
        if language == "en":
            return bool(stems & set(words_of(text)))
        return any(name in text for name in names)

    return frozenset(
        each.path.name for each in pairs if any(map(names_it, each.captions.get(language, ())))
    )


def report(title: str, engine: Engine, questions: Sequence[Question]) -> None:
    """Print the shares among the first ten hits."""
    rows = np.array([_shares(engine, each) for each in questions])
    hard = rows[:, 1] >= HARD / FIRST
    print(f"\n{title}")
    for kind, chosen in (("all", np.ones(len(rows), bool)), ("hard", hard)):
        before, shown_before, after, shown_after = rows[chosen].T
        print(
            f"{kind}, {chosen.sum()} questions: excluded shown {_interval(shown_before)} -> "
            f"{_interval(shown_after)}; wanted shown {_interval(before)} -> {_interval(after)}"
        )


def _shares(engine: Engine, question: Question) -> tuple[float, float, float, float]:
    wanted = TextTerm(question.wanted)
    result: list[float] = []
    for terms in ((wanted,), (wanted, TextTerm(question.excluded, -USUAL_MINUS))):
        names = {hit.picture.path.name for hit in engine.search(Query(terms, k=FIRST))}
        result += [
            len(names & question.shows_wanted) / FIRST,
            len(names & question.shows_excluded) / FIRST,
        ]
    return result[0], result[1], result[2], result[3]


def _interval(shares: NDArray[np.float64]) -> str:
    if len(shares) < 2:
        return "-"
    half = 1.96 * shares.std(ddof=1) / np.sqrt(len(shares))
    return f"{shares.mean():.3f} +- {half:.3f}"


if __name__ == "__main__":
    main()
