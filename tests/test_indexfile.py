"""Index files: written in one step, read back whole, refused when anything is wrong."""

import json
import os
import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from search.errors import IndexDamaged, StorageFailed
from search.stores.faiss_store.store import FaissStore
from search.stores.index_file import IndexHeader, read_index, write_index

HEADER = IndexHeader(
    catalog_id="0f" * 16,
    collection_id=3,
    space_id="tiny-é中",
    width=4,
    count=2,
    position=1 << 40,
    store="FaissStore",
)
PAYLOAD = bytes(range(256)) * 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "an index.limn"


def test_what_was_written_is_read_back(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    assert read_index(path) == (HEADER, memoryview(PAYLOAD))


def test_a_store_survives_its_file(path: Path) -> None:
    store, again = FaissStore(4, "cpu"), FaissStore(4, "cpu")
    store.put(np.array([5, 2]), np.eye(4, dtype=np.float32)[:2])
    write_index(path, HEADER, store.dump())
    read = read_index(path)
    assert read is not None
    again.load(read[1])
    assert again.items()[0].tolist() == [2, 5]


def test_an_empty_payload_is_a_payload(path: Path) -> None:
    write_index(path, HEADER, b"")
    assert read_index(path) == (HEADER, memoryview(b""))


def test_a_missing_file_is_none(path: Path) -> None:
    assert read_index(path) is None
    assert read_index(path / "in no folder") is None


def test_the_folder_is_made_when_it_is_missing(path: Path) -> None:
    write_index(path / "deeper" / "index", HEADER, PAYLOAD)
    assert read_index(path / "deeper" / "index") is not None


def test_a_second_write_replaces_the_first_and_leaves_nothing_else(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    newer = replace(HEADER, position=HEADER.position + 1)
    write_index(path, newer, memoryview(b"other"))
    assert read_index(path) == (newer, memoryview(b"other"))
    assert list(path.parent.iterdir()) == [path]


def test_any_cut_is_refused(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    whole = path.read_bytes()
    for size in (0, 3, 8, 11, 12, 31, 32, 33, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(IndexDamaged, match=r"an index\.limn"):
            read_index(path)


def test_any_altered_byte_is_refused(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    whole = path.read_bytes()
    for place in [*range(300), len(whole) - 1]:
        altered = bytearray(whole)
        altered[place] ^= 0x10
        path.write_bytes(altered)
        with pytest.raises(IndexDamaged):
            read_index(path)


def test_bytes_after_the_end_are_refused(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    with path.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(IndexDamaged, match="were written"):
        read_index(path)


def test_garbage_is_refused(path: Path) -> None:
    for size in (1, 50, 5000):
        path.write_bytes(np.random.default_rng(size).bytes(size))
        with pytest.raises(IndexDamaged, match="does not begin as an index"):
            read_index(path)


def test_another_version_is_refused_by_its_number(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    content = bytearray(path.read_bytes())
    content[8:12] = struct.pack("<I", 99)
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match="version 99"):
        read_index(path)


@pytest.mark.parametrize(
    "description",
    [
        pytest.param(b"{", id="not JSON"),
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(b"[1]", id="not an object"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(json.dumps(asdict(HEADER) | {"more": 1}).encode(), id="a field too many"),
        pytest.param(json.dumps(asdict(HEADER) | {"width": "4"}).encode(), id="a wrong type"),
        pytest.param(json.dumps(asdict(HEADER) | {"width": True}).encode(), id="a truth value"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(path: Path, description: bytes) -> None:
    sizes = struct.pack("<QQI", len(description), 0, zlib.crc32(description))
    path.write_bytes(b"LIMNINDX" + struct.pack("<I", 2) + sizes + description)
    with pytest.raises(IndexDamaged, match="its header"):
        read_index(path)


def test_a_folder_in_the_index_files_place_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IndexDamaged, match="can't be read"):
        read_index(path)
    with pytest.raises(StorageFailed, match=r"an index\.limn can't be written"):
        write_index(path, HEADER, PAYLOAD)
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_is_no_folder_is_refused(path: Path) -> None:
    path.write_bytes(b"a file")
    with pytest.raises(StorageFailed, match="can't be written"):
        write_index(path / "index", HEADER, PAYLOAD)


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """Limit the size of this process's files, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_runs_out_of_room_leaves_the_old_file_alone(path: Path) -> None:
    write_index(path, HEADER, PAYLOAD)
    with files_at_most(1 << 20), pytest.raises(StorageFailed, match="too large"):
        write_index(path, HEADER, bytes(4 << 20))
    assert read_index(path) == (HEADER, memoryview(PAYLOAD))
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_writer_left_is_swept_but_not_one_at_work(path: Path) -> None:
    left, at_work, others = (
        path.with_name(name)
        for name in ("an index.limn.x1.partial", "an index.limn.x2.partial", "b.x1.partial")
    )
    for file in (left, at_work, others):
        file.write_bytes(b"half")
    for file in (left, others):
        os.utime(file, (0, 0))
    write_index(path, HEADER, PAYLOAD)
    assert set(path.parent.iterdir()) == {path, at_work, others}
