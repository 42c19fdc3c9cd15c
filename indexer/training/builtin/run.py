"""One training run from files to a shipped pair, for `limn train-builtin`."""

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file

from indexer.captioned_pictures import CaptionedPicture, fingerprint, read_pairs, split
from indexer.training.builtin.distillation import Lessons, opinions_of, sentence_pool, word_pool
from indexer.training.builtin.examples import PairExamples, examples_of, minilm_teacher
from indexer.training.builtin.export import export
from indexer.training.builtin.initial_weights import Start, start
from indexer.training.builtin.labelled import glossary, read_labelled
from indexer.training.builtin.loop import Run
from indexer.training.builtin.pair import mean_of, recalls
from indexer.training.builtin.pretrained import MOBILENET, source_errors
from indexer.training.builtin.querybank import add_querybank
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.views import Views
from search.errors import BadSetting
from search.text.amounts import amount

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a run learns from; `labels` and `sentences` may be missing."""

    captions: Path
    images: Path | None
    backbone: Path
    minilm: Path
    labels: Path | None
    sentences: list[str]


def run(sources: Sources, recipe: TrainingConfig, out: Path, device: str) -> Iterator[str]:
    """Train or resume the members of the run in `out`, export their mean, and report progress.

    Raises:
        BadSource: the data can't be read or is too little.
        BadSetting: the batch is larger than the data, or all pictures are held out.
        TrainingStopped, StorageFailed, ExportDiffers: as the parts say.
    """
    pairs = read_pairs(sources.captions, sources.images)
    training_pairs, holdout = split(pairs, recipe.held_out)
    words = glossary()
    label_pairs = read_labelled(sources.labels, out / "labelled", words) if sources.labels else []
    if recipe.batch > len(training_pairs) + len(label_pairs):
        total = amount(len(training_pairs) + len(label_pairs), "picture")
        raise BadSetting(
            "batch-too-large",
            "a batch of {batch} is more than the {pictures} to train on ({held_out} held "
            "out); choose a smaller --batch or --held-out",
            batch=recipe.batch,
            pictures=total,
            held_out=len(holdout),
        )
    yield (
        f"{len(training_pairs)} captioned and {len(label_pairs)} labelled pictures, "
        f"{len(holdout)} held out"
    )
    initial = start(training_pairs, sources.backbone, sources.minilm, recipe, words)
    pictures = pairs + label_pairs
    views = Views(pictures)
    examples, lessons = _prepare_examples(pictures, initial, sources, views)
    place_of = {pair.path: place for place, pair in enumerate(pictures)}
    places, holdout_places = (
        _places(part, place_of) for part in (training_pairs + label_pairs, holdout)
    )
    data, averages, steps = fingerprint(training_pairs), [], 0
    for number in range(recipe.members):
        pair, part = copy.deepcopy(initial.pair), out / f"member-{number + 1}"
        member = Run(pair, recipe.member(number), part, data, device, lessons)
        yield from _train(member, examples, views, places, holdout_places)
        averages.append(member.average)
        steps += member.step
    mean = mean_of(averages)
    if len(holdout_places):
        yield _format_record(
            {"members": recipe.members, **recalls(mean, examples, views, holdout_places)}
        )
    facts: dict[str, Any] = {
        "format": 1,
        "name": "builtin",
        "languages": list(LANGUAGES),
        "positions": initial.shape.positions,
        "training": {"data": data, "recipe": asdict(recipe), "step": steps},
    }
    cosines = export(mean, initial.tokenizers[0], out / "pair", facts)
    if not add_querybank(out / "pair", training_pairs + label_pairs):
        yield "too few pictures and captions for a querybank: hubs are not held back"
    yield f"exported; cosine with torch: {cosines}"


def _train(
    member: Run,
    examples: PairExamples,
    views: Views,
    places: NDArray[np.int64],
    held_places: NDArray[np.int64],
) -> Iterator[str]:
    if member.resume():
        yield f"going on from step {member.step} in {str(member.folder)!r}"
    for record in member.epochs(examples, views, places):
        if len(held_places):
            record |= recalls(member.average, examples, views, held_places)
        member.note(record)
        yield _format_record(record)


def _format_record(record: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in record.items())


def _prepare_examples(
    pictures: list[CaptionedPicture], initial: Start, sources: Sources, views: Views
) -> tuple[PairExamples, Lessons]:
    teach = minilm_teacher(sources.minilm)
    examples = examples_of(pictures, initial.tokenizers, teach)
    words = glossary()
    with source_errors(sources.backbone, MOBILENET):
        weights = load_file(sources.backbone)
        head = (weights["head.weight"], weights["head.bias"])
    pools = [word_pool(words, initial.tokenizers, teach)]
    if sources.sentences:
        pools.append(sentence_pool(sources.sentences, initial.tokenizers[0], teach))
    # open_clip carries the 1,000 classes' names that CLIP's authors edited for prompts.
    from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES

    tokenizer = initial.tokenizers[0]
    prompts = [tokenizer.encode(f"a photo of a {name}").ids for name in IMAGENET_CLASSNAMES]
    opinions = opinions_of(initial.pair.pictures, head, views)
    return examples, Lessons(pools, prompts, opinions)


def _places(pairs: list[CaptionedPicture], place_of: dict[Path, int]) -> NDArray[np.int64]:
    return np.array([place_of[pair.path] for pair in pairs], np.int64)
