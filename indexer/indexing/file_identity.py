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

    A file is moved, has its own picture's content, or shows no known picture: then its path is in
    `new_paths`. No file has the content of the pictures in `replaced_ids` any more.
    """

    moves: list[Move] = field(default_factory=list)
    own_files: list[tuple[Task, ReadFile]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    replaced_ids: list[int] = field(default_factory=list)
    new_paths: set[Path] = field(default_factory=set)

    @property
    def finished_paths(self) -> set[Path]:
        """The paths that need no further work."""
        return {
            *(move.task.item.path for move in self.moves),
            *(task.item.path for task, _ in self.own_files),
            *(failure.path for failure in self.failures),
        }

    @property
    def same(self) -> list[SameContent]:
        """The files with a stored picture's content: those that moved, then the others."""
        moved_files = [
            SameContent(
                task=move.task,
                file=move.file,
                picture_id=move.picture.picture_id,
                captions_hash=move.picture.captions_hash,
                moved=True,
            )
            for move in self.moves
        ]
        other_files = [
            SameContent(
                task=task,
                file=file,
                picture_id=task.known_file.picture_id,
                captions_hash=task.known_file.captions_hash,
                moved=False,
            )
            for task, file in self.own_files
            if task.known_file is not None
        ]
        return moved_files + other_files


def identify(state: RunState, run: Callable[[Iterable[Work]], Iterator[Outcome]]) -> Identities:
    """Hash the files whose content may be another picture's, and identify the picture of each.

    `run` does the work in the decoders. Pictures in `state.moved_from` that are found again are
    removed from it.
    """
    identities = Identities()
    tasks = {task.item.path: task for task in _contested_tasks(state)}
    if not tasks:
        return identities
    files: dict[Path, ReadFile] = {}
    for outcome in run([Work(task.item, hash_only=True) for task in tasks.values()]):
        match outcome:
            case ReadFile():
                files[outcome.item.path] = outcome
            case Failure():
                identities.failures.append(outcome)
    takers: dict[bytes, list[Task]] = defaultdict(list)
    free: dict[bytes, list[Free]] = defaultdict(list)
    for path, file in files.items():
        task = tasks[path]
        known_file = task.known_file
        if known_file is not None and known_file.content_hash == file.content_hash:
            identities.own_files.append((task, file))
            continue
        takers[file.content_hash].append(task)
        if known_file is not None:
            free[known_file.content_hash].append(
                Free(known_file.picture_id, known_file.captions_hash, path)
            )
    for content, some in takers.items():
        gone_pictures = _gone_with(state, content, some)
        pairs = _pair(some, [*free[content], *map(_free, gone_pictures)])
        moved_ids = {picture.picture_id for _, picture in pairs}
        gone_pictures[:] = [
            known_row for known_row in gone_pictures if known_row.id not in moved_ids
        ]
        identities.moves += [Move(task, files[task.item.path], picture) for task, picture in pairs]
    _find_replaced(identities, tasks)
    return identities


def _contested_tasks(state: RunState) -> Iterator[Task]:
    """Yield the tasks whose file and picture may each belong to another.

    Sizes decide: a file can only show a picture of its own size. A new file that may be one of the
    missing pictures is identified when it is decoded.
    """
    if not state.changed:
        return
    sizes = Counter(
        task.known_file.size_bytes for task in state.work if task.known_file is not None
    )
    wanted_sizes = {
        task.item.size_bytes for task in state.work if _may_hold_another(task, sizes, state)
    }
    for task in state.work:
        known_file = task.known_file
        if _may_hold_another(task, sizes, state) or (
            known_file and known_file.size_bytes in wanted_sizes
        ):
            yield task


def _may_hold_another(task: Task, sizes: Mapping[int, int], state: RunState) -> bool:
    size = task.item.size_bytes
    if is_film(task.item):
        return False
    if task.known_file is None:
        return size in sizes
    others = sizes.get(size, 0) - (task.known_file.size_bytes == size)
    return others > 0 or size in state.moved_from


def _gone_with(state: RunState, content: bytes, tasks: Sequence[Task]) -> list[KnownFileRow]:
    of_size = state.moved_from.get(tasks[0].item.size_bytes, {})
    return of_size.get(content, [])


def _free(row: KnownFileRow) -> Free:
    return Free(row.id, row.captions_hash, row.place)


def _pair(tasks: Sequence[Task], pictures: Sequence[Free]) -> list[tuple[Task, Free]]:
    """Pair the tasks with pictures, while there are any: equal file names first."""
    left = sorted(pictures, key=lambda picture: picture.picture_id)
    pairs: list[tuple[Task, Free]] = []
    rest: list[Task] = []
    for task in sorted(tasks, key=lambda task: os.fsencode(task.item.path)):
        namesake = next(
            (picture for picture in left if picture.path.name == task.item.path.name), None
        )
        if namesake is None:
            rest.append(task)
        else:
            left.remove(namesake)
            pairs.append((task, namesake))
    return pairs + list(zip(rest, left, strict=False))


def _find_replaced(identities: Identities, tasks: Mapping[Path, Task]) -> None:
    """Record the replaced pictures, and the paths whose own pictures moved."""
    moved_ids = {move.picture.picture_id for move in identities.moves}
    taken_paths = {move.task.item.path for move in identities.moves}
    for path, task in tasks.items():
        if task.known_file is None:
            continue
        if task.known_file.picture_id in moved_ids:
            identities.new_paths |= {path} - taken_paths
        elif path in taken_paths:
            identities.replaced_ids.append(task.known_file.picture_id)
