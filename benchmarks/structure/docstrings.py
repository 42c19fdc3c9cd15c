"""Docstrings: which are in a dialect of their own, which of functions lack an imperative."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.structure.sources import ROOT, Definition, Place, Source

OPENING = re.compile(r"(What|How|Whether|Whoever|Whatever|Which|Who)\b")

# "held-out" is the trade's word for pictures that a training does not see.
DIALECT = re.compile(
    r"\b(told|held(?![- ]out)|kept|stands?|stood|beside|anew|lets? go of|speaks?|hears?|heard"
    r"|by way of|of which|it is of|sure to)\b",
    re.IGNORECASE,
)


def share_in_dialect(sources: Iterable[Source]) -> float:
    """Return the share of docstrings in dialect, 0 to 1."""
    texts = [text for source in sources for _, text in docstrings(source)]
    return sum(dialect_of(text) is not None for text in texts) / len(texts)


def find_dialect(sources: Iterable[Source]) -> list[Place]:
    """List the docstrings in dialect, each with the first word that says so."""
    return [
        Place(source.path, line, f"{word!r} in: {text.splitlines()[0]}")
        for source in sources
        for line, text in docstrings(source)
        if (word := dialect_of(text))
    ]


def dialect_of(text: str) -> str | None:
    """Return the opening or the first phrase of a docstring that is dialect, or None."""
    match = OPENING.match(text) or DIALECT.search(text)
    return match and match.group()


def docstrings(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a file, its functions and classes, each with its first line."""
    for node in source.nodes:
        if isinstance(node, ast.Module | Definition) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, text


def find_without_imperative(paths: Iterable[str], root: Path = ROOT) -> list[Place]:
    """List the docstrings of functions that ruff's D401 finds to begin without an imperative.

    Raises:
        RuntimeError: ruff can't be run.
    """
    options = ["--isolated", "--no-cache", "--select=D401", "--output-format=json"]
    convention = ["--config", 'lint.pydocstyle.convention="google"']
    command = [sys.executable, "-m", "ruff", "check", *options, *convention, *paths]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8")
    if done.returncode > 1 or not done.stdout:
        raise RuntimeError(f"ruff ended with {done.returncode}: {done.stderr}")
    return [_place(entry, root) for entry in json.loads(done.stdout)]


def _place(entry: dict[str, object], root: Path) -> Place:
    path = Path(str(entry["filename"])).relative_to(root).as_posix()
    location = entry["location"]
    line = location["row"] if isinstance(location, dict) else 0
    return Place(path, line, str(entry["message"]).partition(": ")[2])
