"""The confidence of the first edition of the built-in pair, fitted again: writes knowledge.json.

    python -m benchmarks.confidence PAIR --data DATA --minilm MINILM

PAIR is the pair's folder, DATA has the pictures, MINILM all-MiniLM-L6-v2. The words that the pair
knows are those of what it learned from. Later editions are fitted at the end of their training.
"""

import argparse
import tempfile
from pathlib import Path

from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from indexer.evaluation.suite.reading import read_suite
from indexer.training.builtin.confidence.fit import fit_confidence
from indexer.training.builtin.examples import minilm_teacher
from indexer.training.builtin.named import (
    COMMON_NAMES,
    glossary,
    read_labelled,
    with_sentences,
)
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.sources import sample_lines

SUITE = Path(__file__).parent / "training_suite"


def main() -> None:
    """Fit the confidence of one pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, required=True)
    arguments = parser.parse_args()
    suite = read_suite(SUITE, arguments.data)
    with tempfile.TemporaryDirectory() as scratch:
        lines = fit_confidence(
            arguments.folder,
            suite.sentences,
            suite.classes,
            learned_pictures(arguments.data, Path(scratch)),
            glossary()[:COMMON_NAMES],
            minilm_teacher(arguments.minilm),
            sample_lines(arguments.data / "flickr30k_sentences_en.txt.gz", TrainingConfig().seed),
        )
        for line in lines:
            print(line)


def learned_pictures(data: Path, scratch: Path) -> list[CaptionedPicture]:
    """Return the pictures that the first edition learned from; some are unpacked to `scratch`."""
    pairs = read_pairs(data / "flickr8k/train/captions.csv")
    names = glossary()[:COMMON_NAMES]
    labelled = read_labelled(data / "caltech101/caltech101-000.tar", scratch, names)
    return split(pairs, TrainingConfig().held_out)[0] + [*map(with_sentences, labelled)]


if __name__ == "__main__":
    main()
