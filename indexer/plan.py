"""What a run has to do: the files that a scan found against those that the catalog knows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.decoding import Work
from indexer.sources import Item, Scan
from search.records import Caption, KnownFile


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to decode, known pictures whose captions changed, how many stay, which are gone."""

    work: list[Work]
    recaption: list[tuple[int, Item]]
    unchanged: int
    gone: list[int]


def make_plan(scan: Scan, known: Mapping[Path, KnownFile]) -> Plan:
    """Compare by path, size and time; a file is opened only where these differ.

    What lies below a folder that could not be read is not taken for gone.
    """
    work: list[Work] = []
    recaption: list[tuple[int, Item]] = []
    unchanged = 0
    for item in scan.items:
        file = known.get(item.path)
        if file is None:
            work.append(Work(item))
        elif (file.size_bytes, file.mtime_ns) != (item.size_bytes, item.mtime_ns):
            work.append(Work(item, file.content_hash))
        elif file.captions_hash != captions_hash(item.captions):
            recaption.append((file.picture_id, item))
        else:
            unchanged += 1
    found = {item.path for item in scan.items}
    unread = {failure.path for failure in scan.failures}
    gone = [
        file.picture_id
        for path, file in known.items()
        if path not in found and unread.isdisjoint((path, *path.parents))
    ]
    return Plan(work, recaption, unchanged, gone)


def captions_hash(captions: Sequence[Caption]) -> bytes:
    """16 bytes that differ where the captions, their languages or kinds do."""
    digest = hashlib.blake2b(digest_size=16)
    for caption in captions:
        for part in (caption.text, caption.language or "", caption.kind):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()
