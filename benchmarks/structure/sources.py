"""Python files of the repository, parsed once."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES = ("search", "indexer", "web", "migrations")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the root, its lines and its syntax tree."""

    path: str
    lines: tuple[str, ...]
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree."""
        return tuple(ast.walk(self.tree))


@dataclass(frozen=True, order=True)
class Place:
    """A line that an engineer should look at, and the reason."""

    path: str
    line: int
    text: str


def read_sources(paths: Iterable[str] = PACKAGES, root: Path = ROOT) -> list[Source]:
    """Parse all Python files at these paths from the root: a file, or a folder and all below it.

    Raises:
        FileNotFoundError: there is no such file or folder.
    """
    return [_parse(file, root) for path in paths for file in _python_files(root / path)]


def definitions(source: Source) -> Iterator[Definition]:
    """Yield all functions and classes of a file, nested ones too."""
    for node in source.nodes:
        if isinstance(node, Definition):
            yield node


def line_count(node: Definition) -> int:
    """Return the number of lines of a function or class, without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _python_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no file or folder {path}")
    return sorted(path.rglob("*.py"))


def _parse(path: Path, root: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, str(path))
    return Source(path.relative_to(root).as_posix(), tuple(text.splitlines()), tree)
