"""Selection of a folder's files: those that a pattern includes and none excludes."""

import os
from dataclasses import dataclass
from fnmatch import fnmatch

from search.text.characters import compose


@dataclass(frozen=True, slots=True)
class Selection:
    """The patterns that include and exclude files, in shell syntax.

    A pattern with a slash matches the path from the root, others the file's name or the name of any
    folder on the way.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recursive: bool = True

    def apply(self, root: str, *lists: list[os.DirEntry[str]]) -> None:
        """Remove the unwanted entries from the lists."""
        if self.include or self.exclude:
            for entries in lists:
                entries[:] = [
                    entry for entry in entries if self.wants(os.path.relpath(entry.path, root))
                ]

    def __str__(self) -> str:
        """Return the equivalent options of the command line."""
        parts = [f"--include {pattern!r}" for pattern in self.include]
        parts += [f"--exclude {pattern!r}" for pattern in self.exclude]
        return " ".join([*parts, *([] if self.recursive else ["--no-recursive"])])

    def wants(self, path: str) -> bool:
        """Return whether a path, relative to the root, is wanted."""
        path = compose(path)
        is_included = not self.include or any(_fits(path, each) for each in self.include)
        return is_included and not any(_fits(path, each) for each in self.exclude)


EVERYTHING = Selection()


def _fits(path: str, pattern: str) -> bool:
    pattern = compose(pattern)
    if "/" in pattern.rstrip("/"):
        return fnmatch(path, pattern.removeprefix("./"))
    return any(fnmatch(part, pattern.rstrip("/")) for part in path.split(os.sep))
