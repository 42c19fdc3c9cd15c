"""Opening one SQLite file: to write, to read alone, or not at all where its pictures are lost."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.errors import DatabaseUnavailable, LimnError, StorageFailed

# How long a writer waits for another: a batch takes well under a second, a busy disk longer.
SQLITE_WAIT_S = 60

# WAL: readers never wait for the writer. NORMAL: a commit outlives the process, whatever kills
# it; a power cut may take back the last ones but never damages the file.
TO_WRITE = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")

# What SQLite says where it may not write beside the file, as WAL mode wants it even to read.
NOT_OURS = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
PRIMARY_CODE = 0xFF

UNTOUCHED = "the pictures themselves are untouched"

Open = Callable[..., sqlite3.Connection]
Stamp = tuple[tuple[int, int, int] | None, ...]


class SqliteFile:
    """One SQLite file and how this user may open it. Safe to call from many threads.

    A file in WAL mode is shared through two files in its folder. A user who may not make those
    reads the file without them: as a *snapshot*, which is right as long as nobody writes. `changed`
    says when somebody has, and the connections that were opened before are useless then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._snapshot: Stamp | None = None
        self._opened = False
        self._new = False

    @property
    def wal(self) -> Path:
        """The file of what was committed since it was last written into the database."""
        return self.path.with_name(f"{self.path.name}-wal")

    @property
    def read_only(self) -> bool:
        """True where this user may read the database and not write to it."""
        return self.path.is_file() and not (
            _may_write(self.path) and (self._snapshot is None or _may_write(self.path.parent))
        )

    @property
    def is_snapshot(self) -> bool:
        """True where connections see the file as it was when the first of them was opened."""
        return self._snapshot is not None

    def open(self, connect: Open, *args: Any, **options: Any) -> sqlite3.Connection:
        """Return a connection that may write, or one that only reads where nothing else is allowed.

        `connect` is the driver's, with the arguments that it would have been called with.

        Raises:
            DatabaseUnavailable: the file was emptied or removed since the first connection.
        """
        if self._opened and not _size(self.path):
            raise DatabaseUnavailable(f"the database {self.path} was emptied or removed meanwhile")
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
        """Refuse a database that is lost, instead of taking it for one that is new.

        Where there is none at all, one may be made with `begin`.

        Raises:
            DatabaseUnavailable: it is empty or not there, and its folder shows that pictures were
                indexed; or it is a folder.
        """
        if self.path.is_dir():
            raise DatabaseUnavailable(f"the database {self.path} is a folder; name a file in it")
        self._new = not self.path.exists()
        if _size(self.path):
            return
        if _size(self.wal):
            raise DatabaseUnavailable(
                f"the database {self.path} is {_absent(self.path)}, though changes to it lie in "
                f"{self.wal}; put the database back beside them, or move them away and index "
                f"again: {UNTOUCHED}"
            )
        if self._new and not begin and (trace := self._trace()):
            raise DatabaseUnavailable(
                f"there is no database {self.path}, though {trace} of one lies beside it; put it "
                f"back, from a backup perhaps, or begin anew with: limn index PATH; {UNTOUCHED}"
            )
        self.refuse_empty()

    def refuse_empty(self) -> None:
        """Refuse a database without a table in it where it once had some; raises as `check`.

        One that was not there when it was checked is new.
        """
        trace = "" if self._new else self._trace()
        if trace:
            raise DatabaseUnavailable(
                f"the database {self.path} is empty ({_size(self.path):,} bytes), though {trace} "
                "of one lies beside it: it was damaged, as by a full disk or a copy that broke "
                f"off; restore it from a backup, or move it away and index again: {UNTOUCHED}"
            )

    def _trace(self) -> str:
        """Return what in the folder shows that pictures were indexed, in words; "" for nothing."""
        folder, name = self.path.parent, self.path.name
        if any(folder.glob(f"{name}.collection-*.lock")):
            return "a lock file"
        if any(each != self.path for each in folder.glob("*.db")):
            return ""  # the rest may be of that one
        kinds = {"thumbnails": "thumbnails", "indexes": "index files"}
        held = (told for kind, told in kinds.items() if any(folder.glob(f"{kind}/*")))
        return next((f"the folder of {told}" for told in held), "")

    def _open_snapshot(self, connect: Open, options: dict[str, Any]) -> sqlite3.Connection:
        """Open without the two files of a WAL: nobody writes, or they would exist."""
        stamp = self._stamp()
        # Without locks and shared memory a connection keeps its own index of the WAL; where there
        # is no WAL, SQLite would make one, unless it is told that nothing can change.
        way = "vfs=unix-none" if _exists(self.wal) else "immutable=1"
        address = f"{self.path.as_uri()}?mode=ro&{way}"
        opened = connect(address, **{**options, "uri": True})
        opened = _prepared(opened, ("locking_mode=EXCLUSIVE", "schema_version"))
        self._snapshot = self._snapshot or stamp
        return opened

    def forget_snapshot(self) -> None:
        """Open the file again from now on: the connections opened before are gone."""
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
    """Return the file's size in bytes; 0 where there is none."""
    return (_stamp(path) or (0, 0, 0))[1]


def _exists(path: Path) -> bool:
    return _stamp(path) is not None


def _absent(path: Path) -> str:
    return "empty" if path.exists() else "not there"


def explained(text: str, label: str) -> LimnError:
    """Return what an error of SQLite's means to the user of the database `label`."""
    if any(each in text for each in ("malformed", "not a database", "no such", "already exists")):
        return DatabaseUnavailable(
            f"the database {label} is damaged ({text}); restore it from a backup, or move it "
            f"away and index again: {UNTOUCHED}",
            outside="the database is damaged",
        )
    if "full" in text or "I/O error" in text:
        return StorageFailed(
            f"can't write to {label} ({text}): make room on the disk and run the command again; "
            "what was committed before is kept"
        )
    if "readonly" in text:
        return StorageFailed(
            f"can't write to {label}: it is read-only for this user, who can only search it; run "
            "the command as its owner, or choose another folder with LIMN_DATA_DIR"
        )
    if "locked" in text:
        return DatabaseUnavailable(
            f"the database {label} was locked by another program for {SQLITE_WAIT_S} s; "
            "end that program, or try again"
        )
    if "unable to open" in text:
        return DatabaseUnavailable(
            f"can't open the database {label} ({text}); check that it is a file that this user "
            "may read, and write to where something is to be changed"
        )
    return DatabaseUnavailable(f"the database {label} refused a statement: {text}")
