"""Imports between the rooms of a package: a room is a file or folder directly in it."""

from collections.abc import Iterable

import grimp

from benchmarks.structure.contracts import LayersContract
from benchmarks.structure.sources import PACKAGES

Arrow = tuple[str, str]  # the importer, and what it imports


def build_graph() -> grimp.ImportGraph:
    """Build the import graph of all packages, imports for type checkers included."""
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def rooms_of(graph: grimp.ImportGraph, package: str) -> list[str]:
    """Return the rooms of a package, by name."""
    return sorted(graph.find_children(package))


def arrows_of(graph: grimp.ImportGraph, package: str) -> list[Arrow]:
    """Return the pairs (a, b) of rooms where a file of a imports a file of b."""
    rooms = rooms_of(graph, package)
    return [(a, b) for a in rooms for b in rooms if a != b and _imports(graph, a, b)]


def mutual_pairs(arrows: Iterable[Arrow]) -> list[Arrow]:
    """Return the pairs of rooms that import each other, each pair once."""
    pairs = set(arrows)
    return sorted((a, b) for a, b in pairs if a < b and (b, a) in pairs)


def circles(arrows: Iterable[Arrow]) -> list[list[str]]:
    """Return the groups of rooms, or of files, that reach each other by imports."""
    reach = _reach_of_each(arrows)
    groups = {
        tuple(sorted(b for b in reach[a] if a in reach.get(b, ()))) for a in reach if a in reach[a]
    }
    return sorted(map(list, groups))


def file_circles(graph: grimp.ImportGraph, package: str) -> list[list[str]]:
    """Return the groups of a package's files that reach each other by imports."""
    files = {package, *graph.find_descendants(package)}
    return circles(
        (file, other)
        for file in files
        for other in graph.find_modules_directly_imported_by(file) & files
    )


def upward_arrows(graph: grimp.ImportGraph, contract: LayersContract) -> list[Arrow]:
    """Return the imports that a contract forbids: of a higher layer, or between its siblings."""
    layers = [(rank, name) for rank, layer in enumerate(contract.layers) for name in layer]
    present = [(rank, name) for rank, name in layers if name in graph.modules]
    return [
        (lower, higher)
        for lower_rank, lower in present
        for higher_rank, higher in present
        if higher_rank <= lower_rank and lower != higher and _imports(graph, lower, higher)
    ]


def _imports(graph: grimp.ImportGraph, importer: str, target: str) -> bool:
    return graph.direct_import_exists(importer=importer, imported=target, as_packages=True)


def _reach_of_each(arrows: Iterable[Arrow]) -> dict[str, set[str]]:
    targets: dict[str, set[str]] = {}
    for importer, target in arrows:
        targets.setdefault(importer, set()).add(target)
    return {start: _reach(start, targets) for start in targets}


def _reach(start: str, targets: dict[str, set[str]]) -> set[str]:
    reach: set[str] = set()
    frontier = set(targets[start])
    while frontier:
        reach |= frontier
        frontier = {b for a in frontier for b in targets.get(a, ())} - reach
    return reach
