"""Folders on disk: pictures with their sidecar data, and archives, tables and films."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from indexer.sources import (
    NOTHING,
    DeadLink,
    IsUnchanged,
    Item,
    Note,
    ScanResult,
    SidecarData,
    Whole,
    combine,
    container_mark,
    leads_out,
    not_read,
)
from indexer.sources.captions_csv import TABLE_NAMES, CaptionTable
from indexer.sources.columns import GUESSED, ColumnOptions
from indexer.sources.container import contents
from indexer.sources.globs import EVERYTHING, Selection
from indexer.sources.options import SourceOptions
from indexer.sources.sidecar_names import SidecarNames
from indexer.sources.sidecars import LARGEST_BYTES, SUFFIXES, parse_sidecar, together
from search.catalog.records import Failure
from search.errors import BadSource, system_reason
from search.files.boundary import is_inside
from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import FILM_SUFFIXES, is_container, may_move
from search.text.amounts import amount

# Folders that cameras, systems and programs add: thumbnails and bins, not collections.
SKIPPED_FOLDERS = frozenset({"@eaDir", "$RECYCLE.BIN", "System Volume Information", "__MACOSX"})


@dataclass(slots=True)
class _Listing:
    """One folder's entries by kind; each kind in order of name."""

    folder: str
    pictures: list[os.DirEntry[str]] = field(default_factory=list)
    containers: list[os.DirEntry[str]] = field(default_factory=list)
    tables: list[os.DirEntry[str]] = field(default_factory=list)
    sidecars: SidecarNames = field(default_factory=SidecarNames)
    folders: list[os.DirEntry[str]] = field(default_factory=list)
    dead_links: list[DeadLink] = field(default_factory=list)
    others: int = 0


class FolderSource:
    """The pictures at and below a path, or the one picture that it names.

    Symbolic links are followed, each folder once, so a loop ends; one that leads out of
    `confined_to` is a failure, where that names folders. Hidden files and folders are passed over.
    Costs one stat a file; no picture is opened. Captions files count at or below `root`, and above
    it up to the folder `within`.
    """

    table = None

    def __init__(
        self,
        root: Path,
        within: Path | None = None,
        selection: Selection = EVERYTHING,
        columns: ColumnOptions = GUESSED,
        confined_to: Sequence[Path] = (),
    ) -> None:
        self.root = root
        self._within = within
        self._selection = selection
        self._columns = columns
        self._confined_to = confined_to
        self._others = 0

    @property
    def narrowed_by(self) -> str:
        """The options that leave out files, as the command line writes them; "" where none does."""
        return str(self._selection)

    def find(self, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        """Yield the pictures, each folder's sidecars with them."""
        try:
            status = self.root.stat()
        except OSError as error:
            raise BadSource(
                "source-unreadable",
                "can't index {source!r}: {reason}; name a folder of pictures, or a picture",
                source=str(self.root),
                reason=system_reason(error),
            ) from error
        if not stat.S_ISDIR(status.st_mode):
            yield from self._one_file(status, is_unchanged)
            return
        self._others = 0
        sidecars, notes = self._captions_files()
        yield from map(Note, notes)
        failures: list[Failure] = []
        for listing in self._walk(failures):
            yield from self._files(listing, sidecars, is_unchanged)
            yield from failures
            failures.clear()
        yield from failures
        if self._others:
            were = "files that are not pictures were passed over"
            yield Note(amount(self._others, "file that is not a picture was passed over", were))

    def _one_file(self, status: os.stat_result, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        listing = self._list(str(self.root.parent), [])
        if is_container(self.root):
            sidecar, notes_beside = _beside_film(listing, self.root.name)
            yield from notes_beside
            yield from contents(self.root, status, is_unchanged, self._columns, sidecar)
            return
        beside = [] if self._within is None else self._above()
        tables = [Path(entry.path) for entry in listing.tables] + beside
        sidecars, notes = _assign(tables, {str(self.root): self.root}, self.root)
        yield from map(Note, notes)
        sidecar, notes_beside = _beside(listing, self.root.name, sidecars.get(self.root, NOTHING))
        yield from notes_beside
        yield Item(self.root, status.st_size, status.st_mtime_ns, sidecar)

    def _files(
        self, listing: _Listing, sidecars: Mapping[Path, SidecarData], is_unchanged: IsUnchanged
    ) -> Iterator[ScanResult]:
        folder = Path(listing.folder)
        self._others += listing.others
        yield from listing.dead_links
        for entry in listing.pictures:
            path = folder / entry.name
            try:
                status = entry.stat()
            except OSError as error:  # a link to nothing, a link to itself, a file just deleted
                yield not_read(path, error)
                continue
            sidecar = sidecars.get(path, NOTHING) if sidecars else NOTHING
            if listing.sidecars:
                sidecar, notes = _beside(listing, entry.name, sidecar)
                yield from notes
            item = Item(path, status.st_size, status.st_mtime_ns, sidecar)
            if may_move(path) and is_unchanged(mark := container_mark(item)):
                yield Whole(mark, same=True)
            else:
                yield item
        for entry in listing.containers:
            path = folder / entry.name
            sidecar, notes = _beside_film(listing, entry.name)
            yield from notes
            try:
                yield from contents(path, entry.stat(), is_unchanged, self._columns, sidecar)
            except BadSource as error:  # a table without pictures may be another program's
                yield Note(f"passed over: {error}")
            except OSError as error:
                yield not_read(path, error)

    def _walk(self, failures: list[Failure]) -> Iterator[_Listing]:
        """Yield every folder at and below the root, once; unreadable ones are `failures`."""
        inodes: set[tuple[int, int]] = set()
        pending = [str(self.root)]  # an explicit stack: trees may be deeper than Python's
        while pending:
            folder = pending.pop()
            try:
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in inodes:
                    continue
                inodes.add((status.st_dev, status.st_ino))
                if not self._may_enter(folder):  # it may have become a link since it was listed
                    failures.append(_led_out(folder))
                    continue
                listing = self._list(folder, failures)
            except OSError as error:
                failures.append(not_read(Path(folder), error))
                continue
            self._selection.apply(str(self.root), listing.pictures, listing.containers)
            yield listing
            if self._selection.recursive:
                pending += [entry.path for entry in reversed(listing.folders)]

    def _captions_files(self) -> tuple[dict[Path, SidecarData], list[str]]:
        """Return the data of captions files, by picture; no picture is opened."""
        tables: list[Path] = []
        pictures: dict[str, Path] = {}
        for listing in self._walk([]):
            tables += [Path(entry.path) for entry in listing.tables]
        tables += self._above()
        if tables:
            for listing in self._walk([]):
                pictures |= {entry.path: Path(entry.path) for entry in listing.pictures}
        return _assign(tables, pictures, self.root)

    def _above(self) -> list[Path]:
        if self._within is None:
            return []
        folders = [each for each in self.root.parents if each.is_relative_to(self._within)]
        return [
            path
            for each in folders
            for path in map(each.joinpath, TABLE_NAMES)
            if path.is_file() and self._may_enter(path)
        ]

    def _may_enter(self, path: str | Path) -> bool:
        """Return whether a path stays within the folders that confine this source."""
        return not self._confined_to or is_inside(path, self._confined_to)

    def _list(self, folder: str, failures: list[Failure]) -> _Listing:
        """Return a folder's entries; links that lead out are `failures`."""
        with os.scandir(folder) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
        if self._confined_to:
            links = [each.path for each in children if each.is_symlink()]
            out = {path for path in links if not self._may_enter(path)}
            failures += map(_led_out, sorted(out))
            children = [each for each in children if each.path not in out]
        return _sort(folder, children, failures)


class FolderKind:
    """Every path that no other kind takes: a folder, a picture, an archive, a film."""

    names: ClassVar[tuple[str, ...]] = ()

    def open(self, place: Path | str, options: SourceOptions, within: Path | None) -> FolderSource:
        """Open a folder or a file; it is read when it is walked."""
        selection, boundary = options.selection, options.confined_to
        return FolderSource(Path(place), within, selection, options.columns, boundary)


def _sort(folder: str, entries: Sequence[os.DirEntry[str]], failures: list[Failure]) -> _Listing:
    """Sort a folder's entries by kind."""
    listing = _Listing(folder)
    for entry in entries:
        if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
            continue
        suffix = os.path.splitext(entry.name)[1].lower()
        try:
            if entry.is_dir():
                listing.folders.append(entry)
            elif suffix in PICTURE_SUFFIXES:
                listing.pictures.append(entry)
            elif entry.name.lower() in TABLE_NAMES:
                listing.tables.append(entry)
            elif suffix in SUFFIXES:
                listing.sidecars.add(entry.name)
            elif is_container(Path(entry.name)):
                listing.containers.append(entry)
            elif entry.is_symlink() and not os.path.exists(entry.path):
                target = os.readlink(entry.path)  # noqa: PTH115 - shown unchanged
                listing.dead_links.append(DeadLink(Path(entry.path), target))
            else:
                listing.others += 1
        except OSError as error:  # a folder's link to itself
            failures.append(not_read(Path(entry.path), error))
    return listing


def _beside(listing: _Listing, name: str, data: SidecarData) -> tuple[SidecarData, list[Note]]:
    """Return a picture's data from tables and from its sidecars (`SidecarNames`).

    A sidecar that can't be read is noted; the others count.
    """
    notes: list[Note] = []
    by_suffix: dict[str, SidecarData] = {}
    for suffix, sidecar in listing.sidecars.beside(name).items():
        path = os.path.join(listing.folder, sidecar)
        try:
            by_suffix[suffix] = parse_sidecar(suffix, _read_sidecar(path))
        except (OSError, BadSource) as error:
            why = system_reason(error) if isinstance(error, OSError) else error
            notes.append(Note(f"{path} was passed over: {why}"))
    return (combine((data, together(by_suffix))) if by_suffix else data), notes


def _beside_film(listing: _Listing, name: str) -> tuple[SidecarData, list[Note]]:
    """Return a film's sidecar data; archives and tables have no sidecars."""
    is_film = name.lower().endswith(FILM_SUFFIXES)
    return _beside(listing, name, NOTHING) if is_film else (NOTHING, [])


def _read_sidecar(path: str) -> bytes:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):  # reading a named pipe would wait for ever
        raise BadSource("not-a-regular-file", "it is not a regular file")
    if status.st_size > LARGEST_BYTES:
        raise BadSource(
            "caption-too-large",
            "{size_bytes:,} bytes are too many for a caption",
            size_bytes=status.st_size,
        )
    with open(path, "rb") as file:
        return file.read(LARGEST_BYTES)


def _assign(
    tables: list[Path], pictures: Mapping[str, Path], root: Path
) -> tuple[dict[Path, SidecarData], list[str]]:
    """Return the data of captions files, by picture, and the notes about them.

    A captions file in the root that can't be read ends the run, because it was meant for Limn;
    elsewhere it may be another program's and is noted.
    """
    sidecars: dict[Path, SidecarData] = {}
    notes: list[str] = []
    for path in dict.fromkeys(tables):
        try:
            table = CaptionTable(path)
        except BadSource as error:
            if path.parent == root and path.stem.lower() == "captions":
                raise
            notes.append(f"passed over: {error}")
            continue
        start = os.path.join(path.parent, "")
        below = [picture for name, picture in pictures.items() if name.startswith(start)]
        for picture, more in table.assign(below):
            before = sidecars.get(picture, NOTHING)
            captions = tuple(dict.fromkeys(before.captions + more.captions))
            sidecars[picture] = SidecarData(captions, {**before.fields, **more.fields})
        if path.is_relative_to(root):  # one above also names pictures outside this scan
            notes += table.notes
    return sidecars, notes


def _led_out(path: str) -> Failure:
    return Failure(Path(path), "unsupported", leads_out(Path(path)))
