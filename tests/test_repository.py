"""Rules for the repository's own files, which no other tool checks."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def test_no_test_imports_another_test() -> None:
    """Shared code is in conftest.py or in a file that is not named test_*."""
    imports = {
        f"{path.name}: {module}"
        for path in TESTS.glob("*.py")
        for module in _imported(path)
        if module.startswith("tests.test_")
    }
    assert imports == set()


def _imported(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}", *(f"{node.module}.{name.name}" for name in node.names)}
    return modules
