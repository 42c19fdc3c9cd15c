"""Odd values over the API: on each database a client error, never an outage."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search.bootstrap import open_engine
from search.catalog.catalog import Catalog
from search.catalog.database.values import MAX_INTEGER, check_values
from search.errors import BadQuery
from search.query.filters.tree import Condition
from tests.colour_web import settings_in, store_colours
from web.app import create_app

pytestmark = pytest.mark.slow

TEXTS = ("a\0b", "\ud800", "%", "\\")
NUMBERS = (str(MAX_INTEGER + 1), "-1", "9" * 40, "nan")

FIELDS = (
    *("collection", "folder", "date", "size", "width", "megapixels", "orientation", "format"),
    *("camera", "caption", "language", "colour", "box", "has", "id", "same", "rating"),
)
NESTED = (
    "not " * 30 + "width = 1",
    "(" * 40 + "width = 1" + ")" * 40,
    "(width = 1 or (width = 2 and " * 25 + "width = 3" + "))" * 25,
)

PATHS = (
    *("concepts/{}", "collections/{}", "collections/{}/facets", "collections/{}/map"),
    *("collections/{}/failures", "pictures/{}", "jobs/{}", "saved/{}", "boards/{}"),
    *("search?q={}", "search?collection={}", "search?concept={}", "search?similar={}"),
    *("search?q=a&offset={}", "search?q=a&more={}", "search?q=a&cursor={}", "jobs?cursor={}"),
    *("boards?cursor={}", "saved?cursor={}", "marks?cursor={}", "concepts?cursor={}"),
)
PAGES = ("/?q={}", "/?collection={}", "/?where={}", "/?similar={}", "/collections/{}", "/boards/{}")

DOCUMENTS = {
    "POST search": ("terms", "collections", "k", "offset", "where", "more", "cursor"),
    "POST boards": ("name",),
    "POST saved": ("name", "address"),
    "POST concepts": ("name", "words", "more"),
    "POST marks": ("q", "more", "less"),
    "POST boards/1/pictures": ("ids",),
    "PATCH boards/1": ("name",),
    "PATCH boards/1/pictures/1": ("note", "place"),
    "PATCH collections/colours": ("name",),
}
VALUES: tuple[object, ...] = (
    "a\0b",
    "\ud800",
    2**63,
    -(2**70),
    1e308,
    [],
    ["\0"],
    [2**64],
    [{"text": "\0"}],
)


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    """Yield a client of an application over two pictures, in a database of each kind."""
    kept = replace(settings_in(tmp_path / "data"), database=database_url)
    with open_engine(kept) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "blue"))
        yield create_app(engine, kept, usual_rate="100000/second").test_client()


def escaped(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def answered(client: FlaskClient, method: str, address: str, body: object = None) -> None:
    data = None if body is None else json.dumps(body)
    kind = None if body is None else "application/json"
    with client.open(address, method=method, data=data, content_type=kind) as answer:
        told = (method, address, body, answer.status_code)
        assert answer.status_code < 500, told


def test_odd_values_in_addresses_are_the_clients(client: FlaskClient) -> None:
    for path in (*(f"/api/v1/{each}" for each in PATHS), *PAGES):
        for value in (*TEXTS, *NUMBERS):
            answered(client, "GET", path.format(escaped(value)))


def test_odd_values_in_filters_are_the_clients(client: FlaskClient) -> None:
    filters = [
        f'{field} {sign} "{value}"'
        for field in FIELDS
        for sign in ("=", "~", "<")
        for value in (*TEXTS, *NUMBERS, "999999999999", "1-999999999999999999")
    ]
    for each in (*filters, *NESTED, "\0 = 1"):
        answered(client, "GET", f"/api/v1/search?where={escaped(each)}")
    for each in NESTED:
        where = f"where={escaped(each)}"
        for address in (f"/api/v1/search?q=red&{where}", f"/?{where}"):
            answer = client.get(address)
            assert answer.status_code == 200, (address, answer.text[:200])


def test_odd_values_in_documents_are_the_clients(client: FlaskClient) -> None:
    assert client.post("/api/v1/boards", json={"name": "b"}).status_code == 201
    for door, fields in DOCUMENTS.items():
        method, _, path = door.partition(" ")
        for field in fields:
            for value in VALUES:
                answered(client, method, f"/api/v1/{path}", {"name": "n", "q": "a", field: value})
                answered(client, method, f"/api/v1/{path}", {field: value})


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_a_text_that_no_database_takes_is_refused_by_each_alike(
    catalog: Catalog, value: str
) -> None:
    with pytest.raises(BadQuery, match="holds"):
        catalog.filters.ids([1], Condition("caption", "~", value))
    with pytest.raises(BadQuery, match="leave it out"):
        catalog.jobs.ask(value, "index", {"sources": ["x"]})
    assert catalog.jobs.latest() == []


def test_a_number_of_more_than_64_bits_is_refused_by_each_alike(catalog: Catalog) -> None:
    with pytest.raises(BadQuery, match="is too large; whole numbers go up to 9223372036854775807"):
        catalog.pictures.vectors([1, MAX_INTEGER + 1], "space")
    assert catalog.pictures.vectors([1, MAX_INTEGER], "space") == {}


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
numbers = st.integers(-MAX_INTEGER, MAX_INTEGER)
values = st.one_of(st.none(), st.booleans(), st.floats(), st.binary(), texts, numbers)
odd = st.one_of(
    st.builds("{}\0{}".format, texts, texts),
    st.builds("{}{}".format, texts, st.characters(categories=["Cs"])),
    st.integers(min_value=MAX_INTEGER + 1),
    st.integers(max_value=-MAX_INTEGER - 1),
)


@given(rows=st.lists(st.lists(values, min_size=1), min_size=1), value=odd)
def test_one_odd_value_among_many_rows_is_found(rows: list[list[object]], value: object) -> None:
    check_values(rows[0])
    check_values([dict(enumerate(row)) for row in rows])
    check_values([tuple(row) for row in rows])
    with pytest.raises(BadQuery):
        check_values([*rows[0], value])
    with pytest.raises(BadQuery):
        check_values([tuple(row) for row in [*rows, [value]]])
    with pytest.raises(BadQuery):
        check_values([{"a": 1}, {"a": value}])
