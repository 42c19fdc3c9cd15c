"""Entry points of installed packages: commands, encoders, sources, stores, and further groups.

Each is imported when it is used, so a package with a slow import delays nothing else.
"""

import logging
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from search.errors import BadSetting

Group = Literal["commands", "encoders", "sources", "stores", "filters", "routes", "indexers"]
"""An entry-point group, less the `limn.` of its name."""

log = logging.getLogger(__name__)


def registered_points(group: Group) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name, in order, without importing them.

    Raises:
        BadSetting: the group is empty, as in an installation that is older than the code.
    """
    points = added_points(group)
    if not points:
        raise BadSetting(
            "plugins-missing",
            "no installed package registers {group} for Limn; install Limn again",
            group=group,
        )
    return points


def added_points(group: Group) -> dict[str, EntryPoint]:
    """Return what other packages add to a group, by name, in order: {} without any."""
    points = _all_entry_points().select(group=f"limn.{group}")
    return {point.name: point for point in sorted(points, key=lambda point: point.name)}


def load_added(group: Group) -> list[Any]:
    """Import all that other packages add to a group.

    Raises:
        BadSetting: one can't be imported.
    """
    return [load(point) for point in added_points(group).values()]


@cache  # a filter asks for its fields several times
def find_added(group: Group, name: str) -> Any:
    """Import what another package adds to a group under a name; None without it.

    Raises:
        BadSetting: it can't be imported.
    """
    point = added_points(group).get(name)
    return None if point is None else load(point)


def backends(group: Group, first: str = "") -> Iterator[Any]:
    """Yield the backends of a group, the one registered as `first` before the others.

    Raises:
        BadSetting: `first` can't be imported. Another one is skipped with a warning.
    """
    for name, point in sorted(registered_points(group).items(), key=lambda item: item[0] != first):
        try:
            yield load(point)
        except BadSetting as error:
            if name == first:
                raise
            log.warning("%s", error)


def choices(group: Group) -> tuple[str, ...]:
    """Return the texts that choose a backend of a group: the `names` of all backends."""
    return tuple(name for backend in backends(group) for name in backend.names)


def find(group: Group, text: str) -> Any:
    """Return the backend of a group whose `names` cover a text, or None."""
    for backend in backends(group, first=head(text)):
        if any(covers(name, text) for name in backend.names):
            return backend
    return None


def covers(name: str, text: str) -> bool:
    """Return whether a name covers a text: "ivf" itself, "milvus:ADDRESS" any address.

    The part after the first ":" or "@" of a name is a placeholder.
    """
    kind = head(name)
    return text == name if kind == name else text.startswith(name[: len(kind) + 1])


def head(text: str) -> str:
    """Return the part of a text before the first ":" or "@"."""
    return re.split("[:@]", text, maxsplit=1)[0]


def load(point: EntryPoint) -> Any:
    """Import the object of an entry point.

    Raises:
        BadSetting: the object can't be imported.
    """
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        package = f" of the package {point.dist.name}" if point.dist else ""
        raise BadSetting(
            "plugin-unimportable",
            "{group} {name!r}{package} can't be imported: {error}; install the "
            "package again, or remove it",
            group=point.group,
            name=point.name,
            package=package,
            error=error,
        ) from error


@cache  # reading an environment's packages takes 10 ms; a command reads several groups
def _all_entry_points() -> Any:
    return entry_points()
