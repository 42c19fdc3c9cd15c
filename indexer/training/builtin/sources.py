"""The files that a run of the built-in pair learns from, read into its pictures."""

import gzip
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from indexer.training.builtin.named import glossary, read_labelled, read_named, with_sentences
from indexer.training.builtin.recipe import TrainingConfig
from search.errors import BadSetting, BadSource
from search.text.amounts import amount

SENTENCES = 15_000
"""Sentences without pictures to learn from; the teacher reads some 500 a second."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files and texts that a run learns from; all but the first four may be missing.

    `sentences` are English and `chinese` Chinese sentences without pictures; `texts` is the folder
    of a pair whose text tower is the initial one.
    """

    captions: Path
    images: Path | None
    backbone: Path
    minilm: Path
    names: Path | None = None
    labels: Path | None = None
    sentences: list[str] = field(default_factory=list)
    chinese: list[str] = field(default_factory=list)
    texts: Path | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """The pictures of a run: those to learn from, and the held-out ones.

    The captions of `held_out_names` are names, those of the others sentences.
    """

    training: list[CaptionedPicture]
    held_out: list[CaptionedPicture]
    held_out_names: list[CaptionedPicture]

    @property
    def pictures(self) -> list[CaptionedPicture]:
        """Return all pictures; a picture's place here is its number everywhere else."""
        return self.training + self.held_out + [*map(with_sentences, self.held_out_names)]

    @property
    def places(self) -> tuple[NDArray[np.int64], ...]:
        """Return the places of the three parts."""
        ends = np.cumsum([0, len(self.training), len(self.held_out), len(self.held_out_names)])
        return tuple(np.arange(ends[part], ends[part + 1]) for part in range(3))


def read_sources(sources: Sources, recipe: TrainingConfig, out: Path) -> Data:
    """Read the pictures of a run, whose folder is `out`, and divide them.

    Raises:
        BadSource: a file can't be read.
        BadSetting: the batch is larger than the data, or all pictures are held out.
    """
    training, held_out = split(read_pairs(sources.captions, sources.images), recipe.held_out)
    held_out_names: list[CaptionedPicture] = []
    if sources.names:
        names, held_out_names = split(read_named(sources.names), recipe.held_out)
        training += map(with_sentences, names)
    if sources.labels:
        labels = read_labelled(sources.labels, out / "labelled", glossary())
        training += map(with_sentences, labels)
    if recipe.batch > len(training):
        raise BadSetting(
            "batch-too-large",
            "a batch of {batch} is more than the {pictures} to train on ({held_out} held "
            "out); choose a smaller --batch or --held-out",
            batch=recipe.batch,
            pictures=amount(len(training), "picture"),
            held_out=len(held_out),
        )
    return Data(training, held_out, held_out_names)


def sample_lines(file: Path, seed: int) -> list[str]:
    """Return a draw of the sentences in a gzipped file, one a line.

    Raises:
        BadSource: the file can't be read.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadSource(
            "sentences-unreadable",
            "can't read sentences from {file!r}: {error}",
            file=str(file),
            error=error,
        ) from error
    order = np.random.default_rng(seed).permutation(len(lines))[:SENTENCES]
    return [lines[place] for place in np.sort(order)]
