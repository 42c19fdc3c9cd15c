"""The negation normal form of a filter, as flat as possible, for parsers of limited depth."""

from collections.abc import Iterator
from dataclasses import replace

from search.query.filters.tree import AllOf, AnyOf, Condition, Filter, Not


def depth(wanted: Filter) -> int:
    """Return how many levels of and, or and not are around the innermost condition."""
    deepest, todo = 0, [(wanted, 0)]
    while todo:  # no recursion: the filter is not yet checked
        each, at = todo.pop()
        deepest = max(deepest, at)
        match each:
            case Not():
                todo.append((each.filter, at + 1))
            case AllOf() | AnyOf():
                todo += [(part, at + 1) for part in each.filters]
    return deepest


def normal_form(wanted: Filter, holds: bool = True) -> Filter:
    """Return the filter, or its opposite, with `not` around single conditions alone.

    An unknown value passes no condition and fails each negated one, so De Morgan's laws hold.
    An "and" within an "and" is flattened, and repeats are dropped. The deepest part comes first:
    SQLite's parser, whose stack has 100 places, keeps everything before a parenthesis.
    """
    match wanted:
        case Condition(operator="!="):
            return normal_form(Not(replace(wanted, operator="=")), holds)
        case Condition():
            return wanted if holds else Not(wanted)
        case Not():
            return normal_form(wanted.filter, not holds)
        case AllOf() | AnyOf():
            join = AllOf if isinstance(wanted, AllOf) == holds else AnyOf
            parts = tuple(dict.fromkeys(_parts(join, wanted.filters, holds)))
            ordered = tuple(sorted(parts, key=depth, reverse=True))
            return ordered[0] if len(ordered) == 1 else join(ordered)


def _parts(
    join: type[AllOf] | type[AnyOf], filters: tuple[Filter, ...], holds: bool
) -> Iterator[Filter]:
    for each in filters:
        part = normal_form(each, holds)
        if isinstance(part, join):
            yield from part.filters
        else:
            yield part
