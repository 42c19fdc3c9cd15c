"""All measures of the structure, each under a name."""

from collections.abc import Sequence

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

# Migrations are steps, of one folder: they have no rooms to count.
WITH_ROOMS = ("search", "web", "indexer")


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
    for package in WITH_ROOMS:
        counts = _room_figures(graph, package, contract_of(package, contracts))
        figures |= {f"{package}_{name}": figure for name, figure in counts.items()}
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


def _room_figures(
    graph: grimp.ImportGraph, package: str, contract: LayersContract | None
) -> Figures:
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
