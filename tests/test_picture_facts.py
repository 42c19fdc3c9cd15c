"""The table of facts: every fact of a picture is in it, and each user of the table covers it."""

from dataclasses import fields

from search.catalog.conditions import CONDITIONS
from search.catalog.database.tables import FACT_COLUMN_TYPES, picture
from search.catalog.fact_columns import FACT_COLUMNS, from_columns, to_columns
from search.catalog.fact_rows import PICTURE_COLUMNS
from search.documents import facets, from_records
from search.documents.picture import Picture
from search.facets.choices import FACET_FIELDS
from search.facets.records import NOTHING
from search.picture_facts import COUNTED, FACTS, FILTERABLE, SCALARS
from search.query.filters.fields import FIELDS, HAVING
from search.records import PictureFacts
from tests.small_catalog import FACTS as CANON
from web.pages.filter_labels import TITLES
from web.services.exports import COLUMNS


def test_every_fact_of_a_picture_has_a_line() -> None:
    assert [fact.name for fact in FACTS] == [each.name for each in fields(PictureFacts)]


def test_facts_are_columns_first_and_are_read_as_they_were_stored() -> None:
    stored = [fact.name for fact in FACTS if fact.type in FACT_COLUMN_TYPES]
    assert list(FACT_COLUMNS) == stored == [fact.name for fact in FACTS[: len(stored)]]
    assert [picture.c[fact.name].nullable for fact in FACTS[: len(stored)]] == [
        not fact.required for fact in FACTS[: len(stored)]
    ]
    assert from_columns(list(to_columns(CANON).values()), CANON.captions) == CANON


def test_facts_are_filtered_by_as_their_lines_say() -> None:
    for fact in FILTERABLE:
        assert FIELDS[fact.field].example == fact.example
        assert fact.field in CONDITIONS
        assert (fact.field in HAVING) is not fact.required
        assert fact.field in TITLES or fact.label is None


def test_facts_are_counted_as_their_lines_say() -> None:
    for fact in COUNTED:
        assert fact.field in FACET_FIELDS and fact.name in PICTURE_COLUMNS
        assert fact.facet in facets.Facets.__struct_fields__
    assert list(NOTHING.values) == [fact.facet for fact in COUNTED]


def test_documents_and_tables_have_the_facts() -> None:
    shown = [fact.name for fact in FACTS if fact.type in (*SCALARS, "colours")]
    assert list(from_records.OWN_FACTS) == shown
    assert set(shown) < set(Picture.__struct_fields__)
    assert {fact.name for fact in FACTS if fact.type in SCALARS} < set(COLUMNS)
