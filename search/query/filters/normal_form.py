"""The negation normal form of a filter, as flat as possible, for parsers of limited depth."""

from collections.abc import Iterator
from dataclasses import replace

from search.query.filters.tree import AllOf, AnyOf, Condition, Filter, Not


def depth(where: Filter) -> int:
    """Return how many levels of and, or and not are around the innermost condition."""
    deepest, todo = 0, [(where, 0)]
    while todo:  # no recursion: the filter is not yet checked
        node, at = todo.pop()
        deepest = max(deepest, at)
        match node:
            case Not():
                todo.append((node.filter, at + 1))
            case AllOf() | AnyOf():
                todo += [(part, at + 1) for part in node.filters]
    return deepest


def normal_form(where: Filter, holds: bool = True) -> Filter:
    """Return the filter, or its opposite, with `not` around single conditions alone.

    An unknown value passes no condition and fails each negated one, so De Morgan's laws hold.
    An "and" within an "and" is flattened, and repeats are dropped. The deepest part comes first:
    SQLite's parser, whose stack has 100 places, keeps everything before a parenthesis.
    """
    match where:
        case Condition(operator="!="):
            return normal_form(Not(replace(where, operator="=")), holds)
        case Condition():
            return where if holds else Not(where)
        case Not():
            return normal_form(where.filter, not holds)
        case AllOf() | AnyOf():
            join = AllOf if isinstance(where, AllOf) == holds else AnyOf
            parts = tuple(dict.fromkeys(_parts(join, where.filters, holds)))
            by_depth = tuple(sorted(parts, key=depth, reverse=True))
            return by_depth[0] if len(by_depth) == 1 else join(by_depth)


def _parts(
    join: type[AllOf] | type[AnyOf], filters: tuple[Filter, ...], holds: bool
) -> Iterator[Filter]:
    for child in filters:
        part = normal_form(child, holds)
        if isinstance(part, join):
            yield from part.filters
        else:
            yield part
