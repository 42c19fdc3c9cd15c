"""What marks are worth: a user who marks the first hits right and wrong, through Engine.

    python -m benchmarks.feedback FOLDER/captions.csv [--classes caltech101.tar]

Pictures are indexed without captions. Captions say what is right: a picture shows a word if two or
more of its captions have it. Some users mean what they say, others more: they say "dog" and mean a
dog in snow. With --classes the pictures of a WebDataset of classes are searched by theirs. The
first 20 hits are marked, best first; counted is what is found of the rest.
"""

import argparse
import random
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.relevance import Silent
from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from indexer.indexing.pipeline import index
from indexer.sources.options import SourceOptions
from indexer.sources.registry import open_source
from indexer.training.adapter.gate import train_adapter
from search.bootstrap import open_engine
from search.engine import Engine
from search.pictures import Limits
from search.query.records import Query, TextTerm
from search.settings import Settings
from search.text.analysis import words_of

SHOWN = 20
MARKS = (1, 2, 4, 5, 10, 20)

DEPTH = 50
"""Of so many hits that were not shown before, those that are right are counted."""

FEWEST, MOST = 15, 200
"""How many pictures a question is right about; with fewer, nothing is left after marking."""

TASKS = 60


@dataclass(frozen=True, slots=True)
class Task:
    """What is said, and the pictures that are meant."""

    said: str
    meant: frozenset[int]


def main() -> None:
    """Print what marks, and perhaps an adapter, are worth on the captioned pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captions", type=Path)
    parser.add_argument("--held-out", type=int, help="only so many, drawn as `limn train` does")
    parser.add_argument("--classes", type=Path, help="a WebDataset whose captions are classes")
    parser.add_argument("--adapter", action="store_true", help="train one on half of the words")
    parser.add_argument("--odd", action="store_true", help="every second class, from the second")
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.captions)
    if arguments.held_out:
        pairs = split(pairs, arguments.held_out)[1]
    with indexed(pairs) as (engine, ids):
        said, meant = tasks_of(pairs, ids)
        if arguments.adapter:
            print_adapter(engine, said)
            return
        print_gain(engine, "words that mean what they say", said)
        print_gain(engine, "words that mean more", meant)
    if arguments.classes:
        with _engine(arguments.classes) as engine:
            classes = classes_of(engine)[int(arguments.odd) :: 2]
            print_gain(engine, "classes", classes, shown=10)


def print_gain(engine: Engine, name: str, tasks: Sequence[Task], shown: int = SHOWN) -> None:
    """How much more is found of the rest after so many marks, and after a wrong one."""
    gains: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for task in tasks:
        first = [hit.picture.id for hit in engine.search(_query(task, shown))]
        rest = len(task.meant - set(first))
        if rest < 3:
            continue
        right = [each for each in first if each in task.meant]
        wrong = [each for each in first if each not in task.meant]
        marked = {f"{n:2} marks": (first[:n], task.meant) for n in MARKS if n <= shown}
        if wrong:
            marked["1 mark, wrong"] = (wrong[:1], frozenset(wrong[:1]))
        if wrong and len(right) > 3:
            marked["5 marks, 1 wrong"] = (right[:4] + wrong[:1], frozenset(right[:4] + wrong[:1]))
        before = _found(engine, task, (), frozenset(), first) / min(rest, DEPTH)
        for way, (marks, good) in marked.items():
            after = _found(engine, task, marks, good, first) / min(rest, DEPTH)
            gains[way].append((before, after))
    print(f"\n{name}: of the rest, found among the next {DEPTH} hits (tasks)")
    for way, pairs in gains.items():
        before, after = np.array(pairs).T
        worse = (after < 0.7 * before).mean()
        print(
            f"  {way:18}{before.mean() * 100:6.1f}% -> {after.mean() * 100:5.1f}%"
            f"   under 0.7 of before: {worse * 100:4.1f}%  ({len(pairs)})"
        )


def print_adapter(engine: Engine, tasks: Sequence[Task]) -> None:
    """Measure what an adapter trained on half of the words does for the other half."""
    marked, others = tasks[::2], tasks[1::2]
    for task in marked:
        first = [hit.picture.id for hit in engine.search(_query(task, SHOWN))]
        more = tuple(each for each in first if each in task.meant)
        less = tuple(each for each in first if each not in task.meant)
        engine.catalog.marks.store(_query(task, 1, more, less))
    figures = {}
    for when in ("before", "after"):
        for name, those in (("marked", marked), ("others", others)):
            found = [
                _found(engine, task, (), frozenset(), ()) / min(len(task.meant), DEPTH)
                for task in those
            ]
            figures[name, when] = float(np.mean(found)) * 100
        if when == "before":
            done = train_adapter(engine, "measured", anyway=True)
    print(f"gate, on held-out questions: before {done.before}; after {done.after}")
    for name, those in (("marked", marked), ("others", others)):
        print(
            f"of what is meant by {len(those)} words ({name}), found among the first {DEPTH}: "
            f"{figures[name, 'before']:.1f}% -> {figures[name, 'after']:.1f}%"
        )


def _found(
    engine: Engine, task: Task, marks: Sequence[int], good: frozenset[int], first: Sequence[int]
) -> int:
    more = tuple(each for each in marks if each in good)
    less = tuple(each for each in marks if each not in good)
    hits = engine.search(_query(task, DEPTH + len(first), more, less))
    found = [hit.picture.id for hit in hits if hit.picture.id not in first][:DEPTH]
    return len(task.meant & set(found))


def _query(task: Task, k: int, more: tuple[int, ...] = (), less: tuple[int, ...] = ()) -> Query:
    return Query((TextTerm(task.said),), k=k, by=("picture",), more=more, less=less)


@contextmanager
def _engine(source: Path) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory(prefix="limn-feedback-") as name:
        settings = Settings.from_environment({"LIMN_DATA_DIR": name})
        with open_engine(settings) as engine:
            encoder = engine.encoder(settings.encoder)
            sources = [open_source(source, SourceOptions())]
            index(
                engine.catalog,
                "measured",
                sources,
                encoder,
                workers=1,
                limits=Limits(),
                progress=Silent(),
            )
            yield engine


@contextmanager
def indexed(pairs: Sequence[CaptionedPicture]) -> Iterator[tuple[Engine, Mapping[str, int]]]:
    """Open an engine over the pictures, without captions; yield it with their ids by name."""
    with tempfile.TemporaryDirectory(prefix="limn-feedback-pictures-") as name:
        for pair in pairs:
            shutil.copyfile(pair.path, Path(name) / pair.path.name)
        with _engine(Path(name)) as engine:
            [collection] = engine.collections()
            ids = engine.store(collection).ids().tolist()
            yield (
                engine,
                {each.path.name: each.id for each in engine.catalog.pictures.by_id(ids).values()},
            )


def classes_of(engine: Engine) -> list[Task]:
    """Return a task for each class."""
    [collection] = engine.collections()
    meant: dict[str, set[int]] = defaultdict(set)
    for picture in engine.catalog.pictures.with_captions(collection):
        meant[picture.facts.captions[0].text].add(picture.id)
    return [Task(said, frozenset(ids)) for said, ids in sorted(meant.items()) if len(ids) >= 13]


def tasks_of(
    pairs: Sequence[CaptionedPicture], ids: Mapping[str, int]
) -> tuple[list[Task], list[Task]]:
    """Questions of one word, and of one word where two are meant."""
    holding: dict[str, set[int]] = defaultdict(set)
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        counts: Counter[str] = Counter()
        for text in pair.captions["en"]:
            counts.update(set(words_of(text)))
            for form in re.findall(r"[a-z]+", text.lower()):
                for stem in words_of(form):
                    forms[stem][form] += 1
        for stem, count in counts.items():
            if count > 1:
                holding[stem].add(ids[pair.path.name])
    said = {stem: held for stem, held in sorted(holding.items()) if FEWEST <= len(held) <= MOST}
    named = {stem: forms[stem].most_common(1)[0][0] for stem in said}
    single = [Task(named[stem], frozenset(held)) for stem, held in said.items()]
    double = [
        Task(named[one], frozenset(held & other))
        for one, held in said.items()
        for two, other in said.items()
        if one != two and FEWEST <= len(held & other) <= len(held) / 2
    ]
    drawn = random.Random(0)
    return drawn.sample(single, min(TASKS, len(single))), drawn.sample(
        double, min(TASKS, len(double))
    )


if __name__ == "__main__":
    main()
