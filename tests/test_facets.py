"""Facets of a collection: counts under a filter, while the collection changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.catalog.catalog import Catalog
from search.catalog.records import EmbeddedPicture
from search.facets.cache import FacetCache
from search.facets.records import NOTHING, Facets, Folder, Value, ValueRange
from search.query.filters.colours import NAMED
from search.query.filters.grammar import parse
from search.records import Caption, Collection, Fields
from tests.conftest import Limn
from tests.small_catalog import FACTS, SPACE, embedded, unit

VECTOR = unit(1, 0, 0, 0)


def picture(
    path: str, *captions: Caption, fields: Fields | None = None, **facts: Any
) -> EmbeddedPicture:
    made = embedded(path, VECTOR, *captions)
    return replace(
        made,
        facts=replace(FACTS, **facts),
        file=replace(made.file, fields=fields or {}),
    )


ANN: Fields = {"rating": 5.0, "who": "Ann"}
BOB: Fields = {"rating": 3.0, "who": "Bob"}
NOWHERE: dict[str, Any] = {"latitude": None, "longitude": None}
SYDNEY: dict[str, Any] = {"latitude": -33.9, "longitude": 151.2}
SIX = [
    picture(
        "/p/2019/a.jpg",
        Caption("x", "en"),
        Caption("y", "zh"),
        fields=ANN,
        colours=("#d62728", "#fafafa"),
    ),
    picture(
        "/p/2019/b.jpg",
        Caption("z", "en"),
        fields=BOB,
        taken_at="2019-09-30T10:00:00",
        colours=("#2f5fc4",),
    ),
    picture(
        "/p/2019/trip/c.jpg",
        Caption("no language"),
        fields={"rating": 5.0},
        taken_at="2019-12-01",
        camera="NIKON D5",
        width_px=480,
        height_px=640,
    ),
    picture(
        "/p/2021/d.png",
        format="PNG",
        taken_at=None,
        camera=None,
        width_px=6000,
        height_px=4000,
        **NOWHERE,
    ),
    picture("/p/2021/e.jpg", width_px=500, height_px=500, **SYDNEY),
    picture("/p/2021/f.jpg", fields={"who": "Ann"}, **{**SYDNEY, "longitude": 151.21}),
]


@pytest.fixture
def collection(catalog: Catalog) -> Collection:
    made = catalog.collections.open("photos", SPACE)
    catalog.writer.store(made, SIX)
    return made


@pytest.fixture
def facet_cache(catalog: Catalog) -> FacetCache:
    return FacetCache(catalog)


def counted(facet_cache: FacetCache, catalog: Catalog, where: str = "") -> Facets:
    return facet_cache.facets(
        catalog.collections.with_last_changes(), parse(where) if where else None
    )


def told(values: tuple[Value, ...]) -> dict[str, int]:
    return {value.value: value.pictures for value in values}


@pytest.mark.usefixtures("collection")
def test_everything_that_is_known_is_counted(facet_cache: FacetCache, catalog: Catalog) -> None:
    facets = counted(facet_cache, catalog)
    assert facets.pictures == 6
    assert facets.dates is not None
    assert (facets.dates.unit, facets.dates.first, facets.dates.last) == (
        "month", "2019-07-01", "2019-12-01",
    )  # fmt: skip
    assert [value.pictures for value in facets.dates.values] == [3, 0, 1, 0, 0, 1]
    assert facets.dates.values[2] == Value("2019-09", 1)
    assert facets.values["cameras"] == (Value("Canon EOS 5D", 4), Value("NIKON D5", 1))
    assert told(facets.orientations) == {"landscape": 4, "portrait": 1, "square": 1}
    assert told(facets.values["formats"]) == {"JPEG": 5, "PNG": 1}
    assert facets.megapixels == (ValueRange(0, 1.0, 5), ValueRange(24.0, 48.0, 1))
    assert facets.sizes_bytes == (ValueRange(0, 100_000, 6),)
    assert told(facets.colours) == {"red": 1, "white": 1, "blue": 1}
    trip = Folder("/p/2019/trip", 1)
    inside = (Folder("/p/2019", 3, (trip,)), Folder("/p/2021", 3))
    assert facets.folders == (Folder("/p", 6, inside),)
    assert told(facets.languages) == {"en": 2, "zh": 1, "": 1}
    rating, who = facets.columns
    assert (rating.name, rating.pictures, rating.different) == ("rating", 3, 2)
    assert (rating.least, rating.most, told(rating.values)) == (3.0, 5.0, {"5": 2, "3": 1})
    assert told(who.values) == {"Ann": 2, "Bob": 1}
    assert facets.places is not None
    assert facets.places.pictures == 5
    assert [point.pictures for point in facets.places.points] == [3, 2]
    south, west, north, east = facets.places.points[1].box
    assert south <= -33.9 <= north and west <= 151.2 and east >= 151.21


@pytest.mark.usefixtures("collection")
def test_a_facet_is_counted_without_its_own_condition(
    facet_cache: FacetCache, catalog: Catalog
) -> None:
    facets = counted(facet_cache, catalog, 'camera = "nikon d5" and rating >= 4')
    assert facets.pictures == 1
    cameras = told(facets.values["cameras"])
    assert cameras == {"Canon EOS 5D": 1, "NIKON D5": 1}, "as rating >= 4 alone"
    rating, who = facets.columns[0], facets.columns[1:]
    assert told(rating.values) == {"5": 1} and who == (), "as the camera alone"
    assert told(facets.orientations) == {"portrait": 1}
    nothing = counted(facet_cache, catalog, "width > 90000")
    assert nothing == NOTHING


@pytest.mark.usefixtures("collection")
def test_what_a_facet_counts_is_what_its_filter_finds(
    facet_cache: FacetCache, catalog: Catalog
) -> None:
    facets = counted(facet_cache, catalog)
    [held] = catalog.collections.all()
    asked = {f"colour = {value.value}": value.pictures for value in facets.colours}
    assert facets.dates is not None and facets.places is not None
    asked |= {f"date = {value.value}": value.pictures for value in facets.dates.values}
    asked |= {f'camera = "{value.value}"': value.pictures for value in facets.values["cameras"]}
    asked |= {f"format = {value.value}": value.pictures for value in facets.values["formats"]}
    asked |= {
        f"{column.name} = {value.value}": value.pictures
        for column in facets.columns
        for value in column.values
    }
    for point in facets.places.points:
        asked["box = " + ",".join(map(str, point.box))] = point.pictures
    for where, pictures in asked.items():
        found = catalog.filters.ids([held.id], parse(where))[held.id]
        assert len(found) == pictures, where


def test_changes_are_followed(
    facet_cache: FacetCache, catalog: Catalog, collection: Collection
) -> None:
    assert counted(facet_cache, catalog).pictures == 6
    known = catalog.files(collection).by_path([Path("/p/2019/a.jpg")])
    [gone] = [held.picture_id for held in known.values()]
    catalog.writer.remove(collection, [gone])
    catalog.writer.store(
        collection,
        [
            picture("/p/2019/b.jpg", camera="Leica", fields={"who": "Cem"}),
            picture("/p/2022/g.jpg", Caption("neu", "de"), taken_at="2022-01-01"),
        ],
    )
    followed = counted(facet_cache, catalog)
    assert followed == counted(FacetCache(catalog), catalog), "as if read anew"
    assert told(followed.values["cameras"])["Leica"] == 1
    assert told(followed.languages) == {"": 1, "de": 1}
    assert {column.name: column.pictures for column in followed.columns} == {"rating": 1, "who": 2}
    other = catalog.collections.open("more", SPACE)
    catalog.writer.store(other, [picture("/q/h.jpg", fields={"who": "Ann"})])
    both = counted(facet_cache, catalog)
    assert (both.pictures, told(both.columns[1].values)["Ann"]) == (7, 2)
    catalog.collections.remove(other)
    facet_cache.keep_only({collection.id})
    assert counted(facet_cache, catalog) == followed


def test_days_months_and_years_by_what_they_span(catalog: Catalog, facet_cache: FacetCache) -> None:
    made = catalog.collections.open("photos", SPACE)
    units = []
    for number, taken_at in enumerate(("2020-02-28", "2020-03-01T08:00:00", "2024-01-01", "1931")):
        item = picture(f"/p/{number}.jpg", taken_at=taken_at)
        catalog.writer.store(made, [item])
        dates = counted(facet_cache, catalog).dates
        assert dates is not None
        units.append((dates.unit, len(dates.values)))
    assert units == [("day", 1), ("day", 3), ("month", 48), ("year", 94)]


def test_a_collection_without_pictures_holds_nothing(
    catalog: Catalog, facet_cache: FacetCache
) -> None:
    assert counted(facet_cache, catalog).pictures == 0
    catalog.collections.open("photos", SPACE)
    assert counted(facet_cache, catalog).dates is None


def test_the_names_of_colours_fit_their_bits() -> None:
    assert len(NAMED) <= np.iinfo(np.uint16).bits


def test_info_tells_what_a_collection_holds(limn: Limn, colours: Path) -> None:
    limn("index", colours)
    shown = limn("info", "colours").stdout
    assert "formats      JPEG (8)" in shown and "shapes       landscape (8)" in shown
    assert "languages    en (8)" in shown
    assert "colours      " in shown and "red (1)" in shown.replace("\n", " ")
