"""Statements on the looks of pictures: main colours in CIELAB, and perceptual hashes."""

from collections.abc import Mapping, Sequence

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.database.statements import Sql, delete_in, in_pieces
from search.query.filters import colours
from search.records import Ids, Vectors

Hashes = NDArray[np.uint64]
"""Perceptual hashes: near copies differ in a few of their 64 bits."""

# Of two hashes so many bits may differ while the pictures are taken for one, saved again or edited;
# docs/relevance.md has what copies measure.
MAX_BITS = 6


def store_colours(sql: Sql, of: Mapping[int, Sequence[str]]) -> None:
    """Write the pictures' current colours, "#rrggbb", by the pictures' ids."""
    delete_in(sql, t.colour, t.colour.c.picture_id, list(of))
    entries = [
        (picture_id, place, colour)
        for picture_id, hex_colours in of.items()
        for place, colour in enumerate(hex_colours)
    ]
    if not entries:
        return
    lab_rows = colours.lab([colour for *_, colour in entries])
    rows = zip(entries, colours.cells(lab_rows).tolist(), lab_rows.tolist(), strict=True)
    sql.execute(
        t.colour.insert(),
        [
            {"picture_id": picture_id, "place": place, "cell": cell}
            | dict(zip(("lightness", "a", "b"), lab, strict=True))
            for (picture_id, place, _), cell, lab in rows
        ],
    )


def with_colour(colour: str) -> sa.Select[tuple[int]]:
    """Select the ids of pictures with a main colour like a name or "#rrggbb"."""
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


class VisualHashes:
    """The perceptual hashes of all pictures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, ids: Ids) -> tuple[Hashes, NDArray[np.bool_]]:
        """Return the pictures' hashes in the order of `ids`, and which are known, (n,) both."""
        p = t.picture.c
        statement = sa.select(p.id, p.perceptual_hash).where(p.perceptual_hash.is_not(None))
        with self._database.read_transaction() as sql:
            rows = in_pieces(sql, statement, p.id, ids.tolist())
        by_id = {row.id: row.perceptual_hash for row in rows}
        is_known = np.array([picture_id in by_id for picture_id in ids.tolist()], bool)
        hashes = np.array([by_id.get(picture_id, 0) for picture_id in ids.tolist()], np.int64)
        return hashes.view(np.uint64), is_known

    def contents_and_colours(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Return numbers (n,), equal where two pictures' files are, and main colours (n, 3).

        Colours are in CIELAB, NaN where unknown; the number of a removed picture is -1.
        """
        p, c = t.picture.c, t.colour.c
        statement = sa.select(p.id, p.content_hash, c.lightness, c.a, c.b).select_from(
            t.picture.outerjoin(t.colour, sa.and_(c.picture_id == p.id, c.place == 0))
        )
        with self._database.read_transaction() as sql:
            rows = {row.id: row for row in in_pieces(sql, statement, p.id, ids.tolist())}
        numbers: dict[bytes, int] = {}
        contents = np.full(len(ids), -1, np.int64)
        main_colours = np.full((len(ids), 3), np.nan, np.float32)
        for place, picture_id in enumerate(ids.tolist()):
            row = rows.get(picture_id)
            if row is not None:
                contents[place] = numbers.setdefault(bytes(row.content_hash), len(numbers))
                if row.lightness is not None:
                    main_colours[place] = row.lightness, row.a, row.b
        return contents, main_colours
