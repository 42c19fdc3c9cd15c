"""The rules of WCAG 2.2 AA, as axe-core checks them on a page.

axe-core comes from npm, as package.json names it; LIMN_TEST_AXE names another axe.min.js.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

INSTALLED = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
AXE = os.environ.get("LIMN_TEST_AXE") or (str(INSTALLED) if INSTALLED.is_file() else None)

RUN = """() => axe.run(document, {runOnly: {type: "tag", values:
    ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})"""


def found_by_axe(page: "Page") -> list[Any]:
    """Return the rules that the page breaks, each with the places."""
    assert AXE is not None
    page.evaluate(Path(AXE).read_text(encoding="utf-8") + "; null")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]][:3])
        for each in page.evaluate(RUN)["violations"]
    ]
