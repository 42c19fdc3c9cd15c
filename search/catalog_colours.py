"""Statements over colours: a picture's main colours in CIELAB, stored and compared."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from search import colours
from search import tables as t
from search.statements import Sql, delete_in


def store_colours(sql: Sql, of: Mapping[int, Sequence[str]]) -> None:
    """Write the colours, "#rrggbb", that pictures have now, by the pictures' ids."""
    delete_in(sql, t.colour, t.colour.c.picture_id, list(of))
    placed = [
        (picture_id, place, each)
        for picture_id, written in of.items()
        for place, each in enumerate(written)
    ]
    if not placed:
        return
    found = colours.lab([each for *_, each in placed])
    rows = zip(placed, colours.cells(found).tolist(), found.tolist(), strict=True)
    sql.execute(
        t.colour.insert(),
        [
            {"picture_id": picture_id, "place": place, "cell": cell}
            | dict(zip(("lightness", "a", "b"), lab, strict=True))
            for (picture_id, place, _), cell, lab in rows
        ],
    )


def with_colour(colour: str) -> sa.Select[tuple[int]]:
    """The ids of the pictures one of whose main colours a name or "#rrggbb" stands for."""
    c = t.colour.c
    near: set[int] = set()
    tests = []
    for shade, tolerance in colours.shades(colour):
        near |= set(colours.cells_near(shade, tolerance))
        away = [
            (column - int(value)) * (column - int(value))
            for column, value in zip((c.lightness, c.a, c.b), shade, strict=True)
        ]
        tests.append(away[0] + away[1] + away[2] <= tolerance**2)
    return sa.select(c.picture_id).where(c.cell.in_(sorted(near)), sa.or_(*tests))
