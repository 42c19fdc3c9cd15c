"""A store's ids and float16 rows as one run of bytes, and back."""

import struct

import numpy as np

from search.errors import IndexDamaged
from search.records import Ids
from search.stores.arguments import Rows16

# What it is, width, count; then the ids, then the rows, all little-endian.
HEAD = struct.Struct("<8sQQ")
MAGIC = b"LIMNROWS"


def pack(ids: Ids, rows: Rows16) -> memoryview:
    """(n,) and (n, width) -> bytes; copies once, for a store may be gigabytes."""
    count, width = rows.shape
    ids_end = HEAD.size + 8 * count
    packed = np.empty(ids_end + 2 * count * width, dtype=np.uint8)
    packed[: HEAD.size] = np.frombuffer(HEAD.pack(MAGIC, width, count), dtype=np.uint8)
    packed[HEAD.size : ids_end].view("<i8")[:] = ids
    packed[ids_end:].view("<f2").reshape(count, width)[:] = rows
    return packed.data


def unpack(payload: bytes | memoryview, width: int) -> tuple[Ids, Rows16]:
    """What `pack` wrote -> ids (n,) and rows (n, width), which share the payload's memory.

    Raises:
        IndexDamaged: cut short, of another width, or not made by `pack`.
    """
    if len(payload) < HEAD.size:
        raise IndexDamaged(f"the index holds {len(payload)} bytes, too few to be one; rebuild it")
    magic, found_width, count = HEAD.unpack_from(payload)
    if magic != MAGIC:
        raise IndexDamaged("the index does not begin as one of ours does; rebuild it")
    if found_width != width:
        raise IndexDamaged(f"the index is {found_width} wide, the space {width}; rebuild it")
    expected = HEAD.size + count * (8 + 2 * width)
    if len(payload) != expected:
        raise IndexDamaged(f"the index holds {len(payload)} bytes, not {expected}; rebuild it")
    ids = np.frombuffer(payload, "<i8", count, HEAD.size).astype(np.int64, copy=False)
    rows = np.frombuffer(payload, "<f2", count * width, HEAD.size + 8 * count)
    if count and (ids.min() < 0 or len(np.unique(ids)) != count):
        raise IndexDamaged("the index holds ids that are negative or stand twice; rebuild it")
    return ids, rows.astype(np.float16, copy=False).reshape(count, width)
