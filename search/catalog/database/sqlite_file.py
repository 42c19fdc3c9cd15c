"""One SQLite file: opened to write, to read only, or refused where its pictures are lost."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.errors import DatabaseUnavailable, LimnError, Message, StorageFailed

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
    reads the file without them: as a *snapshot*, which is right as long as nobody writes. `changed`
    is True once somebody has, and connections opened before are then invalid.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._snapshot: Stamp | None = None
        self._opened = False
        self._new = False

    @property
    def wal(self) -> Path:
        """Return the WAL file, with the commits that are not yet in the database."""
        return self.path.with_name(f"{self.path.name}-wal")

    @property
    def read_only(self) -> bool:
        """Return whether this user may read the database and not write to it."""
        return self.path.is_file() and not (
            _may_write(self.path) and (self._snapshot is None or _may_write(self.path.parent))
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
        if self._opened and not _size(self.path):
            raise DatabaseUnavailable(
                "database-emptied",
                "the database {database} was emptied or removed meanwhile",
                database=self.path,
            )
        try:
            opened = _prepared(connect(*args, **options), TO_WRITE)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY_CODE not in NOT_OURS or not _size(self.path):
                raise
            try:
                opened = self._open_snapshot(connect, options)
            except sqlite3.OperationalError:
                raise error from None
        self._opened = True
        return opened

    def changed(self) -> bool:
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
        if _size(self.path):
            return
        if _size(self.wal):
            raise DatabaseUnavailable(
                "database-lost",
                "the database {database} is {state}, though changes to it lie in "
                "{wal}; put the database back beside them, or move them away and index "
                "again: {note}",
                database=self.path,
                state=_absent(self.path),
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
                size_bytes=_size(self.path),
                trace=trace,
                note=UNTOUCHED,
            )

    def _trace(self) -> str:
        """Return the evidence in the folder that pictures were indexed, in words; "" for none."""
        folder, name = self.path.parent, self.path.name
        if any(folder.glob(f"{name}.collection-*.lock")):
            return "a lock file"
        if any(each != self.path for each in folder.glob("*.db")):
            return ""  # the rest may belong to that one
        kinds = {"thumbnails": "thumbnails", "indexes": "index files"}
        held = (told for kind, told in kinds.items() if any(folder.glob(f"{kind}/*")))
        return next((f"the folder of {told}" for told in held), "")

    def _open_snapshot(self, connect: Open, options: dict[str, Any]) -> sqlite3.Connection:
        """Open without the two files of a WAL: nobody writes, or the files would exist."""
        stamp = self._stamp()
        # Without locks and shared memory a connection has its own index of the WAL; without a WAL
        # SQLite would create one, unless it knows that nothing can change.
        way = "vfs=unix-none" if _exists(self.wal) else "immutable=1"
        address = f"{self.path.as_uri()}?mode=ro&{way}"
        opened = connect(address, **{**options, "uri": True})
        opened = _prepared(opened, ("locking_mode=EXCLUSIVE", "schema_version"))
        self._snapshot = self._snapshot or stamp
        return opened

    def forget_snapshot(self) -> None:
        """Discard the snapshot: the next connection opens the file again."""
        self._snapshot = None

    def _stamp(self) -> Stamp:
        return tuple(map(_stamp, (self.path, self.wal)))


def _prepared(connection: sqlite3.Connection, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection.isolation_level = None  # transactions are begun by the caller, not by sqlite3
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _may_write(path: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _size(path: Path) -> int:
    """Return the file's size in bytes; 0 for a missing file."""
    return (_stamp(path) or (0, 0, 0))[1]


def _exists(path: Path) -> bool:
    return _stamp(path) is not None


def _absent(path: Path) -> str:
    return "empty" if path.exists() else "not there"


def explained(text: str, label: str) -> LimnError:
    """Return the error for the user of the database `label` that matches an SQLite error."""
    if any(each in text for each in ("malformed", "not a database", "no such", "already exists")):
        return DatabaseUnavailable(
            "database-damaged",
            "the database {database} is damaged ({reason}); restore it from a backup, or move it "
            "away and index again: {note}",
            database=label,
            reason=text,
            note=UNTOUCHED,
            outside=Message("database-fails-damaged", "the database is damaged"),
        )
    if "full" in text or "I/O error" in text:
        return StorageFailed(
            "database-write-failed",
            "can't write to {database} ({reason}): make room on the disk and run the command "
            "again; what was committed before is kept",
            database=label,
            reason=text,
        )
    if "readonly" in text:
        return StorageFailed(
            "database-read-only",
            "can't write to {database}: it is read-only for this user, who can only search it; run "
            "the command as its owner, or choose another folder with LIMN_DATA_DIR",
            database=label,
        )
    if "locked" in text:
        return DatabaseUnavailable(
            "database-locked",
            "the database {database} was locked by another program for {wait_s} s; "
            "end that program, or try again",
            database=label,
            wait_s=SQLITE_WAIT_S,
        )
    if "unable to open" in text:
        return DatabaseUnavailable(
            "database-unreadable",
            "can't open the database {database} ({reason}); check that it is a file that this user "
            "may read, and write to where something is to be changed",
            database=label,
            reason=text,
        )
    return refused(text, label)


def refused(text: str, label: str) -> DatabaseUnavailable:
    """Return the error for a statement that the database `label` refused."""
    return DatabaseUnavailable(
        "database-refused",
        "the database {database} refused a statement: {reason}",
        database=label,
        reason=text,
    )
