"""ANN index files: an ANN index and its index plan, read and written next to the index file."""

import struct
from pathlib import Path

from search.errors import IndexDamaged
from search.stores.faiss_store.ann import PlannedAnn
from search.stores.faiss_store.ann_cpu import load_ann
from search.stores.index_file import IndexHeader, read_index, write_index
from search.stores.planner.plan import IndexPlan

# The generation of the rows, and the length of the plan; then the plan as JSON and the ANN index.
HEAD = struct.Struct("<32sI")


def write_ann(
    path: Path, header: IndexHeader, plan: IndexPlan, ann: PlannedAnn | None, generation: str
) -> None:
    """Write the plan, and the ANN index if there is one; raises StorageFailed."""
    document = plan.as_json().encode()
    ann_bytes = ann.index.dump() if ann is not None else b""
    head = HEAD.pack(generation.encode(), len(document))
    write_index(path, header, [head, document, ann_bytes])


def read_plan(path: Path) -> IndexPlan | None:
    """Return the plan alone; None for a missing or unusable file."""
    try:
        content = read_index(path)
        return None if content is None else _parts(content[1])[1]
    except IndexDamaged:
        return None


def read_ann(path: Path) -> tuple[IndexHeader, str, IndexPlan, PlannedAnn | None] | None:
    """Return the header, the row numbering, the plan and the ANN index; None without a file.

    Raises:
        IndexDamaged: the file can't be used.
    """
    content = read_index(path)
    if content is None:
        return None
    header, payload = content
    generation, plan, rest = _parts(payload)
    ann = PlannedAnn(load_ann(rest), plan) if len(rest) else None
    return header, generation, plan, ann


def _parts(payload: memoryview) -> tuple[str, IndexPlan, memoryview]:
    if len(payload) < HEAD.size:
        raise IndexDamaged(
            "ann-index-cut",
            "the ANN index holds {size_bytes} bytes; build it again",
            size_bytes=len(payload),
        )
    generation, length = HEAD.unpack_from(payload)
    plan = IndexPlan.from_json(bytes(payload[HEAD.size : HEAD.size + length]))
    return generation.decode(), plan, payload[HEAD.size + length :]
