"""Examples of docs/python.md, run as written; and `import search` without further imports."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import Limn

PAGE = Path(__file__).parent.parent / "docs" / "python.md"

RUN = """
import doctest, sys
options = doctest.ELLIPSIS | doctest.FAIL_FAST
sys.exit(doctest.testfile(sys.argv[1], module_relative=False, optionflags=options).failed)
"""

LIGHT = """
import sys, search
heavy = {"numpy", "sqlalchemy", "torch", "faiss", "search.engine"} & set(sys.modules)
assert not heavy, heavy
assert set(search.__all__) <= {name for name in search.__all__ if hasattr(search, name)}
try:
    search.nothing
except AttributeError as error:
    assert "nothing" in str(error)
"""


def run(
    program: str, *arguments: str, environment: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_examples_do_what_they_say(
    limn: Limn, limn_environment: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    limn("index", colours, "--collection", "colours")
    done = run(RUN, str(PAGE), environment=limn_environment, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_search_loads_nothing(limn_environment: dict[str, str], tmp_path: Path) -> None:
    done = run(LIGHT, environment=limn_environment, folder=tmp_path)
    assert done.returncode == 0, done.stderr
