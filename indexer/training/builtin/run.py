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
from indexer.training.builtin.pretrained import MOBILENET, reading
from indexer.training.builtin.querybank import add_querybank
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.views import Views
from search.errors import BadSetting
from search.text.amounts import amount

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a run learns from; `labelled` and `sentences` may be missing."""

    captions: Path
    images: Path | None
    backbone: Path
    minilm: Path
    labelled: Path | None
    sentences: list[str]


def run(sources: Sources, recipe: TrainingConfig, out: Path, device: str) -> Iterator[str]:
    """Train or resume the members of the run in `out`, export their mean, and report progress.

    Raises:
        BadSource: the data can't be read or is too little.
        BadSetting: the batch is larger than the data, or all pictures are held out.
        TrainingStopped, StorageFailed, ExportDiffers: as the parts say.
    """
    captioned = read_pairs(sources.captions, sources.images)
    taught, held = split(captioned, recipe.held_out)
    words = glossary()
    labelled = read_labelled(sources.labelled, out / "labelled", words) if sources.labelled else []
    if recipe.batch > len(taught) + len(labelled):
        given = amount(len(taught) + len(labelled), "picture")
        raise BadSetting(
            "batch-too-large",
            "a batch of {batch} is more than the {pictures} to train on ({held_out} held "
            "out); choose a smaller --batch or --held-out",
            batch=recipe.batch,
            pictures=given,
            held_out=len(held),
        )
    yield f"{len(taught)} captioned and {len(labelled)} labelled pictures, {len(held)} held out"
    begun = start(taught, sources.backbone, sources.minilm, recipe, words)
    pictures = captioned + labelled
    views = Views(pictures)
    examples, lessons = _taught(pictures, begun, sources, views)
    place_of = {pair.path: place for place, pair in enumerate(pictures)}
    places, held_places = (_places(part, place_of) for part in (taught + labelled, held))
    data, averages, steps = fingerprint(taught), [], 0
    for number in range(recipe.members):
        pair, part = copy.deepcopy(begun.pair), out / f"member-{number + 1}"
        running = Run(pair, recipe.member(number), part, data, device, lessons)
        yield from _trained(running, examples, views, places, held_places)
        averages.append(running.average)
        steps += running.step
    mean = mean_of(averages)
    if len(held_places):
        yield _told({"members": recipe.members, **recalls(mean, examples, views, held_places)})
    facts: dict[str, Any] = {
        "format": 1,
        "name": "builtin",
        "languages": list(LANGUAGES),
        "positions": begun.shape.positions,
        "training": {"data": data, "recipe": asdict(recipe), "step": steps},
    }
    cosines = export(mean, begun.tokenizers[0], out / "pair", facts)
    if not add_querybank(out / "pair", taught + labelled):
        yield "too few pictures and captions for a querybank: hubs are not held back"
    yield f"exported; cosine with torch: {cosines}"


def _trained(
    running: Run,
    examples: PairExamples,
    views: Views,
    places: NDArray[np.int64],
    held_places: NDArray[np.int64],
) -> Iterator[str]:
    if running.resume():
        yield f"going on from step {running.step} in {str(running.folder)!r}"
    for record in running.epochs(examples, views, places):
        if len(held_places):
            record |= recalls(running.average, examples, views, held_places)
        running.note(record)
        yield _told(record)


def _told(record: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in record.items())


def _taught(
    pictures: list[CaptionedPicture], begun: Start, sources: Sources, views: Views
) -> tuple[PairExamples, Lessons]:
    teach = minilm_teacher(sources.minilm)
    examples = examples_of(pictures, begun.tokenizers, teach)
    words = glossary()
    with reading(sources.backbone, MOBILENET):
        weights = load_file(sources.backbone)
        head = (weights["head.weight"], weights["head.bias"])
    pools = [word_pool(words, begun.tokenizers, teach)]
    if sources.sentences:
        pools.append(sentence_pool(sources.sentences, begun.tokenizers[0], teach))
    # open_clip carries the 1,000 classes' names that CLIP's authors edited for prompts.
    from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES

    tokenizer = begun.tokenizers[0]
    prompts = [tokenizer.encode(f"a photo of a {name}").ids for name in IMAGENET_CLASSNAMES]
    opinions = opinions_of(begun.pair.pictures, head, views)
    return examples, Lessons(pools, prompts, opinions)


def _places(pairs: list[CaptionedPicture], place_of: dict[Path, int]) -> NDArray[np.int64]:
    return np.array([place_of[pair.path] for pair in pairs], np.int64)
