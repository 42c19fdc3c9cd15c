"""One training run from files to a shipped pair, for `limn train-builtin`."""

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.captioned_pictures import CaptionedPicture, fingerprint
from indexer.evaluation.suite.reading import PictureSet
from indexer.training.builtin.classes import ClassTexts, class_names, opinions_of
from indexer.training.builtin.confidence.fit import fit_confidence
from indexer.training.builtin.distillation import Lessons, sentence_pool, word_pool
from indexer.training.builtin.examples import PairExamples, Teach, examples_of, minilm_teacher
from indexer.training.builtin.export import export
from indexer.training.builtin.heldout import precisions, recalls
from indexer.training.builtin.initial_weights import Start, start
from indexer.training.builtin.loop import Run
from indexer.training.builtin.multilingual import e5_embedder, translated_teacher
from indexer.training.builtin.named import LANGUAGES, glossary
from indexer.training.builtin.pair import TrainedPair, mean_of
from indexer.training.builtin.picture_sources import FreshViews, PictureSource, store_features
from indexer.training.builtin.querybank import add_querybank
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.sources import Data, Sources, read_sources
from indexer.training.builtin.views import Views
from indexer.training.run_folder import pair_unwritable

TRANSLATIONS = 5_000
"""Translated captions that the teacher of Chinese is fitted to, besides all names of things."""


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
    data = read_sources(sources, recipe, out)
    yield (
        f"{len(data.training)} pictures to learn from, {len(data.held_out)} captioned and "
        f"{len(data.held_out_names)} named ones held out"
    )
    words = glossary() + [(english, chinese) for _, english, chinese in class_names()]
    initial = start(
        data.training,
        sources.backbone,
        sources.minilm,
        recipe,
        words,
        sources.chinese,
        sources.texts,
    )
    views = Views(data.pictures)
    teach = minilm_teacher(sources.minilm)
    school = School(
        data,
        views,
        examples_of(data.pictures, initial.tokenizers, teach),
        _lessons(sources, data.training, initial, views, words, teach),
    )
    content = _identity(data, sources, initial)

    def runner(pair: TrainedPair, settings: TrainingConfig, folder: str) -> Run:
        return Run(pair, settings, out / folder, content, device, school.lessons)

    head = runner(initial.pair, recipe.head_stage(), "head")
    if head.resume():
        yield _resumed(head)
    if head.is_unfinished(len(data.training)):
        yield "storing the features of the backbone"
        yield from _train(head, school, store_features(head.pair.pictures, views))
    averages, steps = [], 0
    for number in range(recipe.members):
        pair = copy.deepcopy(head.average)
        member = runner(pair, recipe.member(number), f"member-{number + 1}")
        if member.resume():
            yield _resumed(member)
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
    try:
        cosines = export(mean, initial.tokenizers[0], out / "pair", facts)
        if not add_querybank(out / "pair", data.training):
            yield "too few pictures and captions for a querybank: hubs are not held back"
        yield f"exported; cosine with torch: {cosines}"
        yield from fit_confidence(
            out / "pair",
            _picture_sets("captions", data.held_out),
            _picture_sets("names", data.held_out_names),
            data.training,
            words,
            teach,
            sources.sentences + sources.chinese,
        )
    except OSError as error:
        raise pair_unwritable(out / "pair", error) from error


def _picture_sets(name: str, pictures: list[CaptionedPicture]) -> list[PictureSet]:
    return [PictureSet(name, pictures, {})] if pictures else []


def _identity(data: Data, sources: Sources, initial: Start) -> str:
    """Return a name of all that a run begins with; a run is resumed with the same alone."""
    digest = hashlib.sha256(initial.tokenizers[0].to_str().encode())
    digest.update(repr((sources.sentences, sources.chinese)).encode())
    for weights in (initial.pair.texts.words.weight, initial.classifier[0]):
        digest.update(weights.detach().numpy().tobytes())
    return f"{fingerprint(data.training)}-{digest.hexdigest()[:12]}"


def _resumed(run: Run) -> str:
    return f"going on from step {run.step} in {str(run.folder)!r}"


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
