"""A run's state on disk: one file, replaced whole, which only the same run resumes."""

import pickle
from pathlib import Path
from typing import Any

import torch

from indexer.training.run_folder import TrainingStopped
from search.errors import StorageFailed
from search.files.atomic_file import atomic_file, remove_abandoned

NAME = "checkpoint.pt"

UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    EOFError,
    AttributeError,
    pickle.UnpicklingError,
)
"""Errors that torch was seen to raise on files that are cut, garbled or of another kind."""


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write a run's state in place of the previous one.

    Raises:
        StorageFailed: the disk is full or not ours; the previous checkpoint stays.
    """
    try:
        with atomic_file(folder / NAME) as file:
            torch.save(state, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise StorageFailed(
            "checkpoint-unwritable",
            "can't write a checkpoint to {folder!r}: {error}; the previous one stays: "
            "make room, then run the same command again",
            folder=str(folder),
            error=error,
        ) from error


def load(folder: Path, identity: dict[str, Any], device: str) -> dict[str, Any] | None:
    """Return the state in `folder`, or None where there is none.

    Raises:
        TrainingStopped: it is damaged, or differs from `identity` (recipe and data).
    """
    file = folder / NAME
    remove_abandoned(file, older_than_s=0)  # a run's folder has one writer
    if not file.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(file, map_location=device, weights_only=True)
        changes = [name for name, value in identity.items() if state.get(name) != value]
    except UNREADABLE as error:
        raise TrainingStopped(
            "checkpoint-damaged",
            "{file!r} is damaged ({error}); remove it to train from the start",
            file=str(file),
            error=error,
        ) from error
    if changes:
        raise TrainingStopped(
            "checkpoint-of-another-run",
            "{file!r} is of another {differing}; train into another folder, or remove it",
            file=str(file),
            differing=changes[0],
        )
    return state
