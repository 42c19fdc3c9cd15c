"""The confidence of a built-in pair, fitted again: writes knowledge.json into the pair's folder.

    python -m benchmarks.confidence search/encoders/onnx_pair/pair --data DATA

The training suite names the held-out pictures; DATA has them, and the texts of training.
"""

import argparse
import gzip
from pathlib import Path

from indexer.captioned_pictures import read_pairs, split
from indexer.evaluation.suite.reading import read_suite
from indexer.training.builtin.confidence.fit import fit_confidence
from indexer.training.builtin.examples import minilm_teacher
from indexer.training.builtin.labelled import glossary

SUITE = Path(__file__).parent / "training_suite"
HELD_OUT = 250


def main() -> None:
    """Fit the confidence of one pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--suite", type=Path, default=SUITE)
    parser.add_argument("--minilm", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    suite = read_suite(arguments.suite, arguments.data)
    pairs = read_pairs(arguments.data / "flickr8k/train/captions.csv")
    trained, _ = split(pairs, HELD_OUT)
    with gzip.open(
        arguments.data / "flickr30k_sentences_en.txt.gz", "rt", encoding="utf-8"
    ) as file:
        sentences = file.read().splitlines()
    embed = minilm_teacher(arguments.minilm)
    for line in fit_confidence(
        arguments.folder, suite.sentences, suite.classes, trained, glossary(), embed, sentences
    ):
        print(line)


if __name__ == "__main__":
    main()
