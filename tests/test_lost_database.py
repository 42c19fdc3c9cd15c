"""Databases that lost their content: damage is reported, and not taken for a new start."""

import sqlite3
from pathlib import Path

import pytest

from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from search.errors import DatabaseUnavailable, StorageFailed


def make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "limn.db"
    database = Database(path)
    ensure_schema(database)
    database.close()
    return path


def refused(path: Path, told: str, begin: bool = False) -> None:
    database = Database(path)
    with pytest.raises(DatabaseUnavailable, match=told) as caught:
        ensure_schema(database, begin)
    assert str(path) in str(caught.value) and str(path) not in caught.value.outside
    database.close()


def leave_trace(folder: Path, trace: str) -> None:
    path = folder / trace
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")


TRACES = ("thumbnails/ab", "indexes/1.index", "limn.db.collection-1.lock")


@pytest.mark.slow
@pytest.mark.parametrize("trace", TRACES)
@pytest.mark.parametrize("begin", [False, True])
def test_an_empty_database_that_held_pictures_is_damaged(
    tmp_path: Path, trace: str, begin: bool
) -> None:
    path = make(tmp_path / "data")
    leave_trace(path.parent, trace)
    path.write_bytes(b"")
    for _ in range(2):
        refused(path, r"is empty \(0 bytes\), though.*restore it from a backup, or move it", begin)
        assert path.stat().st_size == 0
    with sqlite3.connect(path) as connection:  # a header, and nothing else
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    refused(path, r"is empty \(4,096 bytes\), though", begin)


@pytest.mark.slow
@pytest.mark.parametrize("trace", TRACES)
def test_a_database_that_is_gone_is_begun_anew_by_who_indexes_alone(
    tmp_path: Path, trace: str
) -> None:
    path = make(tmp_path / "data")
    leave_trace(path.parent, trace)
    path.unlink()
    refused(path, "there is no database .*begin anew with: limn index PATH")
    assert not path.exists()
    database = Database(path)
    ensure_schema(database, begin=True)
    database.close()


def test_one_that_is_new_is_not_taken_for_a_lost_one(tmp_path: Path) -> None:
    path = tmp_path / "limn.db"
    path.touch()  # left by a process that was killed before it wrote
    database = Database(path)
    ensure_schema(database)
    database.close()
    leave_trace(tmp_path, "thumbnails/ab")
    database = Database(tmp_path / "second.db")  # another one, in the same folder
    ensure_schema(database)
    database.close()


def test_changes_without_their_database_are_kept(tmp_path: Path) -> None:
    path = make(tmp_path / "data")
    wal = path.with_name("limn.db-wal")
    for empty in (False, True):
        wal.write_bytes(b"changes")
        path.unlink(missing_ok=True)
        if empty:
            path.touch()
        refused(path, "though changes to it lie in .*limn.db-wal; put the database back", True)
        assert wal.read_bytes() == b"changes"


@pytest.mark.parametrize("kept", [50, 600, 5_000, 40_000])
def test_a_database_that_is_cut_short_is_damaged(tmp_path: Path, kept: int) -> None:
    path = make(tmp_path / "data")
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "is damaged.*restore it from a backup")


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    path = make(tmp_path / "data")
    path.write_bytes(b"no database " * 5_000)
    refused(path, r"is damaged \(file is not a database\)")
    path.unlink()
    path.mkdir()
    refused(path, "is a folder; name a file in it")


@pytest.mark.parametrize("lost", ["emptied", "removed"])
def test_one_that_is_lost_while_it_is_served_is_not_made_anew(tmp_path: Path, lost: str) -> None:
    path = make(tmp_path / "data")
    database = Database(path)
    ensure_schema(database)
    database.close()  # opens new connections
    path.write_bytes(b"") if lost == "emptied" else path.unlink()
    with (
        pytest.raises(DatabaseUnavailable, match="was emptied or removed"),
        database.read_transaction(),
    ):
        pass
    with pytest.raises((DatabaseUnavailable, StorageFailed)), database.write_transaction():
        pass
    assert not path.exists() or path.stat().st_size == 0
