"""The confidence of a built-in pair, fitted again: writes knowledge.json into the pair's folder.

    python -m benchmarks.confidence PAIR --data DATA --minilm MINILM

PAIR is the pair's folder. The suite's parts name pictures of training splits; those that
`held_out` leaves are the ones that the pair learned from. DATA has the pictures, MINILM
all-MiniLM-L6-v2.
"""

import argparse
import gzip
from pathlib import Path

from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from indexer.evaluation.suite.definition import read_definition
from indexer.evaluation.suite.reading import FILE, read_suite
from indexer.training.builtin.confidence.fit import fit_confidence
from indexer.training.builtin.examples import minilm_teacher
from indexer.training.builtin.named import glossary

SUITE = Path(__file__).parent / "training_suite"
SENTENCES = "flickr30k_sentences_en.txt.gz"
"""English sentences without pictures that the text tower learned from."""


def main() -> None:
    """Fit the confidence of one pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--suite", type=Path, default=SUITE)
    parser.add_argument("--minilm", type=Path, required=True)
    arguments = parser.parse_args()
    suite = read_suite(arguments.suite, arguments.data)
    with gzip.open(arguments.data / SENTENCES, "rt", encoding="utf-8") as file:
        sentences = file.read().splitlines()
    lines = fit_confidence(
        arguments.folder,
        suite.sentences,
        suite.classes,
        _trained(arguments.suite, arguments.data),
        glossary(),
        minilm_teacher(arguments.minilm),
        sentences,
    )
    for line in lines:
        print(line)


def _trained(suite: Path, data: Path) -> list[CaptionedPicture]:
    """Return the pictures of the suite's parts that are not held out."""
    definition = read_definition(suite / FILE)
    return [
        picture
        for part in (*definition.sentences, *definition.classes)
        if part.held_out is not None
        for picture in split(
            read_pairs(
                data / part.captions, data / part.images if part.images else None, part.where
            ),
            part.held_out,
        )[0]
    ]


if __name__ == "__main__":
    main()
