"""Hints to install a package: one name for the distribution, and a line that works here."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from search.packages.installing import distribution, install, install_extra
from tests.conftest import Limn

ROOT = Path(__file__).parents[1]


def test_no_message_and_no_page_names_the_distribution_of_others() -> None:
    names = [
        f"{file.relative_to(ROOT)}: {found[0]}"
        for pattern in ("*.md", "docs/*.md", "search/**/*.py", "indexer/**/*.py", "web/**/*.py")
        for file in ROOT.glob(pattern)
        for found in re.finditer(r"limn\[\w+|install \"?limn\b", file.read_text(encoding="utf-8"))
    ]
    assert not names


def test_the_name_stands_in_one_place_and_its_extras_name_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = distribution()
    assert found is not None and found.name == project["name"] == "limn-search"
    assert list(project["scripts"]) == ["limn"]
    extras = [each for some in project["optional-dependencies"].values() for each in some]
    assert all(each.startswith("limn-search[") for each in extras if each.startswith("limn"))
    naming = [
        file
        for file in (*ROOT.glob("search/**/*.py"), *ROOT.glob("indexer/**/*.py"))
        if "limn-search" in file.read_text(encoding="utf-8")
    ]
    assert not naming


def test_a_checkout_is_named_by_its_path_and_a_wheel_by_its_name(tmp_path: Path) -> None:
    assert install_extra("map").endswith(f'install -e "{ROOT}[map]"')
    facts = tmp_path / "limn_search-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: limn-search\nVersion: 1.0\n")
    (facts / "RECORD").write_text("limn_search-1.0.dist-info/METADATA,,\n")
    (facts / "entry_points.txt").write_text("[console_scripts]\nlimn = search.cli:main\n")
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "__init__.py").touch()
    shutil.copytree(ROOT / "search" / "packages", tmp_path / "search" / "packages")
    code = "from search.packages.installing import install_extra\nprint(install_extra('map'))"
    path = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
    told = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True)
    assert told.stdout.endswith('install "limn-search[map]"\n'), told.stderr


def test_the_line_is_for_the_interpreter_that_runs(limn: Limn) -> None:
    line = install_extra("sources")
    assert line.endswith('[sources]"')
    python = line.partition(" -m pip install ")[0]
    assert Path(python).name.startswith("python") or line.startswith(("uv pip", "pipx runpip"))
    if "/" in python:
        assert Path(python.strip('"')) == Path(sys.executable)
    assert install("a b").endswith('"a b"')
    assert re.fullmatch(r"limn, version \d\S*\n", limn("--version").stdout)
