"""Orders of the set of hits: by date, name, size and columns, with counts, headings and errors."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from search.catalog.sorting import SortRow
from search.engine import Engine
from search.errors import BadQuery
from search.query.filters.grammar import parse
from search.query.records import IndexedTerm, Query, TextTerm
from search.query.sorting import Counts, Sort
from search.ranking.candidates import Ranking
from search.ranking.comparison import Comparison
from search.ranking.ordering import arrange
from search.ranking.sets import paginate_set
from search.records import Caption
from tests.colour_web import opened, settings_in, store

App = tuple[Engine, FlaskClient]

REDS = ("rome 2", "Lisbon", "rome 10", "Évora", "9 lives")
DAYS = ("2021-06-05T10:00:00", "2019-01-02", "2021-06-30T09:00:00", None, "2020-12-31T23:59:00")
PLACES = ("Rome", "Lisbon", "Rome", "Évora", None)

RED = Query((TextTerm("red"),), k=50)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Index five reds with dates and places, and ten blues that are in no answer to red."""
    folder = tmp_path_factory.mktemp("sorted")
    with opened(settings_in(folder / "data")) as (engine, client):
        for number, name in enumerate(REDS):
            fields: dict[str, str | float] = {"stars": float(number % 3)}
            if (place := PLACES[number]) is not None:
                fields["city"] = place
            store(
                engine.catalog,
                folder / f"{name}.png",
                f"rgb({250 - number},0,0)",
                [Caption("a red wall")],
                fields=fields,
                size=(96 + 40 * number, 64),
                taken_at=DAYS[number],
            )
        for number in range(10):
            captions = [Caption("a blue wall")]
            store(engine.catalog, folder / f"b{number}.png", f"rgb(0,{number},250)", captions)
        yield engine, client


def names(engine: Engine, query: Query, **changes: Any) -> list[str]:
    return [hit.picture.path.stem for hit in engine.search(replace(query, **changes))]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("date", "Lisbon, 9 lives, rome 2, rome 10, Évora"),
        ("-date", "rome 10, rome 2, 9 lives, Lisbon, Évora"),
        ("name", "9 lives, Évora, Lisbon, rome 2, rome 10"),
        ("-name", "rome 10, rome 2, Lisbon, Évora, 9 lives"),
        ("width", "rome 2, Lisbon, rome 10, Évora, 9 lives"),
        ("-megapixels", "9 lives, Évora, rome 10, Lisbon, rome 2"),
        ("City", "Évora, Lisbon, rome 2, rome 10, 9 lives"),
        ("-field.stars", "rome 10, 9 lives, Lisbon, Évora, rome 2"),
    ],
)
def test_a_set_is_sorted_and_the_library_is_not(app: App, sort: str, expected: str) -> None:
    engine, _ = app
    assert ", ".join(names(engine, RED, sort=sort)) == expected
    where = parse("caption ~ red")
    assert ", ".join(names(engine, Query((), k=50, where=where), sort=sort)) == expected


def test_the_size_of_a_file_sorts(app: App) -> None:
    engine, _ = app
    sizes = [hit.picture.size_bytes for hit in engine.search(replace(RED, sort="-size"))]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) > 1


def test_headings_are_dates_places_and_first_letters(app: App) -> None:
    engine, _ = app

    def groups(sort: str) -> list[str | None]:
        return [hit.group for hit in engine.search(replace(RED, sort=sort))]

    assert groups("-date") == ["2021", "2021", "2020", "2019", ""]
    assert groups("city") == ["Évora", "Lisbon", "Rome", "Rome", ""]
    assert groups("name") == ["0-9", "E", "L", "R", "R"]
    assert groups("-stars") == ["2", "1", "1", "0", "0"]
    assert groups("width") == [None] * 5 and set(groups("relevance")) == {None}
    listed = engine.search(Query((), where=parse("has = city"), sort="city"))
    assert [hit.group for hit in listed] == ["Évora", "Lisbon", "Rome", "Rome"]


def test_headings_of_dates_are_as_fine_as_the_pictures_are_many() -> None:
    def groups(texts: list[str]) -> list[str | None]:
        rows = [SortRow(number, text) for number, text in enumerate(texts)]
        return [place.group for place in arrange(rows, Sort("date"))]

    day = [f"2021-06-05T{hour:02}:00:00" for hour in range(8)]
    assert set(groups(day)) == {"2021-06-05"}
    month = [f"2021-06-{number:02}" for number in range(1, 9)]
    assert set(groups(month)) == {"2021-06"}
    assert groups(["2019-01-01", *month[:3]]) == ["2019", "2021", "2021", "2021"]


def test_names_are_in_the_order_of_people_and_each_heading_comes_once() -> None:
    texts = ["IMG_10", "img_2", "älter", "Zoo", "山", "_x", "1", "éa", "Eb", "00010", "9" * 5000]
    places = arrange([SortRow(number, text) for number, text in enumerate(texts)], Sort("name"))
    order = [texts[place.picture_id][:6] for place in places]
    assert order == [
        "_x",
        "1",
        "00010",
        "999999",
        "älter",
        "éa",
        "Eb",
        "img_2",
        "IMG_10",
        "Zoo",
        "山",
    ]
    groups = [place.group for place in places]
    assert groups == ["#", "0-9", "0-9", "0-9", "A", "E", "E", "I", "I", "Z", "汉"]
    titles = [SortRow(number, f"title {number}") for number in range(40)]
    assert {place.group for place in arrange(titles, Sort("field.title"))} == {None}


def test_strictness_is_a_cutoff_whose_counts_are_told(app: App) -> None:
    engine, client = app
    answer = engine.answer(replace(RED, strictness="strict"))
    assert answer.counts == Counts(5, 5, 5) and len(answer.hits) == 5
    assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4, 5]
    assert [hit.score for hit in answer.hits] == sorted(
        (hit.score for hit in answer.hits), reverse=True
    )
    told = client.get("/api/v1/search?q=red&strictness=wide&k=1").json
    assert told is not None and told["counts"] == {"strict": 5, "usual": 5, "wide": 5}
    assert told["query"]["strictness"] == "wide" and told["more"]
    nothing = engine.answer(replace(RED, terms=(TextTerm("zebra"),), sort="date"))
    assert nothing.hits == () and nothing.counts == Counts(0, 0, 0)
    assert [note.code for note in nothing.notes] == ["cutoff-above-best"]


def test_without_a_confidence_the_best_are_the_set(app: App) -> None:
    engine, _ = app
    [first] = [hit.picture.id for hit in engine.search(replace(RED, k=1))]
    query = Query((IndexedTerm(first),), k=50)
    answer = engine.answer(replace(query, strictness="strict", sort="-date"))
    assert answer.counts == Counts(10, 14, 14) and len(answer.hits) == 10
    assert answer.hits[0].picture.facts.taken_at == DAYS[2]
    assert [note.code for note in answer.notes] == ["set-by-relevance"]
    assert len(engine.search(replace(query, sort="-date"))) == 14


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sort": "colour"}, "sort-unknown"),
        ({"sort": " - "}, "sort-invalid"),
        ({"sort": "-relevance"}, "sort-invalid"),
        ({"sort": "date", "terms": ()}, "sort-needs-set"),
        ({"sort": "date", "diverse": 0.5}, "sort-with-diverse"),
        ({"strictness": "usual", "cutoff": 0.5}, "strictness-with-cutoff"),
        ({"strictness": "so-so"}, "strictness-unknown"),
    ],
)
def test_what_can_not_be_sorted_is_an_error(app: App, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(BadQuery) as caught:
        app[0].search(replace(RED, **changes))
    assert caught.value.message.code == code
    if code == "sort-unknown":
        assert "latitude" in str(caught.value) and "city, stars" in str(caught.value)


def test_a_set_is_whole_however_deep_and_ranked_no_deeper() -> None:
    """Rank a large collection, of which some pictures are sure enough, from a function."""
    depths: list[int] = []

    def rank(depth: int, sure: int = 3_000, size: int = 200_000) -> Ranking:
        depths.append(depth)
        ids = np.arange(1, min(depth, size) + 1)
        confidence = np.where(ids <= sure, 0.9, 0.01).astype(np.float32)
        return Ranking("cosine", ids, confidence, confidence)

    def order(ids: Any) -> Any:
        return arrange([SortRow(number, -number) for number in ids], Sort("field.x"))

    comparison = Comparison([], None)  # type: ignore[arg-type]  # nothing is compared
    page, _ = paginate_set(replace(RED, sort="x"), rank, comparison, order)
    assert page.counts == Counts(3_000, 3_000, 3_000)
    assert [place.picture_id for place in page.pictures] == list(range(3_000, 2_950, -1))
    assert depths == [2_000, 8_000, 16_000]

    page, _ = paginate_set(
        replace(RED, sort="x"), lambda depth: rank(depth, 50_000), comparison, order
    )
    assert [note.code for note in page.notes] == ["set-too-large"]
    assert page.pictures[0].picture_id == 10_000
    assert max(depths) < 200_000


def test_near_duplicates_fold_within_the_set(app: App) -> None:
    engine, _ = app
    hits = engine.search(replace(RED, sort="name", fold=True))
    assert sum(1 + len(hit.copies) for hit in hits) == 5
