"""Rules for the repository's own files, which no other tool checks."""

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"

# An import in the text of a program that a test runs in another process.
IMPORT = re.compile(r"^from ((?:search|indexer|web|migrations)[\w.]*) import ([\w, ]+)$", re.M)


def test_no_test_imports_another_test() -> None:
    """Shared code is in conftest.py or in a file that is not named test_*."""
    imports = {
        f"{path.name}: {module}"
        for path in TESTS.glob("*.py")
        for module in _imported(path)
        if module.startswith("tests.test_")
    }
    assert imports == set()


def test_programs_that_tests_run_import_what_is_there() -> None:
    """Check imports in program texts, which tools that rename a module do not search."""
    absent = {
        f"{path.name}: {module} has no {name}"
        for path in TESTS.glob("*.py")
        for text in _texts(path)
        for module, names in IMPORT.findall(text)
        for name in map(str.strip, names.split(","))
        if not _exists(module, name.split(" ")[0])
    }
    assert absent == set()


def test_lock_files_name_no_registry() -> None:
    for name in ("constraints.txt", "package-lock.json"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r'"resolved"|index-url|find-links|file:|^-', text, re.M), name
    versions = re.findall(r"^[\w.-]+==(\S+)", (ROOT / "constraints.txt").read_text(), re.M)
    assert len(versions) > 100
    assert not [version for version in versions if "+" in version]


def _imported(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}", *(f"{node.module}.{name.name}" for name in node.names)}
    return modules


def _texts(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [value for value in values if isinstance(value, str) and "import" in value]


def _exists(module: str, name: str) -> bool:
    try:
        found = import_module(module)
    except ImportError:
        return False
    return hasattr(found, name) or find_spec(f"{module}.{name}") is not None
