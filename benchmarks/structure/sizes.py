"""Sizes of files and classes, and the places that reach through the catalog to its database."""

import ast
from collections.abc import Iterable

from benchmarks.structure.sources import Place, Source, definitions, line_count

MIN_FILE_LINES = 15
MAX_FILE_LINES = 200
MAX_CLASS_LINES = 200

CATALOG = "search/catalog"


def find_small_files(sources: Iterable[Source]) -> list[Place]:
    """List the files of a few lines; the door of a folder may be as short as it likes."""
    return [
        _of_length(source)
        for source in sources
        if len(source.lines) < MIN_FILE_LINES and not source.path.endswith("__init__.py")
    ]


def find_large_files(sources: Iterable[Source]) -> list[Place]:
    """List the files that are longer than most should be."""
    return [_of_length(source) for source in sources if len(source.lines) > MAX_FILE_LINES]


def find_large_classes(sources: Iterable[Source]) -> list[Place]:
    """List the classes that are longer than any should be."""
    return [
        Place(source.path, node.lineno, f"class {node.name}: {line_count(node)} lines")
        for source in sources
        for node in definitions(source)
        if isinstance(node, ast.ClassDef) and line_count(node) > MAX_CLASS_LINES
    ]


def find_catalog_database(sources: Iterable[Source]) -> list[Place]:
    """List the lines outside the catalog that say `catalog.database`."""
    lines = {
        (source.path, node.lineno)
        for source in sources
        if not source.path.startswith(CATALOG)
        for node in source.nodes
        if isinstance(node, ast.Attribute) and node.attr == "database" and _is_catalog(node.value)
    }
    return [Place(path, line, "catalog.database") for path, line in sorted(lines)]


def _of_length(source: Source) -> Place:
    return Place(source.path, 1, f"{len(source.lines)} lines")


def _is_catalog(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return str(name).strip("_") == "catalog"
