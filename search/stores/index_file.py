"""An index file: a header that identifies the index, and a store's bytes behind a checksum."""

import json
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO

from search.errors import IndexDamaged, StorageFailed, system_reason
from search.files.atomic_file import PRIVATE, atomic_file, remove_abandoned

MAGIC = b"LIMNINDX"
VERSION = 2
# Magic, version; then the bytes of the header's JSON and of the payload, and the CRC-32 of both.
PREFIX = struct.Struct("<8sI")
SIZES = struct.Struct("<QQI")

Payload = bytes | memoryview | Iterable[bytes | memoryview]
"""Bytes, whole or in pieces: a store may have gigabytes."""


@dataclass(frozen=True, slots=True)
class IndexHeader:
    """The identity of an index, compared with the catalog before the payload is used.

    `position` is the last entry of the change log that the index includes, `store` the name of the
    class whose `dump` made the payload, `epoch` the log's epoch (`search.catalog.change_log`) of
    that entry: "" in files that are older than epochs.
    """

    catalog_id: str
    collection_id: int
    space_id: str
    width: int
    count: int
    position: int
    store: str
    epoch: str = ""


def write_index(path: Path, header: IndexHeader, payload: Payload) -> None:
    """Write the file in one step: readers find the old file or the new one, whole.

    Raises:
        StorageFailed: the disk is full, read-only or not ours; the old file is unchanged.
    """
    pieces = [payload] if isinstance(payload, bytes | memoryview) else payload
    description = json.dumps(asdict(header)).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        with atomic_file(path, mode=PRIVATE, durable=True) as file:
            _write(file, description, pieces)
    except OSError as error:
        raise StorageFailed(
            "index-unwritable",
            "the index {path} can't be written: {reason}; make room there or choose another folder",
            path=path,
            reason=system_reason(error),
        ) from error


def read_index(path: Path) -> tuple[IndexHeader, memoryview] | None:
    """Return the header and the payload, mapped from the file, or None without a file.

    The whole file is read once, for its checksum: 6 GB a second from the system's cache.

    Raises:
        IndexDamaged: not an index of ours, of another version, cut short, altered, or unreadable.
    """
    try:
        with path.open("rb") as file:
            empty = not os.fstat(file.fileno()).st_size  # an empty file can't be mapped
            content = memoryview(b"" if empty else mmap(file.fileno(), 0, access=ACCESS_READ))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IndexDamaged(
            "index-unreadable",
            "the index {path} can't be read: {reason}",
            path=path,
            reason=system_reason(error),
        ) from error
    try:
        return _parse(content)
    except _UnusableFile as unusable:
        raise IndexDamaged(
            "index-refused",
            "the index {path} can't be used: {reason}; rebuild it",
            path=path,
            reason=unusable,
        ) from unusable


class _UnusableFile(Exception):
    """The reason why a file is not a usable index."""


def _parse(content: memoryview) -> tuple[IndexHeader, memoryview]:
    if content[: len(MAGIC)] != MAGIC:
        raise _UnusableFile("it does not begin as an index of ours does")
    start = PREFIX.size + SIZES.size
    if len(content) < start:
        raise _UnusableFile(f"it is cut short at {len(content)} bytes")
    version = PREFIX.unpack_from(content)[1]
    if version != VERSION:
        raise _UnusableFile(f"it is of version {version}, this program writes {VERSION}")
    description_size, payload_size, checksum = SIZES.unpack_from(content, PREFIX.size)
    expected = start + description_size + payload_size
    if len(content) != expected:
        raise _UnusableFile(f"it has {len(content)} bytes where {expected} were written")
    if zlib.crc32(content[start:]) != checksum:
        raise _UnusableFile("its checksum does not match")
    payload_start = start + description_size
    return _header(content[start:payload_start]), content[payload_start:]


def _header(description: memoryview) -> IndexHeader:
    try:
        values: Any = json.loads(bytes(description))
    except ValueError as error:
        raise _UnusableFile("its header is not JSON") from error
    header_types = {field.name: field.type for field in fields(IndexHeader)}
    if type(values) is not dict:
        values = {}
    values.setdefault("epoch", "")
    value_types = {name: type(value) for name, value in values.items()}
    if value_types != header_types:
        raise _UnusableFile(f"its header does not hold exactly {', '.join(header_types)}")
    return IndexHeader(**values)


def _write(file: BinaryIO, description: bytes, pieces: Iterable[bytes | memoryview]) -> None:
    file.write(PREFIX.pack(MAGIC, VERSION) + SIZES.pack(0, 0, 0) + description)
    size, checksum = 0, zlib.crc32(description)
    for piece in pieces:
        file.write(piece)
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
    file.seek(PREFIX.size)
    file.write(SIZES.pack(len(description), size, checksum))
