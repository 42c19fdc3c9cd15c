"""Embedding: decoded pictures and their captions -> what the catalog stores."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from indexer.indexing.decode import Decoded, ReadFile
from indexer.indexing.planner import Task
from indexer.sources import captions_hash
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.encoders import Encoder
from search.records import Caption, PictureFacts


def embed(encoder: Encoder, batch: Sequence[tuple[Task, Decoded]]) -> list[EmbeddedPicture]:
    """Pictures with their embeddings and those of their captions, in the same order."""
    if not batch:
        return []
    vectors = encoder.encode_pixels(np.stack([each.pixels for _, each in batch]))
    captions = embed_captions(encoder, [_merged(each) for _, each in batch])
    return [
        EmbeddedPicture(_with_rating(task, each), _facts(each), vector, embedded)
        for (task, each), vector, embedded in zip(batch, vectors, captions, strict=True)
    ]


def embed_captions(
    encoder: Encoder, groups: Sequence[tuple[Caption, ...]]
) -> list[EmbeddedCaptions]:
    """The captions of several pictures with their embeddings."""
    vectors = encoder.encode_texts([each.text for group in groups for each in group])
    ends = np.cumsum([len(group) for group in groups])[:-1]
    return [
        EmbeddedCaptions(group, rows)
        for group, rows in zip(groups, np.split(vectors, ends), strict=True)
    ]


def _merged(decoded: Decoded) -> tuple[Caption, ...]:
    """The captions beside a picture and those in it; where they say the same, either may go."""
    return decoded.file.item.told.captions + decoded.facts.captions


def _with_rating(task: Task, decoded: Decoded) -> FileState:
    """Return a file with its own rating among its fields, unless its source gives one."""
    file, rating = file_state(task, decoded.file), decoded.facts.rating
    return file if rating is None else replace(file, fields={"rating": rating, **file.fields})


def _facts(decoded: Decoded) -> PictureFacts:
    """Return what the file says, and before that what a file beside it does."""
    facts, beside = decoded.facts, decoded.file.item.told.facts
    if beside.place is not None:
        latitude, longitude = beside.place
        facts = replace(facts, latitude=latitude, longitude=longitude)
    return replace(facts, taken_at=beside.taken_at or facts.taken_at or beside.taken_at_else)


def file_state(task: Task, file: ReadFile) -> FileState:
    """A file as it was read, for the catalog."""
    told = file.item.told
    return FileState(
        file.item.path,
        file.size_bytes,
        file.mtime_ns,
        file.content_hash,
        captions_hash(told),
        told.fields,
        task.listed_in,
    )
