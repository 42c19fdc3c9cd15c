"""The registry of sources: the kind of a user's source, and braces in the names of shards."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from indexer.sources import Source, leads_out
from indexer.sources.kind import SourceKind
from indexer.sources.options import SourceOptions
from indexer.sources.walk import SourceWalk
from search.errors import BadSource
from search.files.boundary import is_inside
from search.packages import plugins
from search.text.path_names import user_path

BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")

# More shards than anybody has: a slip such as {0..1000000000} must not fill the memory.
MAX_SHARDS = 100_000

FOLDER = "folder"
"""The entry point of the kind that opens every path that no other kind takes."""


def open_sources(
    texts: Sequence[str], options: SourceOptions, indexed_from: Sequence[Path]
) -> list[SourceWalk]:
    """Open the sources that texts name, without those that lie within others.

    `indexed_from` are the sources that the collection has been indexed from so far.

    Raises:
        BadSource: one can't be read.
    """
    names = [text if has_prefix(text) else str(Path(text)) for text in texts]
    names = list(dict.fromkeys(names))
    recursive = options.selection.recursive
    folders = {Path(name) for name in names if os.path.isdir(name)} if recursive else set()
    return [
        SourceWalk(open_source(name, options, _outermost(indexed_from, Path(name))))
        for name in names
        if folders.isdisjoint(Path(name).parents)
    ]


def _outermost(indexed_from: Sequence[Path], path: Path) -> Path | None:
    """Return the highest folder above `path` that its collection was indexed from.

    Captions files there name these pictures too.
    """
    above = [source for source in indexed_from if source in path.parents]
    return min(above, key=lambda source: len(source.parts), default=None)


def open_source(place: Path | str, options: SourceOptions, within: Path | None = None) -> Source:
    """Open the source that a path names, or a text with a prefix, "album:ADDRESS".

    `within` is the highest folder whose captions files count.

    Raises:
        BadSource: it lies outside the folders that confine it.
        BadSource: it is a table whose library is missing, or that is damaged.
    """
    path = Path(place)
    if options.confined_to and not is_inside(path, options.confined_to):
        raise BadSource(leads_out(path))
    if isinstance(place, str) and (kind := _kind_by_prefix(place)) is not None:
        source = kind.open(place, options, within)
        if source is None:
            raise BadSource(
                "unknown-source", "can't index {place!r}: there is no such source", place=place
            )
        return source
    suffix = path.suffix.lower()
    for backend in plugins.backends("sources") if suffix and not path.is_dir() else ():
        if suffix in backend.names:
            source = cast(SourceKind, backend()).open(path, options, within)
            if source is not None:
                return source
    folder = cast(SourceKind, plugins.load(plugins.registered_points("sources")[FOLDER])())
    source = folder.open(path, options, within)
    assert source is not None
    return source


def places(text: str) -> list[str]:
    """Return the sources that a text names, as a job stores them: absolute paths, or as written.

    Raises:
        BadSource: braces name too many files.
    """
    return [text] if has_prefix(text) else [str(path) for path in shards(text)]


def has_prefix(text: str) -> bool:
    """Return whether a text names a source by its prefix ("album:ADDRESS"), and no file."""
    return _kind_by_prefix(text) is not None


def _kind_by_prefix(text: str) -> SourceKind | None:
    if ":" not in text or os.path.lexists(text):
        return None
    for backend in plugins.backends("sources", first=plugins.head(text)):
        if any(":" in name and plugins.covers(name, text) for name in backend.names):
            return cast(SourceKind, backend())
    return None


def shards(text: str) -> list[Path]:
    """Return the paths that braces expand to: train-{000..127}.tar, {train,test}.tar.

    Raises:
        BadSource: there are too many.
    """
    path = user_path(Path(text))
    if path.exists() or not BRACES.search(text):
        return [path]
    return [user_path(Path(each)) for each in _expand(text)]


def _expand(text: str) -> Iterator[str]:
    match = BRACES.search(text)
    if match is None:
        yield text
        return
    numbers = RANGE.fullmatch(match[1])
    if numbers:
        first, last, width = int(numbers[1]), int(numbers[2]), len(numbers[1])
        if last - first >= MAX_SHARDS:
            raise BadSource(
                "too-many-shards",
                "{source!r} names {count:,} files; at most {most:,}",
                source=text,
                count=last - first + 1,
                most=MAX_SHARDS,
            )
        choices = [f"{each:0{width}}" for each in range(first, last + 1)]
    else:
        choices = match[1].split(",")
    for choice in choices:
        yield from _expand(text[: match.start()] + choice + text[match.end() :])
