"""One training run from files to a shipped pair: what `limn train-builtin` does."""

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file

from indexer.training.alone import alone, still_losses, still_texts
from indexer.training.examples import Examples, examples_of, minilm_teacher
from indexer.training.export import export
from indexer.training.labelled import glossary, read_labelled
from indexer.training.lessons import Lessons, opinions_of, sentence_pool, word_pool
from indexer.training.loop import Run
from indexer.training.pair import recalls
from indexer.training.pairs import CaptionedPicture, fingerprint, read_pairs, split
from indexer.training.pretrained import MOBILENET, reading
from indexer.training.recipe import Recipe
from indexer.training.shipped import shipped
from indexer.training.start import Start, go_on, start
from indexer.training.views import Views
from search.errors import BadSetting

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a run learns from; `texts`, `labelled` and `sentences` may be missing."""

    captions: Path
    images: Path | None
    backbone: Path
    minilm: Path
    texts: Path | None
    labelled: Path | None
    sentences: list[str]


def run(sources: Sources, recipe: Recipe, out: Path, device: str) -> Iterator[str]:
    """Train, or go on with, the run in `out`, export the averaged pair, and tell how it goes.

    Raises:
        BadSource: the data can't be read or is too little.
        BadSetting: the batch is larger than the data, or all pictures are held out.
        TrainingStopped, StorageFailed, ExportDiffers: as the parts say.
    """
    if not recipe.epochs + recipe.alone:
        raise BadSetting("there is nothing to train: --epochs and --alone are both 0")
    captioned = read_pairs(sources.captions, sources.images)
    taught, held = split(captioned, recipe.held_out)
    words = glossary()
    labelled = read_labelled(sources.labelled, out / "labelled", words) if sources.labelled else []
    if recipe.batch > len(taught) + len(labelled):
        raise BadSetting(
            f"a batch of {recipe.batch} is more than the {len(taught) + len(labelled)} pictures "
            f"to train on ({len(held)} are held out); choose a smaller --batch or --held-out"
        )
    yield f"{len(taught)} captioned and {len(labelled)} labelled pictures, {len(held)} held out"
    if sources.texts:
        begun = go_on(shipped(sources.texts, recipe.dropout), sources.backbone, recipe)
    else:
        begun = start(taught, sources.backbone, sources.minilm, recipe, words)
    pictures = captioned + labelled
    views = Views([pair.path for pair in pictures])
    examples, lessons = _taught(pictures, begun, sources, views)
    place_of = {pair.path: place for place, pair in enumerate(pictures)}
    places, held_places = (_places(part, place_of) for part in (taught + labelled, held))
    running = Run(begun.pair, recipe, out, fingerprint(taught), device, lessons)
    material = (examples, views, places, held_places)
    if recipe.alone and not running.resume():
        first = _alone(running, examples, out / "alone")
        yield from _trained(first, *material)
        running.take(first.average)
    yield from _trained(running, *material)
    facts: dict[str, Any] = {
        "format": 1,
        "name": "builtin",
        "languages": list(LANGUAGES),
        "positions": begun.shape.positions,
        "training": {"data": running.data, "recipe": asdict(recipe), "step": running.step},
    }
    cosines = export(running.average, begun.tokenizers[0], out / "pair", facts)
    yield f"exported; cosine with torch: {cosines}"


def _trained(
    running: Run,
    examples: Examples,
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
        yield ", ".join(f"{name} {value:.4g}" for name, value in record.items())


def _taught(
    pictures: list[CaptionedPicture], begun: Start, sources: Sources, views: Views
) -> tuple[Examples, Lessons]:
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


def _alone(joint: Run, examples: Examples, folder: Path) -> Run:
    """The part of a run that trains the picture tower alone, kept in a folder of its own."""
    still = still_texts(joint.pair, examples, joint.lessons)
    losses = partial(still_losses, still)
    pair = copy.deepcopy(joint.pair)
    return Run(pair, alone(joint.recipe), folder, joint.data, joint.device, joint.lessons, losses)


def _places(pairs: list[CaptionedPicture], place_of: dict[Path, int]) -> NDArray[np.int64]:
    return np.array([place_of[pair.path] for pair in pairs], np.int64)
