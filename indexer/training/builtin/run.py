"""One training run from files to a shipped pair, for `limn train-builtin`."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.captioned_pictures import CaptionedPicture, fingerprint, read_pairs, split
from indexer.training.builtin.classes import ClassTexts, class_names, opinions_of
from indexer.training.builtin.distillation import Lessons, sentence_pool, word_pool
from indexer.training.builtin.examples import PairExamples, Teach, examples_of, minilm_teacher
from indexer.training.builtin.export import export
from indexer.training.builtin.heldout import LANGUAGES, precisions, recalls
from indexer.training.builtin.initial_weights import Start, start
from indexer.training.builtin.loop import Run
from indexer.training.builtin.multilingual import e5_embedder, translated_teacher
from indexer.training.builtin.named import glossary, read_labelled, read_named
from indexer.training.builtin.pair import TrainedPair, mean_of
from indexer.training.builtin.picture_sources import FreshViews, PictureSource, store_features
from indexer.training.builtin.querybank import add_querybank
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.views import Views
from search.errors import BadSetting
from search.text.amounts import amount

TRANSLATIONS = 5_000
"""Translated captions that the teacher of Chinese is fitted to, besides all names of things."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files and texts that a run learns from; all but the first four may be missing.

    `sentences` are English and `chinese` Chinese sentences without pictures.
    """

    captions: Path
    images: Path | None
    backbone: Path
    minilm: Path
    names: Path | None = None
    labels: Path | None = None
    sentences: list[str] = field(default_factory=list)
    chinese: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Data:
    """The pictures of a run: those to learn from, and the held-out ones, captioned and named."""

    training: list[CaptionedPicture]
    held_out: list[CaptionedPicture]
    held_out_named: list[CaptionedPicture]

    @property
    def pictures(self) -> list[CaptionedPicture]:
        """Return all pictures; a picture's place here is its number everywhere else."""
        return self.training + self.held_out + self.held_out_named

    @property
    def places(self) -> tuple[NDArray[np.int64], ...]:
        """Return the places of the three parts."""
        ends = np.cumsum([0, len(self.training), len(self.held_out), len(self.held_out_named)])
        return tuple(np.arange(ends[part], ends[part + 1]) for part in range(3))


@dataclass(frozen=True, slots=True)
class School:
    """Data that all runs of a pair share: the pictures, their captions, and the lessons."""

    data: Data
    views: Views
    examples: PairExamples
    lessons: Lessons

    def figures(self, pair: TrainedPair) -> dict[str, float]:
        """Return what the pair finds among the held-out pictures."""
        _, captions, names = self.data.places
        figures = recalls(pair, self.examples, self.views, captions) if len(captions) else {}
        if len(names):
            figures |= precisions(pair, self.examples, self.views, names)
        return figures


def run(sources: Sources, recipe: TrainingConfig, out: Path, device: str) -> Iterator[str]:
    """Train or resume the runs in `out`, export the members' mean, and report progress.

    Raises:
        BadSource: the data can't be read or is too little.
        BadSetting: the batch is larger than the data, or all pictures are held out.
        TrainingStopped, StorageFailed, ExportDiffers: as the parts say.
    """
    data = _read(sources, recipe, out)
    yield (
        f"{len(data.training)} pictures to learn from, {len(data.held_out)} captioned and "
        f"{len(data.held_out_named)} named ones held out"
    )
    words = glossary() + [(english, chinese) for _, english, chinese in class_names()]
    initial = start(data.training, sources.backbone, sources.minilm, recipe, words, sources.chinese)
    views = Views(data.pictures)
    teach = minilm_teacher(sources.minilm)
    school = School(
        data,
        views,
        examples_of(data.pictures, initial.tokenizers, teach),
        _lessons(sources, data.training, initial, views, words, teach),
    )
    content = fingerprint(data.training)

    def runner(pair: TrainedPair, settings: TrainingConfig, folder: str) -> Run:
        return Run(pair, settings, out / folder, content, device, school.lessons)

    head = runner(initial.pair, recipe.head_stage(), "head")
    if not head.resume():
        yield "storing the features of the body"
    if head.is_unfinished(len(data.training)):
        yield from _train(head, school, store_features(head.pair.pictures, views))
    averages, steps = [], 0
    for number in range(recipe.members):
        pair = copy.deepcopy(head.average)
        member = runner(pair, recipe.member(number), f"member-{number + 1}")
        if member.resume():
            yield f"going on from step {member.step} in {str(member.folder)!r}"
        yield from _train(member, school, FreshViews(views, recipe.mixed, device))
        averages.append(member.average)
        steps += member.step
    mean = mean_of(averages)
    yield _format_record({"members": recipe.members, **school.figures(mean)})
    facts: dict[str, Any] = {
        "format": 1,
        "name": "builtin",
        "languages": list(LANGUAGES),
        "positions": initial.shape.positions,
        "training": {"data": content, "recipe": asdict(recipe), "step": steps},
    }
    cosines = export(mean, initial.tokenizers[0], out / "pair", facts)
    if not add_querybank(out / "pair", data.training):
        yield "too few pictures and captions for a querybank: hubs are not held back"
    yield f"exported; cosine with torch: {cosines}"


def _read(sources: Sources, recipe: TrainingConfig, out: Path) -> Data:
    training, held_out = split(read_pairs(sources.captions, sources.images), recipe.held_out)
    held_out_named: list[CaptionedPicture] = []
    if sources.names:
        more, held_out_named = split(read_named(sources.names), recipe.held_out)
        training += more
    if sources.labels:
        training += read_labelled(sources.labels, out / "labelled", glossary())
    if recipe.batch > len(training):
        raise BadSetting(
            "batch-too-large",
            "a batch of {batch} is more than the {pictures} to train on ({held_out} held "
            "out); choose a smaller --batch or --held-out",
            batch=recipe.batch,
            pictures=amount(len(training), "picture"),
            held_out=len(held_out),
        )
    return Data(training, held_out, held_out_named)


def _train(member: Run, school: School, source: PictureSource) -> Iterator[str]:
    places = school.data.places[0]
    for record in member.epochs(school.examples, source, places):
        record |= school.figures(member.average)
        member.note(record)
        yield _format_record(record)


def _format_record(record: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in record.items())


def _lessons(
    sources: Sources,
    pictures: Sequence[CaptionedPicture],
    initial: Start,
    views: Views,
    words: Sequence[tuple[str, str]],
    teach: Teach,
) -> Lessons:
    tokenizer = initial.tokenizers[0]
    pools = [word_pool(words, initial.tokenizers, teach)]
    if sources.sentences:
        pools.append(sentence_pool(sources.sentences, tokenizer, teach))
    if sources.chinese:
        translations = [pair for picture in pictures for pair in picture.translations]
        translations = translations[:TRANSLATIONS] + list(words)
        teach_chinese = translated_teacher(translations, teach, e5_embedder())
        pools.append(sentence_pool(sources.chinese, tokenizer, teach_chinese))
    opinions = opinions_of(initial.pair.pictures, initial.classifier, views)
    return Lessons(pools, ClassTexts(class_names(), tokenizer), opinions)
