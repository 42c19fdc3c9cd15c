"""The querybank of a pair: its training texts and pictures, as it embeds them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.report import embedded_pictures, embedded_texts
from search.encoders.onnx_pair.builtin import open_builtin
from search.encoders.onnx_pair.pair_folder import DESCRIPTION, QUERYBANK, describe, file_digest
from search.encoders.onnx_pair.querybank import Querybank, nearness
from search.records import Vectors

BANK = 2_048
"""The number of texts, and of pictures: 1.6 MB each in the file, 0.2% of a picture's arithmetic."""

# Chosen on held-out photographs, alone and among others: docs/notes/encoder-log.md.
SHARE, LOWERED, RAISED, LEVER = 0.75, 0.08, 0.03, 3.0


def add_querybank(
    folder: Path, pairs: Sequence[CaptionedPicture], before: Querybank | None = None
) -> bool:
    """Embed a draw of the pair's training data (`pairs`), and add it to the files in `folder`.

    Only texts that people wrote count, as people ask, and not their translations. Where there are
    fewer than a bank, `before` fills it up: the querybank of the pair that training started from,
    whose vectors come from its towers before training. Fewer rows than the width of the vectors are
    too few: then nothing is added, and False is returned.

    Raises:
        EncoderUnavailable: the pair's files are damaged.
        BadPicture: a picture can't be read.
        OSError: the file can't be written.
    """
    encoder, facts = open_builtin(folder), json.loads((folder / DESCRIPTION).read_bytes())
    draw = np.random.default_rng(0)
    captions = sorted({text for pair in pairs for own in pair.captions.values() for text in own})
    text_sample = [captions[place] for place in draw.permutation(len(captions))[:BANK]]
    picture_sample = [pairs[place] for place in draw.permutation(len(pairs))[:BANK]]
    texts = _fill(embedded_texts(encoder, text_sample), before.texts if before else None)
    pictures = _fill(
        embedded_pictures(encoder, picture_sample), before.pictures if before else None
    )
    if min(len(texts), len(pictures)) < encoder.space.width:
        return False
    sharpness = float(facts["scale"])
    bank = Querybank(
        texts=texts,
        pictures=pictures,
        directions=_flat_directions(texts, pictures),
        sharpness=sharpness,
        share=SHARE,
        max_drop=LOWERED,
        max_rise=RAISED,
        lever=LEVER,
        usual=(
            float(np.median(nearness(pictures, texts, sharpness))),
            float(np.median(nearness(texts, pictures, sharpness))),
        ),
    )
    (folder / QUERYBANK).write_bytes(bank.to_bytes())
    facts["sha256"][QUERYBANK] = file_digest(folder / QUERYBANK)
    describe(folder, facts)
    return True


def _fill(vectors: Vectors, more: Vectors | None) -> Vectors:
    return vectors if more is None else np.concatenate([vectors, more])[:BANK]


def _flat_directions(*banks: Vectors) -> Vectors:
    """Return the four directions (4, width) in which the banks' vectors vary least."""
    moments = sum(bank.T @ bank / len(bank) for bank in banks)
    directions: Vectors = np.linalg.eigh(moments)[1][:, :4].T.astype(np.float32)
    return directions
