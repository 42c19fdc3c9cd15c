"""Run folders: one run owns each, and one process works in it at a time."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from search.errors import BadSetting, LimnError, StorageFailed

SETTINGS = "run.json"
LOCK = ".lock"


class TrainingStopped(LimnError):
    """A run can't continue: its loss is not finite, or its checkpoint belongs to another run."""


@contextmanager
def claim(folder: Path, settings: Mapping[str, Any]) -> Iterator[None]:
    """Claim `folder` for the run that `settings` describes, new or resumed, until the block ends.

    A run that is refused before it has made anything leaves the folder free for another.

    Raises:
        BadSetting: it holds something else, or another run; the message names the differences.
        TrainingStopped: another process is at work in it.
        StorageFailed: it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=0):
            _check(folder, settings)
            try:
                yield
            except LimnError:
                if {each.name for each in folder.iterdir()} <= {LOCK, SETTINGS}:
                    (folder / SETTINGS).unlink(missing_ok=True)
                raise
    except Timeout as error:
        raise TrainingStopped(
            "run-folder-busy",
            "another limn train is at work in {folder!r}; wait for it, or train into "
            "another folder",
            folder=str(folder),
        ) from error
    except OSError as error:
        raise StorageFailed(
            "run-folder-unusable",
            "can't train in {folder!r}: {error}",
            folder=str(folder),
            error=error,
        ) from error


def _check(folder: Path, settings: Mapping[str, Any]) -> None:
    file = folder / SETTINGS
    if not file.exists():
        foreign = sorted({each.name for each in folder.iterdir()} - {LOCK})
        if foreign:
            raise BadSetting(
                "run-folder-foreign",
                "{folder!r} holds {file!r} and is no folder of a training run; name "
                "another with --out",
                folder=str(folder),
                file=foreign[0],
            )
        file.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
        changes = [
            name for name in {**settings, **before} if before.get(name) != settings.get(name)
        ]
    except (ValueError, AttributeError) as error:
        raise BadSetting(
            "run-settings-damaged",
            "{file!r} is damaged ({error}); train into another folder, or remove this one",
            file=str(file),
            error=error,
        ) from error
    if changes:
        name = changes[0]
        raise BadSetting(
            "run-folder-differs",
            "{folder!r} holds another run: its {name} is {found!r}, not "
            "{wanted!r}; train into another folder, or remove this one",
            folder=str(folder),
            name=name,
            found=before.get(name),
            wanted=settings.get(name),
        )


def pair_unwritable(folder: Path, error: Exception) -> StorageFailed:
    """Return the error for a trained pair whose files can't be written."""
    return StorageFailed(
        "pair-unwritable",
        "can't write the pair to {folder!r}: {error}",
        folder=str(folder),
        error=error,
    )
