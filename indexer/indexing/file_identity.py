"""Identity of files by content: renamed, renumbered and swapped files.

A path whose file has changed may hold a picture that was at another path before, while its own
picture moved elsewhere. The run hashes these files before it decodes anything, and assigns each
content to its picture.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from indexer.indexing.decode import Outcome, ReadFile, Work, is_film
from indexer.indexing.results import SameContent
from indexer.indexing.run_state import RunState, Task
from search.catalog.known_files import KnownFileRow
from search.catalog.records import Failure


class Free(NamedTuple):
    """A picture whose content is no longer at its path."""

    picture_id: int
    captions_hash: bytes
    path: Path


@dataclass(frozen=True, slots=True)
class Move:
    """A file whose content is that of a picture from another path."""

    task: Task
    file: ReadFile
    picture: Free


@dataclass(slots=True)
class Identities:
    """The identities of the hashed files; all other files are as in the run's state.

    A file is moved, has its own picture's content, or is in `new` and shows no known picture. The
    paths of `replaced` pictures hold other content, and those pictures are nowhere.
    """

    moves: list[Move] = field(default_factory=list)
    kept: list[tuple[Task, ReadFile]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    new: set[Path] = field(default_factory=set)

    @property
    def settled(self) -> set[Path]:
        """The paths that need no further work."""
        return {
            *(move.task.item.path for move in self.moves),
            *(task.item.path for task, _ in self.kept),
            *(failure.path for failure in self.failures),
        }

    @property
    def same(self) -> list[SameContent]:
        """The files with a stored picture's content: those that moved, then the others."""
        moved = [
            SameContent(
                task=move.task,
                file=move.file,
                picture_id=move.picture.picture_id,
                captions_hash=move.picture.captions_hash,
                moved=True,
            )
            for move in self.moves
        ]
        kept = [
            SameContent(
                task=task,
                file=file,
                picture_id=task.known.picture_id,
                captions_hash=task.known.captions_hash,
                moved=False,
            )
            for task, file in self.kept
            if task.known is not None
        ]
        return moved + kept


def identify(state: RunState, run: Callable[[Iterable[Work]], Iterator[Outcome]]) -> Identities:
    """Hash the files whose content may be another picture's, and identify the picture of each.

    `run` does the work in the decoders. Pictures in `state.moved_from` that are found again are
    removed from it.
    """
    found = Identities()
    tasks = {task.item.path: task for task in _contested(state)}
    if not tasks:
        return found
    files: dict[Path, ReadFile] = {}
    for outcome in run([Work(task.item, hash_only=True) for task in tasks.values()]):
        match outcome:
            case ReadFile():
                files[outcome.item.path] = outcome
            case Failure():
                found.failures.append(outcome)
    takers: dict[bytes, list[Task]] = defaultdict(list)
    free: dict[bytes, list[Free]] = defaultdict(list)
    for path, file in files.items():
        task = tasks[path]
        known = task.known
        if known is not None and known.content_hash == file.content_hash:
            found.kept.append((task, file))
            continue
        takers[file.content_hash].append(task)
        if known is not None:
            free[known.content_hash].append(Free(known.picture_id, known.captions_hash, path))
    for content, some in takers.items():
        gone = _gone_with(state, content, some)
        pairs = _paired(some, [*free[content], *map(_free, gone)])
        moved = {picture.picture_id for _, picture in pairs}
        gone[:] = [held for held in gone if held.id not in moved]
        found.moves += [Move(task, files[task.item.path], picture) for task, picture in pairs]
    _find_replaced(found, tasks)
    return found


def _contested(state: RunState) -> Iterator[Task]:
    """Yield the tasks whose file and picture may each belong to another.

    Sizes decide: a file can only show a picture of its own size. A new file that may be one of the
    missing pictures is identified when it is decoded.
    """
    if not state.changed:
        return
    sizes = Counter(task.known.size_bytes for task in state.work if task.known is not None)
    wanted = {task.item.size_bytes for task in state.work if _may_hold_another(task, sizes, state)}
    for task in state.work:
        known = task.known
        if _may_hold_another(task, sizes, state) or (known and known.size_bytes in wanted):
            yield task


def _may_hold_another(task: Task, sizes: Mapping[int, int], state: RunState) -> bool:
    size = task.item.size_bytes
    if is_film(task.item):
        return False
    if task.known is None:
        return size in sizes
    others = sizes.get(size, 0) - (task.known.size_bytes == size)
    return others > 0 or size in state.moved_from


def _gone_with(state: RunState, content: bytes, tasks: Sequence[Task]) -> list[KnownFileRow]:
    of_size = state.moved_from.get(tasks[0].item.size_bytes, {})
    return of_size.get(content, [])


def _free(held: KnownFileRow) -> Free:
    return Free(held.id, held.captions_hash, held.place)


def _paired(tasks: Sequence[Task], pictures: Sequence[Free]) -> list[tuple[Task, Free]]:
    """Pair the tasks with pictures, while there are any: equal file names first."""
    left = sorted(pictures, key=lambda picture: picture.picture_id)
    pairs: list[tuple[Task, Free]] = []
    rest: list[Task] = []
    for task in sorted(tasks, key=lambda task: os.fsencode(task.item.path)):
        named = next((each for each in left if each.path.name == task.item.path.name), None)
        if named is None:
            rest.append(task)
        else:
            left.remove(named)
            pairs.append((task, named))
    return pairs + list(zip(rest, left, strict=False))


def _find_replaced(found: Identities, tasks: Mapping[Path, Task]) -> None:
    """Record the replaced pictures, and the paths whose own pictures moved."""
    moved = {move.picture.picture_id for move in found.moves}
    taken = {move.task.item.path for move in found.moves}
    for path, task in tasks.items():
        if task.known is None:
            continue
        if task.known.picture_id in moved:
            found.new |= {path} - taken
        elif path in taken:
            found.replaced.append(task.known.picture_id)
