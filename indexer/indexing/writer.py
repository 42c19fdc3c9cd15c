"""Writing what a run made: large transactions, the job's progress, and what is left at the end."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from indexer.indexing.cancellation import Cancelled
from indexer.indexing.decode import ReadFile
from indexer.indexing.embed import embed_captions, file_state
from indexer.indexing.file_identity import Identities
from indexer.indexing.planner import Plan, Task
from indexer.sources import Item, captions_hash, says_the_same, uncovers, unsettled
from search.catalog.catalog import Catalog
from search.catalog.jobs import Jobs, done
from search.catalog.records import BesidePicture, Collection, Counts, EmbeddedPicture, Failure
from search.encoders import Encoder

# A transaction holds this many pictures, or as many as came in this time: what a kill can cost.
WRITE_BATCH = 512
WRITE_EVERY_S = 2.0


class Progress(Protocol):
    """Who watches a run."""

    def planned(self, plan: Plan) -> None:
        """The run begins."""

    def advanced(self, counts: Counts, total: int, at: str) -> None:
        """Some of the `total` files are done; `at` is the last."""


@dataclass(frozen=True, slots=True)
class Same:
    """A file whose content picture `picture_id` has already, here or where it was before."""

    task: Task
    file: ReadFile
    picture_id: int
    captions_hash: bytes
    moved: bool


Settled = Same | Failure
"""What a run need not embed."""


class Writer:
    """Writes one run's results and tells of them; used by one thread at a time but for counts."""

    def __init__(
        self,
        catalog: Catalog,
        collection: Collection,
        encoder: Encoder,
        progress: Progress,
        jobs: Jobs,
        job: int,
    ) -> None:
        self.counts = Counts()
        self.ledger = catalog.files(collection)
        self._catalog = catalog
        self._collection = collection
        self._encoder = encoder
        self._progress = progress
        self._jobs = jobs
        self._job = job
        self._lock = threading.Lock()
        self._turn = threading.RLock()
        self._closed = False
        self._pictures: list[EmbeddedPicture] = []
        self._settled: list[Settled] = []
        self._moved: set[int] = set()
        self._written_at = self._began_at = time.monotonic()
        self._total = self._at_first = 0

    def begin(self, plan: Plan) -> None:
        """Note what the plan has found already."""
        self._total = plan.total + len(plan.failures)
        self.count(found=plan.found, unchanged=plan.unchanged, failed=plan.still_failed)
        self._at_first = done(self.counts)
        self._progress.planned(plan)
        self._fail(plan.failures)
        self.show_again(plan.back)
        self._told("")

    def settle_identities(self, found: Identities) -> None:
        """Write which pictures the files are whose content was found out beforehand."""
        if found.replaced:
            self._catalog.writer.remove(self._collection, found.replaced)
            self.count(removed=len(found.replaced))
        # All at once: each path is left by one picture before another takes it.
        self._move(
            [
                Same(
                    move.task,
                    move.file,
                    move.picture.picture_id,
                    move.picture.captions_hash,
                    moved=True,
                )
                for move in found.moves
            ]
        )
        self._refresh(
            [
                Same(task, file, task.known.picture_id, task.known.captions_hash, moved=False)
                for task, file in found.kept
                if task.known is not None
            ]
        )
        self._fail(found.failures)
        if found.settled:
            self._told("")

    def show_again(self, picture_ids: Iterable[int]) -> None:
        """Show pictures that were missing and are back."""
        ids = list(picture_ids)
        if ids:
            self._catalog.writer.mark_found(self._collection, ids)

    def recaption(self, batch: Sequence[tuple[int, Item]]) -> None:
        """Embed and store what newly stands beside known pictures."""
        self._replace([(picture_id, item) for picture_id, item in batch])
        self.count(changed=len(batch))
        self._told(str(batch[-1][1].path))

    def put(self, pictures: Sequence[EmbeddedPicture], settled: Sequence[Settled]) -> None:
        """Take results; they are written when there are many, or when the last time was a while
        ago.
        """
        self._pictures += pictures
        self._settled += settled
        late = time.monotonic() - self._written_at > WRITE_EVERY_S
        if late or len(self._pictures) + len(self._settled) >= WRITE_BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what has been put, and tell how far the run has come; nothing once it is closed."""
        with self._turn:
            if not self._closed:
                self._flush()

    def close(self) -> None:
        """Write no row from now on, whatever thread still asks for it: the lock is let go of."""
        with self._turn:
            self._closed = True

    def _flush(self) -> None:
        pictures, settled = self._pictures, self._settled
        self._pictures, self._settled = [], []
        if pictures:
            added, changed = self._catalog.writer.store(self._collection, pictures)
            self.count(added=added, changed=changed)
        same = [each for each in settled if isinstance(each, Same)]
        self._refresh([each for each in same if not each.moved])
        self._move([each for each in same if each.moved])
        self._fail([each for each in settled if isinstance(each, Failure)])
        self._written_at = time.monotonic()
        if pictures or settled:
            self._told(str(pictures[-1].file.path) if pictures else "")

    def finish(self, plan: Plan) -> None:
        """Forget what is gone, keep what is missing, and note which containers were read whole."""
        missing = [each for each in dict.fromkeys(plan.missing) if each not in self._moved]
        if missing:
            self._catalog.writer.mark_missing(self._collection, missing)
            self.count(missing=len(missing))
        gone = [each for each in plan.gone if each not in self._moved]
        if gone:
            self._catalog.writer.remove(self._collection, gone)
            self.count(removed=len(gone))
        if plan.settled:
            self._catalog.failures.forget(self._collection, plan.settled)
        self.ledger.keep_containers(plan.whole, plan.lost_containers)
        self._told("")

    def count(self, **more: int) -> None:
        """Add to the counts; from any thread."""
        with self._lock:
            held = {name: getattr(self.counts, name) + number for name, number in more.items()}
            self.counts = replace(self.counts, **held)

    def found_more(self, number: int, unchanged: int) -> None:
        """Count pictures that came to light within a film; from any thread."""
        with self._lock:
            self._total += number - 1
        self.count(found=number - 1, unchanged=unchanged)

    def _refresh(self, same: Sequence[Same]) -> None:
        """Take new times of files whose content is as it was, and what newly stands beside."""
        if same:
            states = [(each.picture_id, file_state(each.task, each.file)) for each in same]
            self._catalog.writer.refresh(self._collection, states)
            self._replace_changed(same)
            self.count(unchanged=len(same))

    def _move(self, moved: Sequence[Same]) -> None:
        if moved:
            states = [(each.picture_id, file_state(each.task, each.file)) for each in moved]
            self._catalog.writer.move(self._collection, states)
            self._moved.update(each.picture_id for each in moved)
            self._replace_changed(moved)
            self.count(moved=len(moved))

    def _replace_changed(self, same: Sequence[Same]) -> None:
        changed = [
            (each, beside)
            for each in same
            if not says_the_same(each.captions_hash, beside := captions_hash(each.file.item.told))
        ]
        # Where facts in the file count again, the next run reads it for them.
        later = {
            each.picture_id: unsettled(each.captions_hash)
            for each, beside in changed
            if uncovers(each.captions_hash, beside)
        }
        self._replace([(each.picture_id, each.file.item) for each, _ in changed], later)

    def _replace(
        self, batch: Sequence[tuple[int, Item]], later: Mapping[int, bytes] | None = None
    ) -> None:
        """Replace what stands beside pictures; the hashes in `later` are stored for theirs."""
        if not batch:
            return
        embedded = embed_captions(self._encoder, [item.told.captions for _, item in batch])
        self._catalog.writer.replace_captions(
            self._collection,
            [
                BesidePicture(
                    picture_id,
                    (later or {}).get(picture_id) or captions_hash(item.told),
                    captions,
                    item.told.fields,
                    item.told.facts.taken_at,
                    item.told.facts.place,
                    item.told.facts.taken_at_else,
                )
                for (picture_id, item), captions in zip(batch, embedded, strict=True)
            ],
        )

    def _fail(self, failed: Sequence[Failure]) -> None:
        if failed:
            self._catalog.failures.record(self._collection, failed)
            self.count(failed=len(failed))

    def _told(self, at: str) -> None:
        """Tell the job's row and who watches; end where somebody asked for it."""
        elapsed_s = max(time.monotonic() - self._began_at, 1e-6)
        rate = (done(self.counts) - self._at_first) / elapsed_s
        more: dict[str, Any] = {"current": at} if at else {}
        with self._lock:  # what is counted by now is of the total that is known by now
            counts = self.counts
            # Shots, frames and files that two sources hold come to light on the way.
            total = self._total = max(self._total, done(counts))
        cancelled = self._jobs.update(self._job, counts, total=total, rate=round(rate, 2), **more)
        self._progress.advanced(counts, total, at)
        if cancelled:
            raise Cancelled
