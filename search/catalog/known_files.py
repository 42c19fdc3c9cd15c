"""Known files: sizes, times and hashes, so that a run need not open unchanged files."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from search.catalog.contents import present
from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import IN_LIMIT, below, delete_in, in_pieces
from search.catalog.database.writer_lock import check_lock
from search.catalog.records import FileStamp, KnownFile, path_hash
from search.records import Collection, Ids

# Rows that are fetched at a time, for a collection of any size.
FETCH_ROWS = IN_LIMIT

# Reasons that may pass without a change to the file: permissions, an unreachable share.
PASSING = ("missing", "unreadable")

# The reasons that versions before 30 November 2026 recorded for a decoder that ended or hung. They
# blamed the file at once, which may be whole, so it is tried once more; now they end in "twice".
BLAMED_AT_ONCE = ("%ended its process", "%took more than % s")


class KnownFileRow(NamedTuple):
    """A stored picture, as a run compares it with files found."""

    id: int
    path: bytes
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    captions_hash: bytes

    @property
    def place(self) -> Path:
        """Return the path as Python writes it."""
        return Path(os.fsdecode(self.path))


class FileStamps(NamedTuple):
    """The columns by which unchanged files are recognized."""

    ids: tuple[int, ...]
    path_hashes: tuple[bytes, ...]
    sizes_bytes: tuple[int, ...]
    mtimes_ns: tuple[int, ...]
    captions_hashes: tuple[bytes, ...]


class HashedPicture(NamedTuple):
    """A picture with the hashes by which it is compared with others."""

    id: int
    path: Path
    content_hash: bytes
    perceptual_hash: int | None


class KnownFiles:
    """The files of one collection as of their last reading."""

    def __init__(self, database: Database, collection: Collection) -> None:
        self._database = database
        self._id = collection.id

    def by_path(self, paths: Sequence[Path]) -> dict[Path, KnownFile]:
        """Return the indexed ones of the files."""
        p = t.picture.c
        by_hash = {path_hash(path): path for path in paths}
        statement = sa.select(
            p.path_hash, p.id, p.size_bytes, p.mtime_ns, p.content_hash, p.captions_hash
        ).where(p.collection_id == self._id)
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.path_hash, list(by_hash))
            return {by_hash[row.path_hash]: KnownFile(*tuple(row)[1:]) for row in rows}

    def final_failures(self, paths: Sequence[Path]) -> dict[Path, tuple[int | None, int | None]]:
        """Return the size and time of each file whose failure is final while it stays unchanged."""
        f = t.failure.c
        by_hash = {path_hash(path): path for path in paths}
        statement = sa.select(f.path_hash, f.size_bytes, f.mtime_ns).where(
            f.collection_id == self._id,
            f.reason.not_in(PASSING),
            *(f.detail.not_like(pattern) for pattern in BLAMED_AT_ONCE),
        )
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, f.path_hash, list(by_hash))
            return {by_hash[row.path_hash]: (row.size_bytes, row.mtime_ns) for row in rows}

    def stamps(self, root: Path, table: Path | None = None) -> Iterator[FileStamps]:
        """Yield path hashes and states of pictures: below a root, or named by a table."""
        p = t.picture.c
        # As they come from the driver: SQLAlchemy's own conversions would take most of the time.
        columns = (
            sa.type_coerce(column, sa.types.NullType())
            for column in (p.id, p.path_hash, p.size_bytes, p.mtime_ns, p.captions_hash)
        )
        statement = sa.select(*columns).where(p.collection_id == self._id, _of(root, table))
        with self._database.read_transaction() as sql:
            rows = sql.execute(statement.execution_options(yield_per=FETCH_ROWS))
            for part in rows.partitions():
                yield FileStamps(*zip(*part, strict=True))

    def under(self, root: Path) -> Iterator[KnownFileRow]:
        """Return the pictures at or below a path that no table named, in order of id."""
        return self._rows_where(_of(root, None))

    def with_ids(self, ids: Iterable[int]) -> Iterator[KnownFileRow]:
        """Return the indexed pictures with these ids, in order of id."""
        return self._rows(np.sort(np.fromiter(ids, np.int64)))

    def everything(self) -> Iterator[KnownFileRow]:
        """Return all indexed pictures that are not missing, in order of id."""
        return self._rows_where(present())

    def missing(self) -> Iterator[KnownFileRow]:
        """Return the pictures whose files the last run did not find, in order of id."""
        return self._rows_where(sa.not_(present()))

    def missing_folders(self) -> dict[Path, int]:
        """Return how many pictures are missing by the folder, or the container, they were in."""
        p = t.picture.c
        statement = sa.select(p.path).join(t.missing_picture).where(p.collection_id == self._id)
        with self._database.read_transaction() as sql:
            paths = sql.scalars(statement.execution_options(yield_per=FETCH_ROWS))
            counts = Counter(os.path.dirname(path) for path in paths)
        return {Path(os.fsdecode(folder)): counts[folder] for folder in sorted(counts)}

    def visual_hashes(self) -> Iterator[HashedPicture]:
        """Yield all indexed pictures with the hashes by which copies are found."""
        p = t.picture.c
        statement = sa.select(p.id, p.path, p.content_hash, p.perceptual_hash).where(
            p.collection_id == self._id, present()
        )
        with self._database.read_transaction() as sql:
            for row in sql.execute(statement.order_by(p.id)):
                path = Path(os.fsdecode(row.path))
                yield HashedPicture(row.id, path, bytes(row.content_hash), row.perceptual_hash)

    def _rows_where(self, which: sa.ColumnElement[bool]) -> Iterator[KnownFileRow]:
        """Return rows in order of id.

        The ids are read first, eight bytes each: pages would be sorted again for every page, and
        one long statement would block the database for as long as the caller takes.
        """
        p = t.picture.c
        statement = sa.select(p.id).where(p.collection_id == self._id, which)
        with self._database.read_transaction() as sql:
            scalars = sql.scalars(statement.execution_options(yield_per=FETCH_ROWS))
            ids = np.sort(np.fromiter(scalars, np.int64))
        return self._rows(ids)

    def _rows(self, ids: Ids) -> Iterator[KnownFileRow]:
        p = t.picture.c
        statement = sa.select(
            p.id, p.path, p.size_bytes, p.mtime_ns, p.content_hash, p.captions_hash
        ).order_by(p.id)
        for start in range(0, len(ids), FETCH_ROWS):
            piece = ids[start : start + FETCH_ROWS].tolist()
            with self._database.read_transaction() as sql:
                rows = sql.execute(statement.where(p.id.in_(piece))).all()
            yield from (KnownFileRow(*row) for row in rows)

    def containers(self, root: Path) -> dict[Path, FileStamp]:
        """Return the containers at or below a path that were read to their end."""
        c = t.container.c
        statement = sa.select(c.path, c.size_bytes, c.mtime_ns).where(
            c.collection_id == self._id, below(c.path, root)
        )
        with self._database.read_transaction() as sql:
            stamps = [
                FileStamp(Path(os.fsdecode(row.path)), row.size_bytes, row.mtime_ns)
                for row in sql.execute(statement)
            ]
        return {stamp.path: stamp for stamp in stamps}

    def record_containers(self, whole: Sequence[FileStamp], removed_paths: Sequence[Path]) -> None:
        """Record containers that were read to their end, and drop removed ones."""
        c = t.container.c
        rows = [
            {
                "collection_id": self._id,
                "path_hash": path_hash(stamp.path),
                "path": os.fsencode(stamp.path),
                "size_bytes": stamp.size_bytes,
                "mtime_ns": stamp.mtime_ns,
            }
            for stamp in whole
        ]
        hashes = [path_hash(path) for path in removed_paths] + [row["path_hash"] for row in rows]
        if not hashes:
            return
        with self._database.write_transaction() as sql:
            check_lock(self._database, sql, self._id)
            delete_in(sql, t.container, c.path_hash, hashes, c.collection_id == self._id)
            if rows:
                sql.execute(t.container.insert(), rows)


def _of(root: Path, table: Path | None) -> sa.ColumnElement[bool]:
    """Return the condition that a picture is of a source: in a table, or below a root."""
    p = t.picture.c
    if table is not None:
        return p.listed_in == os.fsencode(table)
    return below(p.path, root) & p.listed_in.is_(None)
