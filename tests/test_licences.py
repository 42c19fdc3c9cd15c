"""The table of licences: it covers the installed packages, and allows no other."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[1] / "docs" / "licences.py"


def test_the_table_of_licences_is_up_to_date() -> None:
    licences = runpy.run_path(str(SCRIPT))
    table = SCRIPT.with_suffix(".md").read_text(encoding="utf-8")
    assert list(licences["problems"](table)) == []


def test_a_row_that_is_missing_wrong_or_left_over_is_told() -> None:
    licences = runpy.run_path(str(SCRIPT))
    table = SCRIPT.with_suffix(".md").read_text(encoding="utf-8")
    wrong = table.replace("| `click` | all | BSD-3-Clause |", "| `clack` | all | MIT |")
    told = " ".join(licences["problems"](wrong))
    assert "click is under BSD-3-Clause" in told and "clack is no longer wanted" in told
    hidden = table.replace("pillow-jxl-plugin", "another-plugin")
    assert "pillow-jxl-plugin is under GPL-3.0-or-later" in " ".join(licences["problems"](hidden))


def test_a_licence_that_is_not_allowed_is_told() -> None:
    licences = runpy.run_path(str(SCRIPT))
    licences["ALLOWED"].discard("LGPL-3.0-only")
    table = SCRIPT.with_suffix(".md").read_text(encoding="utf-8")
    assert "zipstream-ng is under LGPL-3.0-only, which is not" in " ".join(
        licences["problems"](table)
    )


def test_the_gpl_parts_are_named_where_they_are_installed() -> None:
    root = SCRIPT.parents[1]
    for page in ("README.md", "docs/licences.md"):
        text = (root / page).read_text(encoding="utf-8")
        for part in ("pillow-jxl-plugin", "x264", "x265", "GPL"):
            assert part in text, page
    assert "under the GPL" in (root / "docs" / "sources.md").read_text(encoding="utf-8")
