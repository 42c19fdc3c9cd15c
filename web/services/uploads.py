"""Uploaded files for collections, streamed to the data folder under safe names."""

import os
import secrets
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from search.errors import BadSource, Message, StorageFailed, system_reason
from search.files.atomic_file import replace
from search.pictures import PICTURE_SUFFIXES, content_hash
from search.pictures.containers import FILM_SUFFIXES, TAR_SUFFIXES, ZIP_SUFFIXES

# A table may name pictures anywhere on this machine, so captions files alone are accepted: these
# describe the pictures in their own folder.
ARCHIVES = ZIP_SUFFIXES + TAR_SUFFIXES + FILM_SUFFIXES
SIDECAR_SUFFIXES = (".txt", ".json")
CAPTIONS = ("captions.csv", "captions.tsv")

# File systems take 255 bytes; a number may have to be added.
MAX_NAME_BYTES = 200


# Reasons to refuse a file: its kind, a name without a usable part, or an identical file.
Reason = Literal["kind", "name", "same"]


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A refused file: the last part of its name, and the reason."""

    name: str
    reason: Reason


@dataclass(slots=True)
class Upload:
    """The files of one request: drafts by their sent names, and refused files."""

    folder: Path
    drafts: list[tuple[str, Path]] = field(default_factory=list)
    refusals: list[RefusedFile] = field(default_factory=list)
    _open: IO[bytes] | None = None

    def open(self, name: str) -> IO[bytes]:
        """Open a file to write the upload `name` to; a refused file is discarded.

        Opening a file closes the previous one, since a process may open only some hundreds.
        """
        self.close()
        safe = safe_name(name)
        if safe is None:
            if name:
                last = _last(name)
                self.refusals.append(RefusedFile(last or "?", "kind" if last else "name"))
            self._open = Path(os.devnull).open("w+b")  # noqa: SIM115 - closed by `close`
        else:
            handle, draft = tempfile.mkstemp(dir=self.folder)
            self.drafts.append((safe, Path(draft)))
            self._open = os.fdopen(handle, "w+b")
        return self._open

    def close(self) -> None:
        """Close the last file."""
        if self._open is not None:
            self._open.close()


class Uploads:
    """The folder of uploads: one folder for each collection, with generated names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def drafts(self) -> Path:
        """Return the folder of incoming files; raise StorageFailed if it can't be made."""
        folder = self.folder / ".drafts"
        with self._storage_errors():
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def open_upload(self) -> Iterator[Upload]:
        """Open drafts for one request; the block deletes the drafts that were not moved.

        Raises:
            StorageFailed: the disk is full, or not writable for this user.
        """
        with self._storage_errors(), tempfile.TemporaryDirectory(dir=self.drafts()) as folder:
            upload = Upload(Path(folder))
            try:
                yield upload
            finally:
                upload.close()

    def store(self, upload: Upload, folder: Path | None = None) -> Path:
        """Move drafts to a collection's folder, by default a new one; return the folder.

        An identical file is stored once; another file of the same name gets a number, except
        captions, which replace the earlier ones.

        Raises:
            BadSource: the upload has no file that can be indexed.
        """
        if not upload.drafts:
            raise _nothing(upload)
        folder = folder or self.folder / secrets.token_hex(8)
        folder.mkdir(parents=True, exist_ok=True)
        for name, draft in upload.drafts:
            destination = _free(folder, name, draft)
            if destination is None:
                upload.refusals.append(RefusedFile(name, "same"))
                continue
            replace(draft, destination)
            destination.chmod(0o644)
        return folder

    def owns(self, path: Path) -> bool:
        """Return whether a source is a folder of uploads."""
        return path.parent == self.folder

    def discard(self, folder: Path) -> None:
        """Delete the uploaded files of a collection."""
        if self.owns(folder):
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise storage_error(error, self.folder) from error


def storage_error(error: OSError, folder: Path) -> StorageFailed:
    """Return the error for an upload that could not be stored in that folder."""
    reason = system_reason(error)
    return StorageFailed(
        "upload-unwritable",
        "can't keep the files that were sent: {reason}; make room in {folder}",
        reason=reason,
        folder=folder,
        outside=Message(
            "upload-fails", "can't keep the files that were sent: {reason}", reason=reason
        ),
    )


def safe_name(name: str) -> str | None:
    """Return a safe file name from the last part of a sent name; None for other kinds."""
    last = _last(name)
    stem, suffix = _parts(last)
    kind = suffix.lower()
    is_known = (
        kind in PICTURE_SUFFIXES or kind in SIDECAR_SUFFIXES or last.lower().endswith(ARCHIVES)
    )
    if not stem or not (is_known or last.lower() in CAPTIONS):
        return None
    room = MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix


def _last(name: str) -> str:
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    last = "".join(each for each in last if each.isprintable()).strip(". ")
    return last.encode("utf-8", "replace").decode()


def _free(folder: Path, name: str, draft: Path) -> Path | None:
    """Return a draft's destination; None where the identical file exists."""
    stem, suffix = _parts(name)
    at = folder / name
    number = 1
    while at.exists():
        if at.stat().st_size == draft.stat().st_size and content_hash(at) == content_hash(draft):
            return None
        if name.lower() in CAPTIONS or suffix.lower() in SIDECAR_SUFFIXES:
            return at
        number += 1
        at = folder / f"{stem}-{number}{suffix}"
    return at


def _parts(name: str) -> tuple[str, str]:
    """Return a name's stem and its suffix, which may have two parts: .tar.gz."""
    stem, suffix = os.path.splitext(name)
    inner, middle = os.path.splitext(stem)
    return (inner, middle + suffix) if middle.lower() == ".tar" else (stem, suffix)


def _nothing(upload: Upload) -> BadSource:
    if not upload.refusals:
        return BadSource("no-file-sent", "no file was sent; choose pictures, or a zip of them")
    return BadSource(
        "no-sent-file-fits",
        "none of the files can be added: {files}; send pictures, films, zip or tar archives, "
        "and captions.csv",
        files=", ".join(repr(each.name[:80]) for each in upload.refusals[:3]),
    )
