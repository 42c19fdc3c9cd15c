"""Classes: public names that occur in several files, and what `search.Engine` consists of."""

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from benchmarks.structure.sources import ROOT, Place, Source, definitions, line_count

# A record and its JSON document may share a name.
DOCUMENTS = "search/documents/"


def repeated_names(sources: Iterable[Source]) -> dict[str, list[Place]]:
    """Return the public class names that occur in several files, with all their places."""
    places: dict[str, list[Place]] = defaultdict(list)
    for source in sources:
        for node in definitions(source):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(Place(source.path, node.lineno, node.name))
    return {name: same_name for name, same_name in sorted(places.items()) if _repeats(same_name)}


def find_repeated(sources: Iterable[Source]) -> list[Place]:
    """List the classes whose names occur in another file too."""
    return [
        Place(place.path, place.line, f"class {name}, also in {_others(place, places)}")
        for name, places in repeated_names(sources).items()
        for place in places
    ]


def engine_parts(sources: Iterable[Source]) -> dict[str, int]:
    """Return the lines and methods of `search.Engine`, and the imports of `search` in its file."""
    from search import Engine

    path = Path(inspect.getfile(Engine)).relative_to(ROOT).as_posix()
    [source] = [source for source in sources if source.path == path]
    [engine] = [
        node
        for node in definitions(source)
        if isinstance(node, ast.ClassDef) and node.name == Engine.__name__
    ]
    methods = [node for node in engine.body if isinstance(node, ast.FunctionDef)]
    return {
        "engine_lines": line_count(engine),
        "engine_methods": len(methods),
        "engine_imports": sum(map(_imports_search, source.tree.body)),
    }


def _repeats(places: list[Place]) -> bool:
    files = {place.path for place in places}
    records = {path for path in files if not path.startswith(DOCUMENTS)}
    return len(files) > 1 and not (len(records) == 1 and len(files) == 2)


def _others(place: Place, places: list[Place]) -> str:
    return ", ".join(sorted({other.path for other in places} - {place.path}))


def _imports_search(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("search")
