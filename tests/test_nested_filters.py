"""Nested filters: both databases agree on them, and with the documented meaning."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.catalog.catalog import Catalog
from search.errors import BadQuery
from search.query.filters.grammar import DEEPEST, check, conditions, format_filter, parse
from search.query.filters.normal_form import depth, normal_form
from search.query.filters.tree import AllOf, AnyOf, Condition, Filter, Not
from tests.small_catalog import FACTS, SPACE, embedded, unit

WIDTHS = range(100, 108)

# The last picture has neither value.
CAMERAS = ("Canon", "Nikon", "Canon", "Sony", "Nikon", "Sony", "Canon", None)

conditions_of = st.one_of(
    st.builds(
        Condition,
        st.just("width"),
        st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
        st.sampled_from([str(width) for width in WIDTHS]),
    ),
    st.builds(
        Condition,
        st.just("camera"),
        st.sampled_from(("=", "!=", "~")),
        st.sampled_from(("canon", "nikon", "on")),
    ),
)


def groups(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    parts = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(AllOf, parts), st.builds(AnyOf, parts), st.builds(Not, inner))


filters = st.recursive(conditions_of, groups, max_leaves=30)

kinds = st.sampled_from(("all", "any", "not"))


@pytest.fixture
def pictures(catalog: Catalog) -> Catalog:
    """Index eight pictures, each with its width and camera; the ids start at 1."""
    collection = catalog.collections.open("photos", SPACE)
    for width, camera in zip(WIDTHS, CAMERAS, strict=True):
        picture = embedded(f"/p/{width}.jpg", unit(1, 0, 0, 0))
        facts = replace(FACTS, width_px=width, camera=camera)
        catalog.writer.store(collection, [replace(picture, facts=facts)])
    return catalog


def passing(catalog: Catalog, wanted: Filter) -> list[int]:
    [collection] = catalog.collections.all()
    found = catalog.filters.ids([collection.id], wanted)[collection.id]
    return [int(each) for each in found]


def passes(wanted: Filter, width: int, camera: str | None) -> bool:
    """Return the documented result: an unknown value never passes a condition."""
    match wanted:
        case Not():
            return not passes(wanted.filter, width, camera)
        case AllOf():
            return all(passes(each, width, camera) for each in wanted.filters)
        case AnyOf():
            return any(passes(each, width, camera) for each in wanted.filters)
        case Condition(field="width", operator=sign, value=value):
            return {
                "=": width == int(value),
                "!=": width != int(value),
                "<": width < int(value),
                "<=": width <= int(value),
                ">": width > int(value),
                ">=": width >= int(value),
            }[sign]
        case Condition(operator=sign, value=value):
            held = camera is not None and (value in camera.lower())
            same = camera is not None and value == camera.lower()
            return {"=": same, "!=": not same, "~": held}[sign]


def expected(wanted: Filter) -> list[int]:
    facts = zip(WIDTHS, CAMERAS, strict=True)
    return [number for number, each in enumerate(facts, start=1) if passes(wanted, *each)]


@pytest.mark.slow
@given(wanted=filters)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_random_filters_pass_what_they_say(pictures: Catalog, wanted: Filter) -> None:
    assert passing(pictures, wanted) == expected(wanted)


@pytest.mark.slow
@given(levels=st.lists(kinds, min_size=25, max_size=DEEPEST), odd=st.integers(0, 7))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
def test_deep_filters_pass_what_they_say(pictures: Catalog, levels: list[str], odd: int) -> None:
    wanted: Filter = Condition("width", "=", str(WIDTHS[odd]))
    for number, kind in enumerate(levels):
        beside = Condition("width", ">" if number % 2 else "!=", str(WIDTHS[number % 8]))
        sides = (beside, wanted) if number % 3 else (wanted, beside)
        group = AllOf(sides) if kind == "all" else AnyOf(sides)
        wanted = Not(wanted) if kind == "not" else group
    check(wanted)
    assert passing(pictures, wanted) == expected(wanted)


@pytest.mark.parametrize("opened", ["(", "not (", "(width = 1 or (width > 1 and "])
def test_the_deepest_filter_that_is_read_is_followed(pictures: Catalog, opened: str) -> None:
    levels = DEEPEST // 2
    text = opened * levels + "camera ~ canon" + ")" * levels * opened.count("(")
    wanted = parse(text)
    assert passing(pictures, wanted) == expected(wanted)


def test_a_tree_of_filters_is_followed(pictures: Catalog) -> None:
    def tree(levels: int, number: int = 0) -> Filter:
        if not levels:
            return Condition("width", ">=", str(WIDTHS[number % 8]))
        kind = AllOf if levels % 2 else AnyOf
        return kind((tree(levels - 1, 2 * number), tree(levels - 1, 2 * number + 1)))

    wanted = tree(9)
    assert passing(pictures, wanted) == expected(wanted)


@pytest.mark.slow
def test_a_long_row_of_conditions_is_followed(pictures: Catalog) -> None:
    every = tuple(Condition("id", "=", f"{number}-{number + 30}") for number in range(1, 3_000))
    assert passing(pictures, AnyOf(every)) == list(range(1, 9))
    assert passing(pictures, AllOf(tuple(map(Not, every[9:])))) == list(range(1, 9))


@pytest.mark.parametrize("join", [AllOf, AnyOf])
def test_a_filter_that_is_too_deep_is_refused(join: type[AllOf] | type[AnyOf]) -> None:
    wanted: Filter = Condition("width", "=", "1")
    for _ in range(5_000):
        wanted = Not(join((wanted, Condition("width", "=", "2"))))
    with pytest.raises(BadQuery, match="nested more than 50 deep; write it flatter"):
        check(wanted)


@given(wanted=filters)
def test_what_is_written_of_any_filter_is_read_again(wanted: Filter) -> None:
    if depth(wanted) <= DEEPEST and len(format_filter(wanted)) <= 4_000:
        again = parse(format_filter(wanted))
        assert (again, depth(again)) == (wanted, depth(wanted))


@given(wanted=filters)
def test_a_normal_form_negates_single_conditions_alone_and_is_its_own(wanted: Filter) -> None:
    found = normal_form(wanted)
    assert normal_form(found) == found
    assert all(condition.operator != "!=" for condition in conditions(found))
    todo: list[Filter] = [found]
    while todo:
        each = todo.pop()
        if isinstance(each, Not):
            assert isinstance(each.filter, Condition)
        elif not isinstance(each, Condition):
            assert not any(isinstance(part, type(each)) for part in each.filters)
            todo += each.filters
