"""Filters: parsing and formatting, refused ones, and the pictures that pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.catalog.catalog import Catalog
from search.catalog.filters import passes
from search.errors import BadQuery
from search.query.filters.grammar import format_filter, parse
from search.query.filters.tree import AllOf, AnyOf, Condition, Not
from search.records import Caption
from tests.small_catalog import FACTS, SPACE, embedded, unit

CANON, NIKON = Condition("camera", "~", "canon"), Condition("camera", "~", "nikon")


def test_and_binds_closer_than_or_and_not_closest() -> None:
    wide = Condition("width", ">=", "3000")
    assert parse("camera ~ canon") == CANON
    assert parse("camera~canon or camera ~ NIKON") == AnyOf((CANON, replace(NIKON, value="NIKON")))
    assert parse("camera~canon or camera~nikon width>=3000") == AnyOf((CANON, AllOf((NIKON, wide))))
    assert parse("not camera~canon AND (width>=3000)") == AllOf((Not(CANON), wide))
    assert parse('camera = "a (b) = c"') == Condition("camera", "=", "a (b) = c")


@pytest.mark.parametrize(
    "text",
    [
        "camera ~ canon",
        'camera = "and"',
        'folder = "/a b/c"',
        "not (camera ~ canon or has = date) and size > 2MB or same = 3",
        '"shutter speed" >= 3 and field.date = 2021',
        '"or" = "not"',
        "color = GRAY and Camera ~ canon",
    ],
)
def test_a_filter_that_is_written_is_read_as_the_same(text: str) -> None:
    assert parse(format_filter(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the filter is empty"),
        ("   ", "the filter is empty"),
        ("camera", "ends at 'camera' where a condition is wanted"),
        ("camera ~", "where a condition is wanted"),
        ("= = blue", "has '=' where a field's name is wanted"),
        ("colour = mauve-ish", "colour can't be 'mauve-ish'; such as: colour = blue.*turquoise"),
        ("colour = #12345", "colour can't be '#12345'"),
        ("colour ~ blue", "colour takes = !=, not '~'"),
        ("width ~ 3", "width takes = != < <= > >=, not '~'"),
        ("width > many", "width can't be 'many'; such as: width >= 3000"),
        ("date = 2021-13", "date can't be '2021-13'"),
        ("date = 2021-02-30", "date can't be"),
        ("date = 9999", "date can't be"),
        ("size > 3 apples", "size can't be '3'|can't be read|where a condition"),
        ("size > 3parsec", "size can't be '3parsec'"),
        ("box = 1,2,3", "box can't be '1,2,3'"),
        ("box = 50,0,40,1", "box can't be"),
        ("box = nan,0,40,1", "box can't be"),
        ("same = x", "same can't be 'x'"),
        ("(camera ~ a", "not closed"),
        ("camera ~ a)", r"can't be read from '\)' on"),
        ('camera ~ "a', "can't be read from"),
        ("not " * 100 + "camera ~ a", "nested more than 50 deep"),
        ("camera ~ a and " * 400 + "camera ~ a", "at most"),
    ],
)
def test_a_filter_that_can_not_be_followed_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadQuery, match=told):
        parse(text)


@pytest.fixture
def pictures(catalog: Catalog) -> Catalog:
    """Index a picture of 2019 in Paris, one at the date line, and one with few facts."""
    collection = catalog.collections.open("photos", SPACE)
    paris = embedded("/p/2019/paris.jpg", unit(1, 0, 0, 0), Caption("The Tower, 100% iron"))
    paris = replace(
        paris,
        facts=replace(paris.facts, colours=("#c01c1c", "#fafafa")),
        file=replace(paris.file, fields={"rating": 5.0, "Split": "train", "date": "2020-05-03"}),
    )
    fiji = embedded("/p/2021/fiji.jpg", unit(0, 1, 0, 0))
    fiji = replace(
        fiji,
        facts=replace(
            FACTS,
            width_px=400,
            taken_at="2021-12-31T23:59:59",
            latitude=-18.0,
            longitude=179.9,
            camera="NIKON D5",
            colours=("#2f5fc4", "#87b8e8"),
        ),
        file=replace(
            fiji.file,
            size_bytes=5_000_000,
            content_hash=b"f" * 32,
            fields={"rating": 3.0, "Split": "test", "shutter speed": "1/200", "code": "007"},
        ),
    )
    bare = replace(
        embedded("/p/20190/bare.png", unit(0, 0, 1, 0)),
        facts=replace(
            FACTS, format="PNG", taken_at=None, latitude=None, longitude=None, camera=None
        ),
    )
    catalog.writer.store(collection, [paris, fiji, bare])
    return catalog


PASSING = [
    ("collection = photos", "paris fiji bare"),
    ("collection = other", ""),
    ("collection != other", "paris fiji bare"),
    ("folder = /p/2019", "paris"),
    ("folder = /p", "paris fiji bare"),
    ("folder != /p/2019", "fiji bare"),
    ("date = 2019", "paris"),
    ("date = 2019-07", "paris"),
    ("date = 2019-07-01", "paris"),
    ("date > 2019", "fiji"),
    ("date >= 2019", "paris fiji"),
    ("date < 2021", "paris"),
    ("date <= 2021", "paris fiji"),
    ("date != 2019", "fiji bare"),
    ("date > 2021", ""),
    ("size > 2MB", "fiji"),
    ("size <= 1.3kB", "paris bare"),
    ("width = 400", "fiji"),
    ("megapixels >= 0.3", "paris bare"),
    ("orientation = portrait", "fiji"),
    ("format = png", "bare"),
    ("camera ~ canon", "paris"),
    ("camera = 'nikon", ""),
    ('camera = "nikon d5"', "fiji"),
    ("not camera ~ canon", "fiji bare"),
    ("caption ~ TOWER", "paris"),
    ('caption ~ "100%"', "paris"),
    ("caption ~ %", "paris"),
    ("caption ~ _", ""),
    ("box = 48,-3,49,0", "paris"),
    ("box = -20,170,-10,-170", "fiji"),
    ("has = caption", "paris"),
    ("has = place and not has = caption", "fiji"),
    ("has != date", "bare"),
    ("same = 1", "paris bare"),
    ("same = 999", ""),
    ("has = date and has != date", ""),
    ("camera ~ nikon or format = png", "fiji bare"),
    ("not (camera ~ nikon or format = png)", "paris"),
    ("not (date > 2019 or width = 400)", "paris bare"),
    ("colour = red", "paris"),
    ("colour = blue", "fiji"),
    ("colour = white and colour = red", "paris"),
    ("colour != red", "fiji bare"),
    ("colour = #b52525", "paris"),
    ("colour = #00ff00", ""),
    ("rating >= 4", "paris"),
    ("rating > 2.5", "paris fiji"),
    ("rating = 5", "paris"),
    ("rating != 5", "fiji bare"),
    ("not rating > 4", "fiji bare"),
    ("RATING <= 3", "fiji"),
    ("Split = train", "paris"),
    ("split ~ T", "paris fiji"),
    ("split = TRAIN", ""),
    ("code = 007", "fiji"),
    ("code = 7", ""),
    ('"shutter speed" ~ 200', "fiji"),
    ("field.date = 2020", "paris"),
    ("field.date > 2020-05-02", "paris"),
    ("field.date < 2020", ""),
    ("language = EN", ""),
    ("has = rating", "paris fiji"),
    ("has = field.date", "paris"),
    ("has != code", "paris bare"),
]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mood = blue", "no field 'mood'.*camera.*: Split, code, date, rating, shutter speed"),
        ("rating > 3 and (has = soul)", "no field 'soul'"),
        ("field.camera = x", "no field 'camera'.*rating"),
    ],
)
def test_a_column_that_nothing_has_is_refused_with_those_there_are(
    pictures: Catalog, text: str, told: str
) -> None:
    [collection] = pictures.collections.all()
    with pytest.raises(BadQuery, match=told):
        pictures.filters.resolve([collection.id], parse(text))


def test_columns_of_other_collections_are_not_of_this_one(pictures: Catalog) -> None:
    other = pictures.collections.open("other", SPACE)
    with pytest.raises(BadQuery, match="the pictures: none"):
        pictures.filters.resolve([other.id], parse("rating > 3"))
    with pytest.raises(BadQuery, match="neither a number nor a date"):
        passes(parse("rating > many"))


def test_only_pictures_that_pass_are_found(pictures: Catalog) -> None:
    [collection] = pictures.collections.all()
    stems = {
        each: picture.path.stem
        for each, picture in pictures.pictures.by_id(
            pictures.filters.ids([collection.id], parse("width > 0"))[collection.id].tolist()
        ).items()
    }
    for text, names in PASSING:
        where = pictures.filters.resolve([collection.id], parse(text))
        ids = pictures.filters.ids([collection.id], where)[collection.id]
        assert ids.dtype == np.int64
        assert {stems[each] for each in ids.tolist()} == set(names.split()), text


def test_words_are_found_through_a_filter_and_forgotten_with_their_picture(
    pictures: Catalog,
) -> None:
    [collection] = pictures.collections.all()
    found = pictures.words.find(("tower", "iron", "nowhere"), [collection.id])
    [picture_id] = found.words
    assert found.words[picture_id] == ["tower", "100", "iron"]
    assert found.frequency == {"tower": 1, "iron": 1, "nowhere": 0}
    assert pictures.words.find(("tower",), [collection.id + 1]).words == {}
    assert pictures.pictures.one(picture_id).path == Path("/p/2019/paris.jpg")
    again = embedded("/p/2019/paris.jpg", unit(1, 0, 0, 0), Caption("a bridge"))
    pictures.writer.store(collection, [again])
    assert pictures.words.find(("tower",), [collection.id]).words == {}
    assert list(pictures.words.find(("bridg",), [collection.id]).words) == [picture_id]
    pictures.writer.remove(collection, [picture_id])
    assert pictures.words.find(("bridg",), [collection.id]).words == {}
