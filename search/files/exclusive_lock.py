"""Locks on files, which end with their process, however that ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def exclusive_lock(
    file: Path, *, busy: Callable[[], Exception], unwritable: Callable[[OSError], Exception]
) -> Iterator[None]:
    """Lock a file during the block.

    Raises:
        the error of `busy`: another process has the lock.
        the error of `unwritable`: the file can't be written.
    """
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise busy() from error
    except OSError as error:
        raise unwritable(error) from error
    try:
        yield
    finally:
        lock.release()
