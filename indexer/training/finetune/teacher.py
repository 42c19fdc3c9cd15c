"""A teacher's embeddings of a run's pictures and captions, computed once and stored in a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.captioned_pictures import CaptionedPicture
from indexer.evaluation.report import embedded_pictures, embedded_texts
from indexer.training.finetune.objective import TeacherVectors
from search.encoders import Encoder
from search.errors import StorageFailed
from search.files.atomic_file import atomic_file, remove_abandoned


def ask(
    teacher: Encoder,
    pictures: Sequence[CaptionedPicture],
    texts: Sequence[str],
    folder: Path,
    data: str,
) -> TeacherVectors:
    """Return the teacher's rows of pictures and texts, stored in `folder` by `data` and space.

    The teacher embeds each picture plain, once: embedding every crop would cost more than the
    training.

    Raises:
        StorageFailed: the file can't be written.
    """
    file = folder / f"teacher-{teacher.space.id}-{data}.npz"
    if file.exists():
        with np.load(file) as cache:
            return TeacherVectors(cache["pictures"], cache["texts"])
    vectors = TeacherVectors(
        _half(embedded_pictures(teacher, pictures)), _half(embedded_texts(teacher, texts))
    )
    try:
        remove_abandoned(file, older_than_s=0)  # a run's folder has one writer
        with atomic_file(file) as draft:
            np.savez(draft, pictures=vectors.pictures, texts=vectors.texts)
    except OSError as error:
        raise StorageFailed(
            "teacher-unwritable",
            "can't keep the teacher's vectors in {file!r}: {error}; make room, then run the "
            "same command again",
            file=str(file),
            error=error,
        ) from error
    return vectors


def _half(vectors: NDArray[np.float32]) -> NDArray[np.float16]:
    return vectors.astype(np.float16)
