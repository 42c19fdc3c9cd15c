"""Atomic writes: files and folders are written whole, or not at all."""

import os
import stat
import time
from pathlib import Path

import pytest

from search.files.atomic_file import (
    PRIVATE,
    atomic_file,
    atomic_folder,
    atomic_path,
    remove_abandoned,
    replace,
    replace_folder,
    write_atomic,
)


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_written_whole(tmp_path: Path, durable: bool) -> None:
    write_atomic(tmp_path / "a", b"one", durable=durable)
    with atomic_file(tmp_path / "a", durable=durable) as file:
        file.write(b"two!")
        file.seek(0)
        file.write(b"T")
        assert (tmp_path / "a").read_bytes() == b"one"
    assert (tmp_path / "a").read_bytes() == b"Two!"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_file_that_fails_leaves_the_one_before(
    tmp_path: Path, error: type[BaseException]
) -> None:
    write_atomic(tmp_path / "a", b"one")
    with pytest.raises(error), atomic_path(tmp_path / "a") as draft:
        draft.write_bytes(b"half")
        raise error
    assert (tmp_path / "a").read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_a_file_has_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_atomic(tmp_path / "open", b"")
        write_atomic(tmp_path / "private", b"", mode=PRIVATE)
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"open": 0o644, "private": 0o600}


def test_a_file_can_not_be_written_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "none" / "a", b"")


@pytest.mark.parametrize("durable", [False, True])
def test_a_folder_is_written_whole(tmp_path: Path, durable: bool) -> None:
    place = tmp_path / "above" / "folder"
    for text in ("one", "two"):
        with atomic_folder(place, durable=durable) as draft:
            (draft / "inner").mkdir()
            (draft / "inner" / text).write_text(text)
        assert [file.name for file in (place / "inner").iterdir()] == [text]
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_folder_that_fails_leaves_the_one_before(
    tmp_path: Path, error: type[BaseException]
) -> None:
    place = tmp_path / "folder"
    place.mkdir()
    (place / "a").write_text("one")
    with pytest.raises(error), atomic_folder(place) as draft:
        (draft / "a").write_text("half")
        raise error
    assert (place / "a").read_text() == "one"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_that_can_not_be_moved_leaves_the_one_before(tmp_path: Path) -> None:
    place = tmp_path / "folder"
    place.mkdir()
    (place / "a").write_text("one")
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "none", place)
    assert (place / "a").read_text() == "one"
    assert list(tmp_path.iterdir()) == [place]


def test_a_file_is_renamed_over_another(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    replace(tmp_path / "a", tmp_path / "b")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"b": "a"}


def test_drafts_of_killed_processes_are_removed_and_those_of_others_stay(tmp_path: Path) -> None:
    old = time.time() - 7200
    for name in ("a.old.partial", "b.old.partial", "a.new.partial", "a"):
        (tmp_path / name).write_text(name)
        if "new" not in name:
            os.utime(tmp_path / name, (old, old))
    (tmp_path / "a.folder.partial").mkdir()
    (tmp_path / "a.folder.partial" / "file").write_text("")
    os.utime(tmp_path / "a.folder.partial", (old, old))
    remove_abandoned(tmp_path / "a")
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"a", "b.old.partial", "a.new.partial"}
