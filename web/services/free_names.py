"""A name that is free, to offer in place of one that is not."""

import re
from collections.abc import Callable, Sequence

from search.engine import Engine
from search.errors import Message
from search.text.printable import printable

# As long as any name may be.
MAX_NAME = 200

# The last number of a name, which goes up.
NUMBERED = re.compile(r"(.*?)(?P<gap>[ -]?)(?P<number>\d{1,4})")

INVALID = "collection-name-invalid"

NAMES: dict[str, Callable[[Engine], Sequence[str]]] = {
    "collection-name-taken": lambda engine: [each.name for each in engine.collections()],
    INVALID: lambda engine: [each.name for each in engine.collections()],
    "board-name-taken": lambda engine: list(engine.catalog.boards.names().values()),
    "saved-search-name-taken": lambda engine: [
        each.name for each in engine.catalog.saved_searches.all()
    ],
}
"""The names in use, by the code of the refusal."""


def free_name(engine: Engine, refusal: Message) -> str:
    """Return a free name near the refused one, or nothing where the refusal has another reason."""
    names = NAMES.get(refusal.code)
    near = str(refusal.values.get("name", ""))
    if names is None or not near:
        return ""
    if refusal.code == INVALID:
        near = " ".join(printable(near).replace("/", " ").split())[:MAX_NAME]
    if not near.strip(". "):
        return ""
    return next_free(near, frozenset(each.casefold() for each in names(engine)))


def next_free(name: str, in_use: frozenset[str]) -> str:
    """Return the name with the next number that is free; `in_use` are names in lower case."""
    if name.casefold() not in in_use:
        return name
    match = NUMBERED.fullmatch(name)
    stem = match[1] if match else name
    gap = match["gap"] if match else " "
    number = int(match["number"]) if match else 1
    while (
        candidate := f"{stem[: MAX_NAME - 8]}{gap}{(number := number + 1)}"
    ).casefold() in in_use:
        pass
    return candidate
