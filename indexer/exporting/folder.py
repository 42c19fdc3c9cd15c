"""A new folder that appears whole under its name, or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import BadSetting, StorageFailed


def check_new(out: Path) -> None:
    """Raise BadSetting where `out` is taken: a folder that holds something, or a file."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if os.path.lexists(out):
        raise BadSetting(
            f"{str(out)!r} is there already and not an empty folder; name a new one with --out, "
            "or remove it"
        )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `out` when the block ends, and goes when it fails.

    Raises:
        BadSetting: `out` is taken.
        StorageFailed: the disk is full or not ours; nothing of the folder stays.
    """
    check_new(out)
    part = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        part.mkdir(parents=True)
        yield part
        if out.is_dir():
            out.rmdir()
        os.replace(part, out)
    except OSError as error:
        raise StorageFailed(
            f"can't write {str(out)!r}: {error.strerror or error}; nothing of it was kept: "
            "make room or name another --out, and run the command again"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(part)
