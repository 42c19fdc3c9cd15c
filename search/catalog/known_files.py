"""What the catalog remembers of files, so that a run need not open those that stayed the same."""

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
from search.catalog.records import Collection, FileMark, KnownFile, path_hash
from search.records import Ids

# Rows that are fetched at a time: what memory holds of a collection of any size.
FETCH_ROWS = IN_LIMIT

# Reasons that may pass by themselves, without the file changing: permissions, a share that is away.
PASSING = ("missing", "unreadable")

# How versions before 30 November 2026 told of a decoder that ended or hung. They blamed the file at
# once, which may be whole, so it is tried once more; what is told since ends in "twice".
BLAMED_AT_ONCE = ("%ended its process", "%took more than % s")


class Held(NamedTuple):
    """A picture as a run compares it with what it found."""

    id: int
    path: bytes
    size_bytes: int
    mtime_ns: int
    content_hash: bytes
    captions_hash: bytes

    @property
    def place(self) -> Path:
        return Path(os.fsdecode(self.path))


class Marks(NamedTuple):
    """What tells whether files stayed as they were, a column each."""

    ids: tuple[int, ...]
    path_hashes: tuple[bytes, ...]
    sizes_bytes: tuple[int, ...]
    mtimes_ns: tuple[int, ...]
    captions_hashes: tuple[bytes, ...]


class Looks(NamedTuple):
    """A picture as it is compared with others."""

    id: int
    path: Path
    content_hash: bytes
    perceptual_hash: int | None


class Ledger:
    """One collection's files as they stood when they were last read."""

    def __init__(self, database: Database, collection: Collection) -> None:
        self._database = database
        self._id = collection.id

    def known(self, paths: Sequence[Path]) -> dict[Path, KnownFile]:
        """Those of the files that are indexed."""
        p = t.picture.c
        by_hash = {path_hash(path): path for path in paths}
        statement = sa.select(
            p.path_hash, p.id, p.size_bytes, p.mtime_ns, p.content_hash, p.captions_hash
        ).where(p.collection_id == self._id)
        with self._database.reading() as sql:
            rows = in_pieces(sql, statement, p.path_hash, list(by_hash))
            return {by_hash[row.path_hash]: KnownFile(*tuple(row)[1:]) for row in rows}

    def failed(self, paths: Sequence[Path]) -> dict[Path, tuple[int | None, int | None]]:
        """Those of the files that failed for good as they stood: size and time of each."""
        f = t.failure.c
        by_hash = {path_hash(path): path for path in paths}
        statement = sa.select(f.path_hash, f.size_bytes, f.mtime_ns).where(
            f.collection_id == self._id,
            f.reason.not_in(PASSING),
            *(f.detail.not_like(each) for each in BLAMED_AT_ONCE),
        )
        with self._database.reading() as sql:
            rows = in_pieces(sql, statement, f.path_hash, list(by_hash))
            return {by_hash[row.path_hash]: (row.size_bytes, row.mtime_ns) for row in rows}

    def marks(self, root: Path, table: Path | None = None) -> Iterator[Marks]:
        """Path hashes and states of the pictures below a root, or of those that a table named."""
        p = t.picture.c
        # As they come from the driver: SQLAlchemy's own conversions would take most of the time.
        columns = (
            sa.type_coerce(each, sa.types.NullType())
            for each in (p.id, p.path_hash, p.size_bytes, p.mtime_ns, p.captions_hash)
        )
        statement = sa.select(*columns).where(p.collection_id == self._id, _of(root, table))
        with self._database.reading() as sql:
            rows = sql.execute(statement.execution_options(yield_per=FETCH_ROWS))
            for part in rows.partitions():
                yield Marks(*zip(*part, strict=True))

    def under(self, root: Path) -> Iterator[Held]:
        """The indexed pictures at or below a path that were found by looking, in order of id."""
        return self._held(_of(root, None))

    def with_ids(self, ids: Iterable[int]) -> Iterator[Held]:
        """The indexed pictures with these ids, in order of id."""
        return self._rows(np.sort(np.fromiter(ids, np.int64)))

    def everything(self) -> Iterator[Held]:
        """All indexed pictures but those that are missing, in order of id."""
        return self._held(present())

    def missing(self) -> Iterator[Held]:
        """The pictures whose files were not found by the last run that looked, in order of id."""
        return self._held(sa.not_(present()))

    def missing_folders(self) -> dict[Path, int]:
        """Return how many pictures are missing by the folder, or the container, they were in."""
        p = t.picture.c
        statement = sa.select(p.path).join(t.missing_picture).where(p.collection_id == self._id)
        with self._database.reading() as sql:
            paths = sql.scalars(statement.execution_options(yield_per=FETCH_ROWS))
            counts = Counter(os.path.dirname(path) for path in paths)
        return {Path(os.fsdecode(folder)): counts[folder] for folder in sorted(counts)}

    def looks(self) -> Iterator[Looks]:
        """All indexed pictures with what tells copies."""
        p = t.picture.c
        statement = sa.select(p.id, p.path, p.content_hash, p.perceptual_hash).where(
            p.collection_id == self._id, present()
        )
        with self._database.reading() as sql:
            for row in sql.execute(statement.order_by(p.id)):
                path = Path(os.fsdecode(row.path))
                yield Looks(row.id, path, bytes(row.content_hash), row.perceptual_hash)

    def _held(self, which: sa.ColumnElement[bool]) -> Iterator[Held]:
        """Ids first, eight bytes each: a page at a time would be sorted anew for every page, and
        one long statement would hold up the database for as long as the caller takes.
        """
        p = t.picture.c
        wanted = sa.select(p.id).where(p.collection_id == self._id, which)
        with self._database.reading() as sql:
            found = sql.scalars(wanted.execution_options(yield_per=FETCH_ROWS))
            ids = np.sort(np.fromiter(found, np.int64))
        return self._rows(ids)

    def _rows(self, ids: Ids) -> Iterator[Held]:
        p = t.picture.c
        statement = sa.select(
            p.id, p.path, p.size_bytes, p.mtime_ns, p.content_hash, p.captions_hash
        ).order_by(p.id)
        for start in range(0, len(ids), FETCH_ROWS):
            piece = ids[start : start + FETCH_ROWS].tolist()
            with self._database.reading() as sql:
                rows = sql.execute(statement.where(p.id.in_(piece))).all()
            yield from (Held(*row) for row in rows)

    def containers(self, root: Path) -> dict[Path, FileMark]:
        """The containers at or below a path that were read to their end."""
        c = t.container.c
        statement = sa.select(c.path, c.size_bytes, c.mtime_ns).where(
            c.collection_id == self._id, below(c.path, root)
        )
        with self._database.reading() as sql:
            marks = [
                FileMark(Path(os.fsdecode(row.path)), row.size_bytes, row.mtime_ns)
                for row in sql.execute(statement)
            ]
        return {mark.path: mark for mark in marks}

    def keep_containers(self, whole: Sequence[FileMark], gone: Sequence[Path]) -> None:
        """Note containers that were read to their end, and forget those that are no more."""
        c = t.container.c
        rows = [
            {
                "collection_id": self._id,
                "path_hash": path_hash(mark.path),
                "path": os.fsencode(mark.path),
                "size_bytes": mark.size_bytes,
                "mtime_ns": mark.mtime_ns,
            }
            for mark in whole
        ]
        dropped = [path_hash(path) for path in gone] + [row["path_hash"] for row in rows]
        if not dropped:
            return
        with self._database.writing() as sql:
            check_lock(self._database, sql, self._id)
            delete_in(sql, t.container, c.path_hash, dropped, c.collection_id == self._id)
            if rows:
                sql.execute(t.container.insert(), rows)


def _of(root: Path, table: Path | None) -> sa.ColumnElement[bool]:
    """Whether a picture belongs to a source: a table named it, or it was found below a root."""
    p = t.picture.c
    if table is not None:
        return p.listed_in == os.fsencode(table)
    return below(p.path, root) & p.listed_in.is_(None)
