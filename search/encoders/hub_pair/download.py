"""Downloads from a hub into its cache or a folder."""

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from search.encoders.hub_pair.disk import check_space, writing_to
from search.encoders.hub_pair.hub import Hub, HubFile, RepositoryListing
from search.encoders.hub_pair.progress import Progress, progress_bar
from search.encoders.hub_pair.specification import COMMIT, HubSpecification
from search.encoders.hub_pair.transfer import PART, Transfer, part_of, size_of


@dataclass(frozen=True, slots=True)
class Download:
    """A download of some files of a repository at a commit."""

    hub: Hub
    spec: HubSpecification
    listing: RepositoryListing
    progress: Progress = progress_bar

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
        if not pairs:
            return
        total = sum(file.size_bytes for file in files)
        left = sum(file.size_bytes - size_of(part_of(target)) for file, target in pairs)
        check_space(targets[0].parent, left)
        transfer = Transfer(self.hub, self.spec, self.listing.commit)
        with self.progress(self.spec.source, total) as advance:
            advance(total - sum(file.size_bytes for file, _ in pairs))  # an earlier run has these
            for file, target in pairs:
                target.parent.mkdir(parents=True, exist_ok=True)
                with FileLock(f"{part_of(target)}.lock"):
                    if not target.exists():
                        transfer.bring(file, target, advance)
                Path(f"{part_of(target)}.lock").unlink(missing_ok=True)


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
