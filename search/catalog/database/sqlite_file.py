"""One SQLite file: opened to write, to read only, or refused where its pictures are lost."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.catalog.database.file_states import absence, exists, may_write, size_of, stamp_of
from search.errors import DatabaseUnavailable

# How long a writer waits for another: a batch takes well under a second, a busy disk longer.
SQLITE_WAIT_S = 60

# WAL: readers never wait for the writer. NORMAL: a commit survives any end of the process; a
# power cut may undo the last ones but never damages the file.
TO_WRITE = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")

# SQLite's errors where it may not write next to the file, as WAL mode needs even for reading.
NOT_OURS = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
PRIMARY_CODE = 0xFF

UNTOUCHED = "the pictures themselves are untouched"

Open = Callable[..., sqlite3.Connection]
Stamp = tuple[tuple[int, int, int] | None, ...]


class SqliteFile:
    """One SQLite file and how this user may open it. Safe to call from many threads.

    A file in WAL mode is shared through two files in its folder. A user who may not create those
    reads the file without them: as a *snapshot*, which is right as long as nobody writes.
    `has_changed` is True once somebody has, and connections opened before are then invalid.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._snapshot: Stamp | None = None
        self._was_opened = False
        self._new = False

    @property
    def wal(self) -> Path:
        """Return the WAL file, with the commits that are not yet in the database."""
        return self.path.with_name(f"{self.path.name}-wal")

    @property
    def read_only(self) -> bool:
        """Return whether this user may read the database and not write to it."""
        return self.path.is_file() and not (
            may_write(self.path) and (self._snapshot is None or may_write(self.path.parent))
        )

    @property
    def is_snapshot(self) -> bool:
        """Return whether connections see the file as of the first connection."""
        return self._snapshot is not None

    def open(self, connect: Open, *args: Any, **options: Any) -> sqlite3.Connection:
        """Return a connection that may write, or a read-only one where writing is not allowed.

        `connect` is the driver's, with the arguments for it.

        Raises:
            DatabaseUnavailable: the file was emptied or removed since the first connection.
        """
        if self._was_opened and not size_of(self.path):
            raise DatabaseUnavailable(
                "database-emptied",
                "the database {database} was emptied or removed meanwhile",
                database=self.path,
            )
        try:
            connection = _prepare(connect(*args, **options), TO_WRITE)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY_CODE not in NOT_OURS or not size_of(self.path):
                raise
            try:
                connection = self._open_snapshot(connect, options)
            except sqlite3.OperationalError:
                raise error from None
        self._was_opened = True
        return connection

    def has_changed(self) -> bool:
        """Return whether the file was written to since its snapshot was opened."""
        return self._snapshot is not None and self._snapshot != self._stamp()

    def check(self, begin: bool) -> None:
        """Refuse a lost database, instead of opening a new one in its place.

        With `begin`, a missing database may be created.

        Raises:
            DatabaseUnavailable: the file is empty or missing, and its folder shows that pictures
                were indexed; or the path is a folder.
        """
        if self.path.is_dir():
            raise DatabaseUnavailable(
                "database-is-a-folder",
                "the database {database} is a folder; name a file in it",
                database=self.path,
            )
        self._new = not self.path.exists()
        if size_of(self.path):
            return
        if size_of(self.wal):
            raise DatabaseUnavailable(
                "database-lost",
                "the database {database} is {state}, though changes to it lie in "
                "{wal}; put the database back beside them, or move them away and index "
                "again: {note}",
                database=self.path,
                state=absence(self.path),
                wal=self.wal,
                note=UNTOUCHED,
            )
        if self._new and not begin and (trace := self._trace()):
            raise DatabaseUnavailable(
                "database-gone",
                "there is no database {database}, though {trace} of one lies beside it; put it "
                "back, from a backup perhaps, or begin anew with: limn index PATH; {note}",
                database=self.path,
                trace=trace,
                note=UNTOUCHED,
            )
        self.refuse_empty()

    def refuse_empty(self) -> None:
        """Refuse a database without tables that once had some; raises as `check`.

        A file that was missing at the check is new.
        """
        trace = "" if self._new else self._trace()
        if trace:
            raise DatabaseUnavailable(
                "database-empty",
                "the database {database} is empty ({size_bytes:,} bytes), though {trace} "
                "of one lies beside it: it was damaged, as by a full disk or a copy that broke "
                "off; restore it from a backup, or move it away and index again: {note}",
                database=self.path,
                size_bytes=size_of(self.path),
                trace=trace,
                note=UNTOUCHED,
            )

    def _trace(self) -> str:
        """Return the evidence in the folder that pictures were indexed, in words; "" for none."""
        folder, name = self.path.parent, self.path.name
        if any(folder.glob(f"{name}.collection-*.lock")):
            return "a lock file"
        if any(file != self.path for file in folder.glob("*.db")):
            return ""  # the rest may belong to that one
        kinds = {"thumbnails": "thumbnails", "indexes": "index files"}
        traces = (noun for kind, noun in kinds.items() if any(folder.glob(f"{kind}/*")))
        return next((f"the folder of {noun}" for noun in traces), "")

    def _open_snapshot(self, connect: Open, options: dict[str, Any]) -> sqlite3.Connection:
        """Open without the two files of a WAL: nobody writes, or the files would exist."""
        stamp = self._stamp()
        # Without locks and shared memory a connection has its own index of the WAL; without a WAL
        # SQLite would create one, unless it knows that nothing can change.
        way = "vfs=unix-none" if exists(self.wal) else "immutable=1"
        address = f"{self.path.as_uri()}?mode=ro&{way}"
        connection = connect(address, **{**options, "uri": True})
        connection = _prepare(connection, ("locking_mode=EXCLUSIVE", "schema_version"))
        self._snapshot = self._snapshot or stamp
        return connection

    def forget_snapshot(self) -> None:
        """Discard the snapshot: the next connection opens the file again."""
        self._snapshot = None

    def _stamp(self) -> Stamp:
        return tuple(map(stamp_of, (self.path, self.wal)))


def _prepare(connection: sqlite3.Connection, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection.isolation_level = None  # transactions are begun by the caller, not by sqlite3
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection
