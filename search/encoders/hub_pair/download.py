"""Downloads from a hub into its cache or a folder: resumed, and compared with its digests."""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from huggingface_hub import get_session, hf_hub_url
from huggingface_hub.utils._headers import build_hf_headers

from search.encoders.hub_pair.hub import NETWORK_ERROR, Hub, HubFile, Listing
from search.encoders.hub_pair.progress import progress_bar
from search.encoders.hub_pair.specification import COMMIT, HubSpecification
from search.errors import EncoderUnavailable, StorageFailed

PART = ".limn-part"
"""The end of the name of a file that is not complete."""

MOST_FAILURES = 3
"""Attempts without a new byte before a transfer is given up."""

CHUNK_BYTES = 1 << 20

FULL = (errno.ENOSPC, errno.EDQUOT)

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Download:
    """A download of some files of a repository at a commit."""

    hub: Hub
    spec: HubSpecification
    listing: Listing

    def into_cache(self, names: Iterable[str]) -> Path:
        """Bring files into the hub's cache, as the hub's own tools lay it out; return the folder.

        Raises:
            EncoderUnavailable: the hub refuses, breaks off, or sends another file.
            StorageFailed: the disk is full, or the cache can't be written.
        """
        snapshot = self.hub.snapshot(self.spec.repository, self.listing.commit)
        storage = self.hub.storage(self.spec.repository)
        with writing_to(storage):
            missing = [self._file(each) for each in names if not (snapshot / each).exists()]
            targets = [storage / "blobs" / each.blob for each in missing]
            self._transfer_all(missing, targets)
            for file, blob in zip(missing, targets, strict=True):
                _link(blob, snapshot / file.name)
            revision = self.spec.revision or "main"
            if not COMMIT.fullmatch(revision):
                reference = storage / "refs" / revision
                reference.parent.mkdir(parents=True, exist_ok=True)
                reference.write_text(self.listing.commit, encoding="ascii")
            self.hub.remember(self.spec.repository, self.listing)
        return snapshot

    def into_folder(self, names: Iterable[str], folder: Path) -> None:
        """Bring files into a plain folder, those in the cache without a request.

        Raises:
            EncoderUnavailable, StorageFailed: as `into_cache` does.
        """
        snapshot = self.hub.snapshot(self.spec.repository, self.listing.commit)
        with writing_to(folder):
            missing = [self._file(each) for each in names if not (folder / each).exists()]
            for file in missing:
                if (snapshot / file.name).is_file():
                    (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
                    part = folder / f"{file.name}{PART}"
                    shutil.copyfile(snapshot / file.name, part)
                    part.replace(folder / file.name)
            missing = [each for each in missing if not (folder / each.name).exists()]
            self._transfer_all(missing, [folder / each.name for each in missing])

    def _file(self, name: str) -> HubFile:
        return self.listing.files[name]

    def _transfer_all(self, files: Sequence[HubFile], targets: Sequence[Path]) -> None:
        pairs = [
            (file, target)
            for file, target in zip(files, targets, strict=True)
            if not target.exists()
        ]
        total = sum(file.size_bytes for file, _ in pairs)
        had = sum(_size_of(_part_of(target)) for _, target in pairs)
        if pairs:
            _check_space(targets[0].parent, total - had)
        with progress_bar(self.spec.source, total) as advance:
            for file, target in pairs:
                target.parent.mkdir(parents=True, exist_ok=True)
                with FileLock(f"{_part_of(target)}.lock"):
                    if not target.exists():
                        self._transfer(file, target, advance)
                Path(f"{_part_of(target)}.lock").unlink(missing_ok=True)

    def _transfer(self, file: HubFile, target: Path, advance: Advance) -> None:
        """Bring one file to `target`, from where an earlier attempt ended."""
        part, failures = _part_of(target), 0
        advance(_size_of(part))
        while True:
            before, reason = _size_of(part), ""
            try:
                self._receive(file, part, advance)
            except (NETWORK_ERROR, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            if _size_of(part) == file.size_bytes:
                break
            failures = 0 if _size_of(part) > before else failures + 1
            if failures == MOST_FAILURES:
                raise self._broken(file, _size_of(part), reason)
            time.sleep(self.hub.retry_after_s if failures else 0)
        if not _is_same(part, file):
            part.unlink()
            raise EncoderUnavailable(
                "hub-file-differs",
                "{name} from {endpoint}/{repository} is not the file whose digest the hub names, "
                "and was removed; try again, and if it happens twice, name another HF_ENDPOINT",
                name=file.name,
                endpoint=self.hub.endpoint,
                repository=self.spec.repository,
            )
        part.replace(target)

    def _receive(self, file: HubFile, part: Path, advance: Advance) -> None:
        """Add what the hub sends to a part; the connection may end before the file does."""
        at = _size_of(part)
        url = hf_hub_url(
            self.spec.repository,
            file.name,
            revision=self.listing.commit,
            endpoint=self.hub.endpoint,
        )
        # Compressed answers have other lengths and ranges than the file.
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if at:
            headers["Range"] = f"bytes={at}-"
        stream = get_session().stream(
            "GET", url, headers=headers, timeout=self.hub.timeout_s, follow_redirects=True
        )
        with stream as answer:
            if answer.status_code == 416:  # the part is no beginning of this file
                part.unlink(missing_ok=True)
                return
            if answer.status_code >= 400:
                raise self.hub.refused(self.spec, answer.status_code, answer.headers)
            resumed = answer.status_code == 206
            if at and not resumed:
                advance(-at)
            with part.open("ab" if resumed else "wb") as writing:
                for chunk in answer.iter_bytes():  # of any size: none waits for more
                    writing.write(chunk)
                    advance(len(chunk))

    def _broken(self, file: HubFile, at: int, reason: str) -> EncoderUnavailable:
        return EncoderUnavailable(
            "hub-transfer-broken",
            "{endpoint} sent {received:,} of the {size:,} bytes of {name}{reason}; run the command "
            "again, it continues from there",
            endpoint=self.hub.endpoint,
            received=at,
            size=file.size_bytes,
            name=file.name,
            reason=f" and then: {reason}" if reason else "",
        )


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn the disk's errors into one message.

    Raises:
        StorageFailed: the disk is full, or the folder can't be written.
    """
    try:
        yield
    except (NETWORK_ERROR, TimeoutError):  # some are errors of the system too
        raise
    except OSError as error:
        if error.errno in FULL:
            raise _no_space(folder, 0) from error
        raise StorageFailed(
            "hub-cache-unwritable",
            "can't write to {folder!r}: {reason}; set HF_HOME to a folder that you may write to",
            folder=str(folder),
            reason=error.strerror or error,
        ) from error


def _check_space(folder: Path, wanted: int) -> None:
    """Refuse a download that the disk can't hold."""
    above = next(each for each in (folder, *folder.parents) if each.exists())
    if wanted > shutil.disk_usage(above).free:
        raise _no_space(folder, wanted)


def _no_space(folder: Path, wanted: int) -> StorageFailed:
    return StorageFailed(
        "hub-disk-full",
        "the disk of {folder!r} is too full for the download{wanted}; make room, "
        "or set HF_HOME to a folder on another disk, and run the command again",
        folder=str(folder),
        wanted=f" of {wanted / 1e6:,.0f} MB" if wanted else "",
    )


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + PART)


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _is_same(part: Path, file: HubFile) -> bool:
    """Return whether a file has the digest that the hub names."""
    if not file.sha256 and not file.git_sha1:
        return True
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(usedforsecurity=False)
    if not file.sha256:  # as git digests a blob
        digest.update(b"blob %d\0" % file.size_bytes)
    with part.open("rb") as reading:
        while chunk := reading.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == (file.sha256 or file.git_sha1)


def _link(blob: Path, pointer: Path) -> None:
    """Let a name in a snapshot point to a blob; without links it becomes the file itself."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        try:
            pointer.symlink_to(os.path.relpath(blob, pointer.parent))
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(blob, pointer)
