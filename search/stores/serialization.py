"""A store's ids and float16 vectors as bytes, and back."""

import struct
from collections.abc import Iterator, Sequence

import numpy as np

from search.errors import IndexDamaged
from search.records import Ids
from search.stores.validation import Rows16

# Magic, width, count, the generation of the rows; then the ids, then the vectors, little-endian.
HEAD = struct.Struct("<8sQQ32s")
MAGIC = b"LIMNSLOT"
DEAD = -1


def pack(ids: Ids, parts: Sequence[Rows16], generation: str) -> Iterator[memoryview]:
    """Yield ids (n,) and vectors (n, width) as bytes, in pieces: a store may have gigabytes."""
    width = parts[0].shape[1] if parts else 0
    yield memoryview(HEAD.pack(MAGIC, width, len(ids), generation.encode()))
    yield np.ascontiguousarray(ids, "<i8").view(np.uint8).data
    for rows in parts:
        yield np.ascontiguousarray(rows, "<f2").view(np.uint8).reshape(-1).data


def unpack(payload: bytes | memoryview, width: int) -> tuple[Ids, Rows16, str]:
    """Return ids (n,), -1 for a dead row, vectors (n, width) and the generation that `pack` wrote.

    The vectors share the payload's memory.

    Raises:
        IndexDamaged: the payload is cut short, of another width, or not made by `pack`.
    """
    if len(payload) < HEAD.size:
        raise IndexDamaged(
            "index-cut",
            "the index holds {size_bytes} bytes, too few to be one; rebuild it",
            size_bytes=len(payload),
        )
    magic, found_width, count, generation = HEAD.unpack_from(payload)
    if magic != MAGIC:
        raise IndexDamaged(
            "index-foreign", "the index does not begin as one of ours does; rebuild it"
        )
    if count and found_width != width:
        raise IndexDamaged(
            "index-width-differs",
            "the index is {found} wide, the space {wanted}; rebuild it",
            found=found_width,
            wanted=width,
        )
    expected = HEAD.size + count * (8 + 2 * width)
    if len(payload) != expected:
        raise IndexDamaged(
            "index-size-differs",
            "the index holds {size_bytes} bytes, not {wanted_bytes}; rebuild it",
            size_bytes=len(payload),
            wanted_bytes=expected,
        )
    ids = np.frombuffer(payload, "<i8", count, HEAD.size).astype(np.int64)
    rows = np.frombuffer(payload, "<f2", count * width, HEAD.size + 8 * count)
    live_ids = ids[ids != DEAD]
    if len(live_ids) and (live_ids.min() < 0 or not _each_once(live_ids)):
        raise IndexDamaged(
            "index-ids-invalid", "the index holds ids that are negative or stand twice; rebuild it"
        )
    return ids, rows.astype(np.float16, copy=False).reshape(count, width), generation.decode()


def _each_once(ids: Ids) -> bool:
    # Mostly they ascend, as they come from SQL; sorting takes far longer.
    is_ascending = bool((ids[1:] > ids[:-1]).all())
    return is_ascending or len(np.unique(ids)) == len(ids)
