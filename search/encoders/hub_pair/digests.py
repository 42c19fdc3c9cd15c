"""Digests of a pair's files, without reading gigabytes at each start."""

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path

from search.encoders.onnx_pair.pair_folder import file_digest
from search.files.atomic_file import write_atomic

SHA256 = re.compile(r"[0-9a-f]{64}")

SMALL_BYTES = 1 << 20
"""Files up to this size are read each time: that takes a millisecond."""


def digest_of(file: Path, digests_folder: Path) -> str:
    """Return the SHA-256 of a file.

    The hub's cache names large files by it. Digests of others are stored in `digests_folder`,
    and are right as long as the file has the same size and time of change.
    """
    target = file.resolve()
    if SHA256.fullmatch(target.name):  # compared with the content when it was downloaded
        return target.name
    facts = target.stat()
    if facts.st_size <= SMALL_BYTES:
        return file_digest(target)
    place = digests_folder / f"{hashlib.sha256(str(target).encode()).hexdigest()[:32]}.json"
    state = [facts.st_size, facts.st_mtime_ns]
    with suppress(OSError, ValueError, KeyError, TypeError):
        record = json.loads(place.read_bytes())
        if record["state"] == state:
            return str(record["sha256"])
    digest = file_digest(target)
    with suppress(OSError):  # a folder that can't be written costs time alone
        digests_folder.mkdir(parents=True, exist_ok=True)
        write_atomic(place, json.dumps({"state": state, "sha256": digest}).encode())
    return digest
