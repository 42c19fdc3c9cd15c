"""The facts of a collection's pictures, as columns in memory that follow the change log.

SQL would read every row for every facet of every filter; these columns are read once, and then
only the changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.catalog.fact_rows import PICTURE_COLUMNS, CollectionFacts, FactRows
from search.picture_facts import COUNTED
from search.query.filters import colours
from search.records import Ids

Codes = NDArray[np.int32]
"""Places in a list of values; -1 where there is none."""

UNKNOWN_DAY = np.datetime64("NaT", "D")


@dataclass(slots=True)
class CodedNames:
    """Values, each once, by their codes."""

    values: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    def encode(self, values: Sequence[str | None]) -> Codes:
        """Return the values' codes; new values get one."""
        return np.array([-1 if value is None else self._code(value) for value in values], np.int32)

    def _code(self, value: str) -> int:
        code = self.codes.setdefault(value, len(self.values))
        if code == len(self.values):
            self.values.append(value)
        return code


@dataclass(frozen=True, slots=True)
class FactArrays:
    """The facts of pictures, a row each, by id.

    `colours` has a bit for each of `colours.NAMED`; `values` are the codes of facts by name.
    """

    ids: Ids
    days: NDArray[np.datetime64]
    widths_px: NDArray[np.int32]
    heights_px: NDArray[np.int32]
    sizes_bytes: NDArray[np.int64]
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    folders: Codes
    colours: NDArray[np.uint16]
    with_text: NDArray[np.bool_]
    values: Mapping[str, Codes]

    def merge(self, removed_ids: Ids, more: "Sequence[FactArrays]") -> "FactArrays":
        """Return the rows without some pictures and with others, by id."""
        remains = ~np.isin(self.ids, removed_ids)
        order = np.argsort(
            np.concatenate([self.ids[remains], *(part.ids for part in more)]), kind="stable"
        )

        def whole(column: Callable[[FactArrays], NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate([column(self)[remains], *map(column, more)])[order]

        arrays = {name: whole(attrgetter(name)) for name in ARRAYS}
        values = {fact.name: whole(_values_of(fact.name)) for fact in COUNTED}
        return FactArrays(**arrays, values=values)


ARRAYS = tuple(array.name for array in fields(FactArrays) if array.name != "values")


def _values_of(name: str) -> Callable[[FactArrays], Codes]:
    return lambda arrays: arrays.values[name]


@dataclass(frozen=True, slots=True)
class FieldCells:
    """The values of one extra column, with their pictures' ids and rows.

    A text has a code and NaN as its number; a number has -1 as its code.
    """

    ids: Ids
    texts: Codes
    numbers: NDArray[np.float64]
    rows: NDArray[np.int64]

    def merge(self, removed_ids: Ids, more: "FieldCells") -> "FieldCells":
        """Return the cells without those of some pictures and with others, their rows unset."""
        remains = ~np.isin(self.ids, removed_ids)
        return FieldCells(
            np.concatenate([self.ids[remains], more.ids]),
            np.concatenate([self.texts[remains], more.texts]),
            np.concatenate([self.numbers[remains], more.numbers]),
            more.rows,
        )


NO_ROWS = np.empty(0, np.int64)
NO_CELLS = FieldCells(NO_ROWS, np.empty(0, np.int32), np.empty(0), NO_ROWS)


@dataclass(frozen=True, slots=True)
class ValueCodes:
    """The values of each kind; collections that are counted together share one."""

    facts: Mapping[str, CodedNames] = field(
        default_factory=lambda: {fact.name: CodedNames() for fact in COUNTED}
    )
    folders: CodedNames = field(default_factory=CodedNames)
    texts: CodedNames = field(default_factory=CodedNames)


class FactColumns:
    """The facts of one collection's pictures. The caller ensures that one thread updates it.

    `columns` are the extra columns by name; `languages` those of captions, "" for no language.
    """

    def __init__(self, facts: FactRows, collection_id: int, codes: ValueCodes) -> None:
        self._facts = facts
        self._id = collection_id
        self.codes = codes
        self.position = 0
        self.rows = self._rows([])
        self.columns: dict[str, FieldCells] = {}
        self.languages: dict[str, FieldCells] = {}

    def follow(self, last: int) -> None:
        """Read the changes up to the change of that number."""
        if last == self.position:
            return
        with self._facts.open(self._id) as facts:
            if self.position == 0:
                self._read(facts, None)
            else:
                for piece in facts.changed_after(self.position):
                    self._read(facts, piece)
        self.columns = self._with_rows(self.columns)
        self.languages = self._with_rows(self.languages)
        self.position = last

    def _read(self, facts: CollectionFacts, ids: Sequence[int] | None) -> None:
        """Replace the facts of these pictures, or of all, by their current facts."""
        removed_ids = np.array([] if ids is None else ids, np.int64)
        self.rows = self.rows.merge(removed_ids, [self._rows(rows) for rows in facts.pictures(ids)])
        fields = [self._cells(rows) for rows in facts.fields(ids)]
        self.columns = _merge(self.columns, removed_ids, fields)
        languages = {name: _language(id_list) for name, id_list in facts.languages(ids)}
        self.languages = _merge(self.languages, removed_ids, [languages])

    def _with_rows(self, cells: dict[str, FieldCells]) -> dict[str, FieldCells]:
        """Return the cells with the rows of their pictures."""
        return {
            name: replace(field_cells, rows=np.searchsorted(self.rows.ids, field_cells.ids))
            for name, field_cells in cells.items()
        }

    def _cells(self, rows: Sequence[Any]) -> dict[str, FieldCells]:
        names, id_values, text_values, number_values = zip(*rows, strict=True)
        column_names, of = np.unique(np.array(names), return_inverse=True)
        ids, numbers = np.array(id_values, np.int64), np.array(number_values, np.float64)
        texts = self.codes.texts.encode(text_values)
        places = [np.flatnonzero(of == place) for place in range(len(column_names))]
        return {
            str(name): FieldCells(ids[at], texts[at], numbers[at], NO_ROWS)
            for name, at in zip(column_names, places, strict=True)
        }

    def _rows(self, rows: Sequence[Any]) -> FactArrays:
        names = (*PICTURE_COLUMNS, "with_text")
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        of = dict(zip(names, columns, strict=True))
        return FactArrays(
            ids=np.array(of["id"], np.int64),
            days=np.array([_day(text) for text in of["taken_at"]], "datetime64[D]"),
            widths_px=np.array(of["width_px"], np.int32),
            heights_px=np.array(of["height_px"], np.int32),
            sizes_bytes=np.array(of["size_bytes"], np.int64),
            latitudes=np.array(of["latitude"], np.float64),
            longitudes=np.array(of["longitude"], np.float64),
            folders=self.codes.folders.encode([_folder(path) for path in of["path"]]),
            colours=_named_colours(of["colours"]),
            with_text=np.array(of["with_text"], bool),
            values={name: codes.encode(of[name]) for name, codes in self.codes.facts.items()},
        )


def _merge(
    cells: dict[str, FieldCells], removed_ids: Ids, batches: Sequence[dict[str, FieldCells]]
) -> dict[str, FieldCells]:
    """Merge cells by name: without those of removed pictures, with new ones."""
    merged_cells = dict(cells)
    for place, more in enumerate([*batches, {}]):
        for name in merged_cells.keys() | more.keys():
            dropped_ids = removed_ids if place == 0 else NO_ROWS
            if name in more or len(dropped_ids):
                merged_cells[name] = merged_cells.get(name, NO_CELLS).merge(
                    dropped_ids, more.get(name, NO_CELLS)
                )
    return {
        name: merged_cells[name] for name in sorted(merged_cells) if len(merged_cells[name].ids)
    }


def _language(id_list: str) -> FieldCells:
    """Return the pictures that have captions of one language, each once."""
    ids = np.unique(np.fromstring(id_list, dtype=np.int64, sep=","))
    return FieldCells(ids, np.full(len(ids), -1, np.int32), np.full(len(ids), np.nan), NO_ROWS)


def _day(taken_at: str | None) -> np.datetime64:
    try:
        return UNKNOWN_DAY if taken_at is None else np.datetime64(taken_at[:10], "D")
    except ValueError:
        return UNKNOWN_DAY


def _folder(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape").rpartition("/")[0] or "/"


def _named_colours(texts: Sequence[str | None]) -> NDArray[np.uint16]:
    """Return for each picture a bit for every name that fits one of its colours."""
    hex_lists = [(text or "").split() for text in texts]
    flat = [colour for hex_list in hex_lists for colour in hex_list]
    bits = np.zeros(len(flat), np.uint16)
    if flat:
        shades = colours.lab(flat)
        for place, name in enumerate(colours.NAMED):
            bits |= colours.are(name, shades).astype(np.uint16) << np.uint16(place)
    masks = np.zeros(len(hex_lists), np.uint16)
    np.bitwise_or.at(masks, np.repeat(np.arange(len(hex_lists)), list(map(len, hex_lists))), bits)
    return masks
