"""A teacher's view of a run's pictures and captions, asked once and kept in a file."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.report import embedded_pictures, embedded_texts
from indexer.training.finetune.objective import Taught
from search.encoders import Encoder
from search.errors import StorageFailed


def ask(
    teacher: Encoder,
    pictures: Sequence[CaptionedPicture],
    texts: Sequence[str],
    folder: Path,
    data: str,
) -> Taught:
    """The teacher's rows of pictures and texts; `data` and its space name the file in `folder`.

    It sees each picture plain, once: asking it about every crop would cost more than the training.

    Raises:
        StorageFailed: the file can't be written.
    """
    file = folder / f"teacher-{teacher.space.id}-{data}.npz"
    if file.exists():
        with np.load(file) as held:
            return Taught(held["pictures"], held["texts"])
    taught = Taught(
        _half(embedded_pictures(teacher, pictures)), _half(embedded_texts(teacher, texts))
    )
    part = file.with_suffix(".part.npz")
    try:
        np.savez(part, pictures=taught.pictures, texts=taught.texts)
        os.replace(part, file)
    except OSError as error:
        raise StorageFailed(
            f"can't keep the teacher's vectors in {str(file)!r}: {error}; make room, then run the "
            "same command again"
        ) from error
    return taught


def _half(vectors: NDArray[np.float32]) -> NDArray[np.float16]:
    return vectors.astype(np.float16)
