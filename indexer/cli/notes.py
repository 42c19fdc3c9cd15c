"""The notes of a run that were shown before: each is shown once, until it changes."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from indexer.indexing.request import Request
from search.files.atomic_file import write_atomic

# A folder with a million unreadable sidecars must not make a file of a million lines.
MAX_KEPT = 10_000


class ShownNotes:
    """The notes of a collection's last run, by their hashes, in a file of the data folder.

    The file is a convenience: where it is missing, damaged or can't be written, notes are shown
    again.
    """

    def __init__(self, data_dir: Path, request: Request) -> None:
        key = _hash("\0".join((request.name, *request.sources)))
        self._file = data_dir / "notes" / f"{key}.json"

    def new(self, notes: Iterable[str], part: bool = False) -> list[str]:
        """Return the notes that were not shown before, and record them as shown.

        A run over a `part` of the collection leaves the notes of the rest as they are.
        """
        now = {_hash(note): note for note in notes}
        before = self._read()
        shown_keys = [*(before if part else ()), *now]
        if set(shown_keys) != before:
            self._write(shown_keys)
        return [note for key, note in now.items() if key not in before]

    def _read(self) -> set[str]:
        with suppress(OSError, ValueError, TypeError):
            return set(json.loads(self._file.read_text(encoding="utf-8")))
        return set()

    def _write(self, keys: list[str]) -> None:
        text = json.dumps(list(dict.fromkeys(keys))[-MAX_KEPT:])
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._file, text.encode())


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
