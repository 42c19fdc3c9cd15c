"""The table of all measures: each figure under its name, and the lines that show them."""

from collections.abc import Sequence
from typing import NamedTuple

import grimp

from benchmarks.structure.classes import engine_parts, repeated_names
from benchmarks.structure.contracts import LayersContract, contract_of, read_contracts
from benchmarks.structure.docstrings import find_without_imperative, share_in_dialect
from benchmarks.structure.imports import (
    arrows_of,
    build_graph,
    circles,
    file_circles,
    mutual_pairs,
    rooms_of,
    upward_arrows,
)
from benchmarks.structure.participles import share_of_participles
from benchmarks.structure.sizes import (
    find_catalog_database,
    find_large_classes,
    find_large_files,
    find_small_files,
)
from benchmarks.structure.sources import PACKAGES, Source, read_sources
from benchmarks.structure.walks import index_and_answer_walks

Figures = dict[str, float]

# Migrations are a row of steps, not a house.
HOUSES = ("search", "web", "indexer")


class Line(NamedTuple):
    """A line of the table: what is measured, at the start, now, and the target."""

    measure: str
    start: str
    now: str  # names of figures in braces
    target: str


LINES = (
    Line("`search`: rooms / arrows", "64 / 258", "{search_rooms} / {search_arrows}", "30 / 110"),
    Line("`web`: rooms / arrows", "60 / 191", "{web_rooms} / {web_arrows}", "14 / 42"),
    Line("`indexer`: rooms / arrows", "26 / 56", "{indexer_rooms} / {indexer_arrows}", "10 / 16"),
    Line(
        "pairs of rooms that import each other: search, web, indexer",
        "0, 0, 1",
        "{search_mutual_pairs}, {web_mutual_pairs}, {indexer_mutual_pairs}",
        "0, 0, 0",
    ),
    Line(
        "circles of rooms; of files",
        "0, 0, 1; 1, 0, 0",
        "{search_circles}, {web_circles}, {indexer_circles}; "
        "{search_file_circles}, {web_file_circles}, {indexer_file_circles}",
        "0, 0, 0; 0, 0, 0",
    ),
    Line(
        "imports upward, by the import contract",
        "0, -, -",
        "{search_upward}, {web_upward}, {indexer_upward}",
        "0, 0, 0",
    ),
    Line(
        "import contract of `search`: layers / names",
        "23 / 61",
        "{search_layers} / {search_layer_names}",
        "9 / 29",
    ),
    Line(
        "walk of `Engine.answer`, text and a filter: stays / rooms",
        "81 / 23",
        "{answer_stays} / {answer_rooms}",
        "50 / 11",
    ),
    Line(
        "walk of `limn index` over a folder: stays / rooms",
        "196 / 45",
        "{index_stays} / {index_rooms}",
        "80 / 17",
    ),
    Line("lines outside the catalog that say `catalog.database`", "22", "{catalog_database}", "0"),
    Line("public class names in more than one file", "43", "{repeated_classes}", "0"),
    Line("bound names that are bare participles", "9.7%", "{participles:.1%}", "0.5%"),
    Line("docstrings in dialect", "24%", "{dialect:.1%}", "2%"),
    Line("docstrings of functions without an imperative", "480", "{no_imperative}", "0"),
    Line("classes over 200 lines", "5", "{large_classes}", "0"),
    Line("files under 15 / over 200 lines", "", "{small_files} / {large_files}", ""),
    Line(
        "`Engine`: lines / methods / imports",
        "386 / 37 / 26",
        "{engine_lines} / {engine_methods} / {engine_imports}",
        "200",
    ),
)


def measure(walks: bool = True) -> Figures:
    """Measure everything; without `walks`, nothing of the packages is called."""
    sources = read_sources()
    return {
        **import_figures(),
        **(walk_figures() if walks else {}),
        **name_figures(sources),
        **size_figures(sources),
    }


def import_figures() -> Figures:
    """Count the rooms of each package and the imports between them."""
    graph = build_graph()
    contracts = read_contracts()
    figures: Figures = {}
    for package in HOUSES:
        house = _house(graph, package, contract_of(package, contracts))
        figures |= {f"{package}_{name}": figure for name, figure in house.items()}
    return figures


def walk_figures() -> Figures:
    """Count the stays and rooms of the walks."""
    walks = index_and_answer_walks()
    return {
        f"{name}_{part}": len(items)
        for name, walk in walks.items()
        for part, items in (("stays", walk.stays), ("rooms", walk.rooms))
    }


def name_figures(sources: Sequence[Source]) -> Figures:
    """Measure names and docstrings."""
    return {
        "repeated_classes": len(repeated_names(sources)),
        "participles": share_of_participles(sources),
        "dialect": share_in_dialect(sources),
        "no_imperative": len(find_without_imperative(PACKAGES)),
    }


def size_figures(sources: Sequence[Source]) -> Figures:
    """Count large classes, small and large files, and the parts of the engine."""
    return {
        "catalog_database": len(find_catalog_database(sources)),
        "large_classes": len(find_large_classes(sources)),
        "small_files": len(find_small_files(sources)),
        "large_files": len(find_large_files(sources)),
        **engine_parts(sources),
    }


def table(figures: Figures) -> str:
    """Format the figures as a table in Markdown; a figure that was not measured is a dash."""
    rows = [("measure", "start", "now", "target"), ("---", "---", "---", "---")]
    shown = _Shown(figures)
    rows += [(line.measure, line.start, line.now.format_map(shown), line.target) for line in LINES]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _house(graph: grimp.ImportGraph, package: str, contract: LayersContract | None) -> Figures:
    arrows = arrows_of(graph, package)
    return {
        "rooms": len(rooms_of(graph, package)),
        "arrows": len(arrows),
        "mutual_pairs": len(mutual_pairs(arrows)),
        "circles": len(circles(arrows)),
        "file_circles": len(file_circles(graph, package)),
        **(_contract_figures(graph, contract) if contract else {}),
    }


def _contract_figures(graph: grimp.ImportGraph, contract: LayersContract) -> Figures:
    return {
        "upward": len(upward_arrows(graph, contract)),
        "layers": len(contract.layers),
        "layer_names": len(contract.names),
    }


class _Shown(dict[str, float]):
    """Figures whose missing ones read as a dash."""

    def __missing__(self, name: str) -> "_Dash":
        return _Dash()


class _Dash:
    def __format__(self, spec: str) -> str:
        return "-"
