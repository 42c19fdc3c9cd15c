"""Embedding: decoded pictures and their captions -> the catalog's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from indexer.indexing.decode import DecodedPicture, ReadFile
from indexer.indexing.results import KnownPicture, PlainResult, ReadyRows, SameContent
from indexer.indexing.run_state import Task
from indexer.sources import Item, captions_hash, says_the_same, stale_hash, uncovers
from search.catalog.records import (
    BesidePicture,
    EmbeddedCaptions,
    EmbeddedPicture,
    Failure,
    FileState,
)
from search.encoders import Encoder
from search.records import Caption, PictureFacts


def embed_batch(
    encoder: Encoder,
    pictures: Sequence[tuple[Task, DecodedPicture]],
    plain_results: Sequence[PlainResult],
) -> ReadyRows:
    """Return the rows of decoded pictures, and of files whose pictures are stored already."""
    same = [result for result in plain_results if isinstance(result, SameContent)]
    return ReadyRows(
        pictures=embed(encoder, pictures),
        known_pictures=embed_known(encoder, same),
        failures=[result for result in plain_results if isinstance(result, Failure)],
    )


def embed_known(encoder: Encoder, same: Sequence[SameContent]) -> list[KnownPicture]:
    """Return the rows of stored pictures; changed captions of their sidecars are embedded."""
    changed_rows = [
        (stored, now)
        for stored in same
        if not says_the_same(stored.captions_hash, now := captions_hash(stored.file.item.sidecar))
    ]
    # Where the file's own facts count again, the next run reads the file.
    later = {
        stored.picture_id: stale_hash(stored.captions_hash)
        for stored, now in changed_rows
        if uncovers(stored.captions_hash, now)
    }
    rows = embed_beside(
        encoder, [(stored.picture_id, stored.file.item) for stored, _ in changed_rows], later
    )
    beside = {row.picture_id: row for row in rows}
    return [
        KnownPicture(
            picture_id=stored.picture_id,
            file=file_state(stored.task, stored.file),
            moved=stored.moved,
            beside=beside.get(stored.picture_id),
        )
        for stored in same
    ]


def embed_beside(
    encoder: Encoder, batch: Sequence[tuple[int, Item]], hashes: Mapping[int, bytes]
) -> list[BesidePicture]:
    """Return the new sidecar data of stored pictures; `hashes` replace their captions hashes."""
    if not batch:
        return []
    caption_groups = embed_captions(encoder, [item.sidecar.captions for _, item in batch])
    return [
        BesidePicture(
            picture_id=picture_id,
            captions_hash=hashes.get(picture_id) or captions_hash(item.sidecar),
            captions=captions,
            fields=item.sidecar.fields,
            taken_at=item.sidecar.facts.taken_at,
            place=item.sidecar.facts.place,
            taken_at_else=item.sidecar.facts.taken_at_else,
        )
        for (picture_id, item), captions in zip(batch, caption_groups, strict=True)
    ]


def embed(encoder: Encoder, batch: Sequence[tuple[Task, DecodedPicture]]) -> list[EmbeddedPicture]:
    """Return pictures with their embeddings and those of their captions, in the same order."""
    if not batch:
        return []
    captions = embed_captions(encoder, [_captions_of(picture) for _, picture in batch])
    vectors = encoder.encode_pixels(np.stack([picture.pixels for _, picture in batch]))
    return [
        EmbeddedPicture(_with_rating(task, picture), _facts(picture), vector, caption_rows)
        for (task, picture), vector, caption_rows in zip(batch, vectors, captions, strict=True)
    ]


def embed_captions(
    encoder: Encoder, groups: Sequence[tuple[Caption, ...]]
) -> list[EmbeddedCaptions]:
    """Return the captions of several pictures with their embeddings."""
    vectors = encoder.encode_texts([caption.text for group in groups for caption in group])
    ends = np.cumsum([len(group) for group in groups])[:-1]
    return [
        EmbeddedCaptions(group, rows)
        for group, rows in zip(groups, np.split(vectors, ends), strict=True)
    ]


def _captions_of(picture: DecodedPicture) -> tuple[Caption, ...]:
    """Return the captions of sidecars and of the file itself; equal ones may repeat."""
    return picture.file.item.sidecar.captions + picture.facts.captions


def _with_rating(task: Task, picture: DecodedPicture) -> FileState:
    """Return a file with its own rating among its fields, unless its source gives one."""
    file, rating = file_state(task, picture.file), picture.facts.rating
    return file if rating is None else replace(file, fields={"rating": rating, **file.fields})


def _facts(picture: DecodedPicture) -> PictureFacts:
    """Return the file's own facts; facts of its sidecars take precedence."""
    facts, beside = picture.facts, picture.file.item.sidecar.facts
    if beside.place is not None:
        latitude, longitude = beside.place
        facts = replace(facts, latitude=latitude, longitude=longitude)
    return replace(facts, taken_at=beside.taken_at or facts.taken_at or beside.taken_at_else)


def file_state(task: Task, file: ReadFile) -> FileState:
    """Return the catalog's record of a file as it was read."""
    sidecar = file.item.sidecar
    return FileState(
        path=file.item.path,
        size_bytes=file.size_bytes,
        mtime_ns=file.mtime_ns,
        content_hash=file.content_hash,
        captions_hash=captions_hash(sidecar),
        fields=sidecar.fields,
        listed_in=task.listed_in,
    )
