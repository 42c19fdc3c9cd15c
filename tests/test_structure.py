"""Structure of the code: each measure stays within its limit, and the measures count rightly."""

import ast
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.structure.__main__ import main
from benchmarks.structure.bindings import Binding, bindings
from benchmarks.structure.classes import repeated_names
from benchmarks.structure.contracts import read_contracts
from benchmarks.structure.docstrings import dialect_of
from benchmarks.structure.figures import Figures, measure
from benchmarks.structure.imports import circles, mutual_pairs
from benchmarks.structure.offenders import find_offenders
from benchmarks.structure.participles import is_participle
from benchmarks.structure.sources import Source, read_sources
from benchmarks.structure.table import format_table

pytestmark = pytest.mark.slow

# The most that each measure may come to; a change that lowers a figure lowers its limit.
# `python -m benchmarks.structure --names` lists what to change.
LIMITS = {
    "search_rooms": 24,
    "search_arrows": 106,
    "search_mutual_pairs": 0,
    "search_circles": 0,
    "search_file_circles": 1,
    "search_upward": 0,
    "search_layers": 9,
    "search_layer_names": 24,
    "web_rooms": 13,
    "web_arrows": 39,
    "web_mutual_pairs": 0,
    "web_circles": 0,
    "web_file_circles": 0,
    "web_upward": 0,
    "indexer_rooms": 12,
    "indexer_arrows": 20,
    "indexer_mutual_pairs": 0,
    "indexer_circles": 0,
    "indexer_file_circles": 0,
    "indexer_upward": 0,
    "answer_stays": 58,
    "answer_rooms": 9,
    "index_stays": 140,
    "index_rooms": 20,
    "catalog_database": 0,
    "repeated_classes": 0,
    "participles": 0.005,
    "dialect": 0.01,
    "no_imperative": 0,
    "large_classes": 0,
    "small_files": 4,
    "large_files": 47,
    "engine_lines": 174,
    "engine_methods": 28,
    "engine_imports": 22,
}

# Packages without a layers contract have no figure for these.
OF_CONTRACTS = ("_upward", "_layers", "_layer_names")


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measure()


@pytest.mark.parametrize("name", LIMITS)
def test_the_structure_stays_within_its_limits(figures: Figures, name: str) -> None:
    if name not in figures:
        assert name.endswith(OF_CONTRACTS), f"nothing measures {name}"
        return
    assert figures[name] <= LIMITS[name], f"{name}: python -m benchmarks.structure --names"


def test_the_table_shows_every_figure(figures: Figures) -> None:
    text = format_table(figures)
    assert f"| {figures['search_rooms']} / {figures['search_arrows']} |" in text
    assert f"| {figures['answer_stays']} / {figures['answer_rooms']} |" in text
    assert "- / -" in format_table({name: 0 for name in figures if not name.startswith("answer")})


def test_the_walks_pass_through_the_packages(figures: Figures) -> None:
    for walk in ("answer", "index"):
        assert 1 < figures[f"{walk}_rooms"] < figures[f"{walk}_stays"]


def test_the_command_lists_what_is_under_a_path() -> None:
    path = "benchmarks/s"
    done = CliRunner().invoke(main, ["--package", path])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines and all(line.startswith(path) for line in lines)
    document = json.loads(CliRunner().invoke(main, ["--package", path, "--json"]).stdout)
    assert sum(map(len, document.values())) == len(lines)
    assert CliRunner().invoke(main, ["--package", "no_such_folder"]).exit_code == 2


def test_the_lists_are_as_long_as_the_figures_say(figures: Figures) -> None:
    lists = find_offenders()
    names = [binding for source in read_sources() for binding in bindings(source)]
    assert len(lists["participle"]) == round(figures["participles"] * len(names))
    assert len(lists["D401"]) == figures["no_imperative"]
    class_names = {place.text.split()[1] for place in lists["repeated class"]}
    assert len(class_names) == figures["repeated_classes"]


@pytest.mark.parametrize("name", ["found", "_told", "Held", "waiting", "kept_", "unsent", "cut"])
def test_one_participle_alone_is_no_name(name: str) -> None:
    assert is_participle(Binding(1, name, "variable"))


@pytest.mark.parametrize(
    "name",
    ["rows", "found_rows", "is_closed", "embedding", "ranking", "string", "seed", "speed", "king"],
)
def test_a_noun_is_a_name(name: str) -> None:
    assert not is_participle(Binding(1, name, "variable"))


def test_verbs_may_name_functions_and_fixed_words_fields() -> None:
    assert not is_participle(Binding(1, "read", "function"))
    assert is_participle(Binding(1, "read", "variable"))
    assert not is_participle(Binding(1, "added", "field"))
    assert is_participle(Binding(1, "added", "variable"))


def test_every_kind_of_name_is_found_once_in_a_scope() -> None:
    code = """
class Store:
    width: int
    def add(self, rows, *, dtype=None):
        self.rows = count = 0
        count = [row for row in rows]
        with open(rows) as (file, other):
            for index in file: pass
"""
    names = {(each.kind, each.name) for each in bindings(source("store.py", code))}
    assert names == {
        ("class", "Store"),
        ("field", "width"),
        ("function", "add"),
        *(("parameter", name) for name in ("rows", "dtype")),
        ("attribute", "rows"),
        *(("variable", name) for name in ("count", "row", "file", "other", "index")),
    }
    assert len(list(bindings(source("store.py", code)))) == len(names)


def test_docstrings_in_dialect_are_recognised() -> None:
    dialect = ["What a page shows.", "Whether it is open.", "Rows that are held.", "Let go of it."]
    plain = ["Return the rows.", "Compare on held-out pictures.", "Show a page."]
    assert all(map(dialect_of, dialect))
    assert not any(map(dialect_of, plain))


def test_a_record_and_its_document_may_share_a_name() -> None:
    record = source("search/query/records.py", "class Hit: pass")
    document = source("search/documents/search.py", "class Hit: pass")
    view = source("web/state.py", "class Hit: pass")
    assert not repeated_names([record, document])
    assert len(repeated_names([record, document, view])["Hit"]) == 3
    assert repeated_names([record, view])


def test_circles_of_any_length_are_found() -> None:
    arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("e", "f")]
    assert circles(arrows) == [["a", "b", "c"], ["d", "e"]]
    assert mutual_pairs(arrows) == [("d", "e")]


def test_contracts_are_read_with_and_without_containers(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("""
[[tool.importlinter.contracts]]
name = "one way"
type = "layers"
layers = ["search.cli | search.app", "(search.engine)"]

[[tool.importlinter.contracts]]
name = "in a container"
type = "layers"
containers = ["web"]
layers = ["api : pages", "state"]
""")
    plain, in_web = read_contracts(tmp_path)
    assert (plain.package, plain.layers[0]) == ("search", ("search.cli", "search.app"))
    assert (in_web.package, in_web.names) == ("web", ["web.api", "web.pages", "web.state"])


def source(path: str, code: str) -> Source:
    return Source(path, tuple(code.splitlines()), ast.parse(code))
