"""Python files of the repository, parsed once."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, order=True)
class Finding:
    """A line that an engineer should look at, and the reason."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.text}"


def read_sources(places: Iterable[str] = PACKAGES, root: Path = ROOT) -> list[Source]:
    """Parse all Python files at these paths from the root: a file, or a folder and all below it.

    Raises:
        FileNotFoundError: there is no such file or folder.
    """
    return [_parse(path, root) for place in places for path in _python_files(root / place)]


def definitions(source: Source) -> Iterator[Definition]:
    """Yield all functions and classes of a file, nested ones too."""
    for node in ast.walk(source.tree):
        if isinstance(node, Definition):
            yield node


def line_count(node: Definition) -> int:
    """Return the number of lines of a function or class, without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _python_files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FileNotFoundError(f"there is no file or folder {place}")
    return sorted(place.rglob("*.py"))


def _parse(path: Path, root: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, str(path))
    return Source(path.relative_to(root).as_posix(), tuple(text.splitlines()), tree)
