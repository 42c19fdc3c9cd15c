"""A queue on disk: the work that a run has left, for a collection of any size."""

import pickle
import tempfile
from collections.abc import Iterator
from typing import Generic, Self, TypeVar

T = TypeVar("T")

# A smaller queue stays in memory: most runs have little to do.
MEMORY_BYTES = 32 << 20


class DiskQueue(Generic[T]):
    """Values in the order of their puts; written first, then read, any number of times."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - see `close`
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def put(self, value: T) -> None:
        """Append a value."""
        pickle.dump(value, self._file, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def __iter__(self) -> Iterator[T]:
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # written by this process

    def close(self) -> None:
        """Delete the queue's file."""
        self._file.close()
