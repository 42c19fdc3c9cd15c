"""A folder of pictures on disk, with the captions that stand in it."""

import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from indexer.sources import Item, Scan
from indexer.sources.captions import TABLE_NAMES, CaptionTable, sidecar_caption
from search.errors import BadSource
from search.pictures import PICTURE_SUFFIXES
from search.records import Caption, Failure

# What cameras, systems and programs put beside pictures: thumbnails and bins, not collections.
SKIPPED_FOLDERS = frozenset({"@eaDir", "$RECYCLE.BIN", "System Volume Information", "__MACOSX"})


def scan_folder(root: Path, within: Path | None = None) -> Scan:
    """Find the pictures at and below an absolute path, or the one picture that it names.

    Symbolic links are followed, each folder once, so a loop ends. Hidden files and folders are
    passed over. Costs one stat a file; no picture is opened. Captions files count that stand at or
    below `root`, and those above it up to the folder `within`.

    Raises:
        BadSource: the path is missing, unreadable, or has no pictures, or its captions can't be
            read.
    """
    scan = Scan(root)
    try:
        status = root.stat()
    except OSError as error:
        raise BadSource(
            f"can't index {str(root)!r}: {error.strerror}; name a folder of pictures, or a picture"
        ) from error
    walk = _Walk(scan)
    if stat.S_ISDIR(status.st_mode):
        walk.folder(root, (status.st_dev, status.st_ino))
    else:
        scan.items.append(Item(root, status.st_size, status.st_mtime_ns))
        walk.beside(root)
    if not scan.items:
        unread = f"; {scan.failures[0].detail}" if scan.failures else ""
        raise BadSource(
            f"there are no pictures in {str(root)!r}{unread}; Limn reads files that end in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}. Nothing was changed"
        )
    above = [] if within is None else [each for each in root.parents if each.is_relative_to(within)]
    _add_captions(scan, walk.tables, walk.texts, above)
    if walk.others:
        scan.notes.append(f"{walk.others:,} files that are not pictures were passed over")
    return scan


class _Walk:
    """One walk through a tree: pictures into the scan, captions files and texts aside."""

    def __init__(self, scan: Scan) -> None:
        self.tables: list[Path] = []
        self.texts: dict[Path, Path] = {}  # by the path without its suffix
        self.others = 0
        self._scan = scan
        self._seen: set[tuple[int, int]] = set()

    def folder(self, root: Path, identity: tuple[int, int]) -> None:
        pending = [(root, identity)]  # a stack of our own: trees may be deeper than Python's
        while pending:
            folder, identity = pending.pop()
            if identity in self._seen:
                continue
            self._seen.add(identity)
            below = list(self._files(folder))
            pending += reversed(below)

    def beside(self, picture: Path) -> None:
        """Look for the captions of a picture that is indexed on its own."""
        self.tables = _tables_in(picture.parent)
        for text in filter(
            Path.is_file, (picture.with_suffix(".txt"), picture.with_suffix(".TXT"))
        ):
            self.texts[picture.with_suffix("")] = text

    def _files(self, folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
        """Sort a folder's files; yield the folders in it with their identity on disk."""
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._unreadable(folder, error)
            return
        for entry in listed:
            if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
                continue
            path = folder / entry.name
            try:
                if entry.is_dir():
                    status = entry.stat()
                    yield path, (status.st_dev, status.st_ino)
                else:
                    self._file(path, entry)
            except OSError as error:  # a link to nothing, a link to itself, a file just deleted
                self._unreadable(path, error)

    def _file(self, path: Path, entry: os.DirEntry[str]) -> None:
        suffix = os.path.splitext(entry.name)[1].lower()
        if suffix in PICTURE_SUFFIXES:
            status = entry.stat()
            self._scan.items.append(Item(path, status.st_size, status.st_mtime_ns))
        elif entry.name.lower() in TABLE_NAMES:
            self.tables.append(path)
        elif suffix == ".txt":
            self.texts[path.with_suffix("")] = path
        else:
            self.others += 1

    def _unreadable(self, path: Path, error: OSError) -> None:
        detail = f"can't read {str(path)!r}: {error.strerror}"
        self._scan.failures.append(Failure(path, "unreadable", detail))


def _tables_in(folder: Path) -> list[Path]:
    return [path for path in map(folder.joinpath, TABLE_NAMES) if path.is_file()]


def _add_captions(
    scan: Scan, tables: list[Path], texts: dict[Path, Path], above: list[Path]
) -> None:
    """Give each item its captions: those of the tables, then that of the text file beside it."""
    captions: dict[Path, list[Caption]] = defaultdict(list)
    beyond = [table for folder in above for table in _tables_in(folder) if table not in tables]
    below: dict[Path, list[Path]] = {path.parent: [] for path in tables + beyond}
    for item in scan.items if below else ():
        for folder in item.path.parents:
            if folder in below:
                below[folder].append(item.path)
    for path in tables + beyond:
        for picture, found in _assigned(scan, path, below[path.parent], noted=path in tables):
            captions[picture].extend(found)
    for item in scan.items:
        text = texts.get(item.path.with_suffix(""))
        if text is not None:
            try:
                caption = sidecar_caption(text)
            except BadSource as error:
                scan.notes.append(str(error))
            else:
                captions[item.path] += [caption] if caption else []
    scan.items = [
        replace(item, captions=tuple(dict.fromkeys(captions.get(item.path, ()))))
        for item in scan.items
    ]


def _assigned(
    scan: Scan, path: Path, pictures: list[Path], *, noted: bool
) -> list[tuple[Path, tuple[Caption, ...]]]:
    """A table's captions by picture. One that can't be read ends the run where it stands in the
    root, where it was meant for us; elsewhere it may be another program's and is noted.
    """
    try:
        table = CaptionTable(path)
    except BadSource as error:
        if path.parent == scan.root:
            raise
        scan.notes.append(f"passed over: {error}")
        return []
    assigned = list(table.assign(pictures))
    if noted:  # a table above names pictures that this scan does not look at
        scan.notes += table.notes
    return assigned
