"""Imports between the rooms of a package: a room is a file or folder directly in it."""

from collections.abc import Iterable

import grimp

from benchmarks.structure.contracts import LayersContract
from benchmarks.structure.sources import PACKAGES

Arrow = tuple[str, str]  # importer, imported


def build_graph() -> grimp.ImportGraph:
    """Build the import graph of all packages, imports for type checkers included."""
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def rooms_of(graph: grimp.ImportGraph, package: str) -> list[str]:
    """Return the rooms of a package, by name."""
    return sorted(graph.find_children(package))


def arrows_of(graph: grimp.ImportGraph, package: str) -> list[Arrow]:
    """Return the pairs of rooms of which one imports the other, anywhere below it."""
    rooms = rooms_of(graph, package)
    return [(a, b) for a in rooms for b in rooms if a != b and _imports(graph, a, b)]


def mutual_pairs(arrows: Iterable[Arrow]) -> list[Arrow]:
    """Return the pairs of rooms that import each other, each pair once."""
    known = set(arrows)
    return sorted((a, b) for a, b in known if a < b and (b, a) in known)


def circles(arrows: Iterable[Arrow]) -> list[list[str]]:
    """Return the groups of rooms, or of files, that reach each other by imports."""
    reached = _reachable(arrows)
    groups = {
        tuple(sorted(b for b in reached[a] if a in reached.get(b, ())))
        for a in reached
        if a in reached[a]
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
    ranked = [(rank, name) for rank, layer in enumerate(contract.layers) for name in layer]
    present = [(rank, name) for rank, name in ranked if name in graph.modules]
    return [
        (lower, higher)
        for lower_rank, lower in present
        for higher_rank, higher in present
        if higher_rank <= lower_rank and lower != higher and _imports(graph, lower, higher)
    ]


def _imports(graph: grimp.ImportGraph, importer: str, imported: str) -> bool:
    return graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)


def _reachable(arrows: Iterable[Arrow]) -> dict[str, set[str]]:
    targets: dict[str, set[str]] = {}
    for importer, imported in arrows:
        targets.setdefault(importer, set()).add(imported)
    return {start: _reach(start, targets) for start in targets}


def _reach(start: str, targets: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    open_ends = set(targets[start])
    while open_ends:
        reached |= open_ends
        open_ends = {b for a in open_ends for b in targets.get(a, ())} - reached
    return reached
