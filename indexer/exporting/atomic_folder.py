"""A new folder that appears whole under its name, or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import BadSetting, StorageFailed


def check_new(out: Path) -> None:
    """Refuse an `out` that can't become a new folder.

    Raises:
        BadSetting: it is taken: a folder that holds something, or a file.
        StorageFailed: nothing can be written there.
    """
    taken = os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir()))
    if taken:
        raise BadSetting(
            f"{str(out)!r} is there already and not an empty folder; name a new one with --out, "
            "or remove it"
        )
    above = out.parent  # where it is written before it becomes `out`
    while not os.path.exists(above):
        above = above.parent
    if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
        why = "can't be written to" if above.is_dir() else "is no folder"
        raise StorageFailed(
            f"can't write {str(out)!r}: {str(above)!r} {why}; name another place with --out"
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
