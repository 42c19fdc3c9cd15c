"""Names that a file binds: functions, classes, fields, parameters, variables, `self.attributes`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from benchmarks.structure.sources import Function, Source

Kind = Literal["function", "class", "field", "parameter", "variable", "attribute"]

# Names that Python's custom chooses.
CUSTOM = frozenset({"self", "cls", "_"})


@dataclass(frozen=True)
class Binding:
    """A name that a scope binds, with the line of the first time."""

    line: int
    name: str
    kind: Kind


def bindings(source: Source) -> Iterator[Binding]:
    """Yield the names of a file, each once for each function or class that binds it."""
    yield from _of_scope(source.tree)


def _of_scope(scope: ast.AST) -> Iterator[Binding]:
    names: set[tuple[str, Kind]] = set()
    for node in _within(scope):
        for binding in _bound_by(node, in_class=isinstance(scope, ast.ClassDef)):
            if (binding.name, binding.kind) not in names and binding.name not in CUSTOM:
                names.add((binding.name, binding.kind))
                yield binding
        if isinstance(node, Function | ast.ClassDef):
            yield from _of_scope(node)


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in order; of inner functions and classes only their heads."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, Function | ast.ClassDef):
            yield from _within(node)


def _bound_by(node: ast.AST, in_class: bool) -> Iterator[Binding]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Binding(node.lineno, node.name, "function")
        case ast.ClassDef():
            yield Binding(node.lineno, node.name, "class")
        case ast.arg():
            yield Binding(node.lineno, node.arg, "parameter")
        case ast.Name(ctx=ast.Store()):
            yield Binding(node.lineno, node.id, "field" if in_class else "variable")
        case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
            yield Binding(node.lineno, node.attr, "attribute")
        case ast.ExceptHandler(name=str(name)):
            yield Binding(node.lineno, name, "variable")
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield Binding(node.lineno, name, "variable")
