"""The documentation: its links lead somewhere, its tables are complete, its commands exist."""

import os
import re
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from search.cli import main as limn

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    text = re.sub(r"^    .*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for target, _, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(#([^)\s]*))?\)", text):
        file = Path(os.path.normpath(page.parent / target)) if target else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(file), f"{page.name}: {target}#{anchor}"


def test_the_table_of_settings_has_every_variable() -> None:
    code = (ROOT / "search" / "settings.py").read_text(encoding="utf-8")
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(LIMN_\w+)` \|", table, re.MULTILINE)
    assert sorted(rows) == sorted(set(re.findall(r"\bLIMN_[A-Z_]+\b", code)))


def test_the_page_of_commands_has_every_command() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    commands = {point.name for point in entry_points(group="limn.commands")}
    missing = {name for name in commands if not re.search(rf"`[^`]*\b{name}\b[^`]*`", page)}
    assert missing == {"demo"}, "which `make demo` runs"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_options_of_commands_exist(page: Path) -> None:
    wrong = [
        f"limn {line}: {option}"
        for line in commands_in(page.read_text(encoding="utf-8"))
        for option in sorted(set(re.findall(r"(?<=[\s\[])(--[a-z-]+|-\w)(?=[\s\]=]|$)", line)))
        if option not in options_of(line.split())
    ]
    assert not wrong


@pytest.mark.parametrize(
    "group", ["commands", "encoders", "filters", "routes", "sources", "stores"]
)
def test_the_example_of_a_package_runs_and_has_the_object_of_its_entry_point(group: str) -> None:
    heading = f'    [project.entry-points."limn.{group}"]\n'
    [page] = [
        page for page in PAGES if heading in page.read_text() and page.name != "architecture.md"
    ]
    before, _, after = page.read_text(encoding="utf-8").partition(heading)
    fenced = re.findall(r"^```python\n(.*?)^```$", before, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^((?:    .*\n|\n)+)", before, re.MULTILINE)
    code = {"routes": "".join(indented[-2:])}.get(group, "".join(fenced[-1:]))
    names: dict[str, object] = {"__name__": __name__}
    exec(textwrap.dedent(code), names)
    found = re.match(r"    [\w-]+ = \"my_package:(\w+)\"", after)
    assert found and found[1] in names


def commands_in(text: str) -> list[str]:
    """Return what follows `limn` in the code of a page, in lines and in spans."""
    lines = re.sub(r" *\\\n *", " ", text)
    found = re.findall(r"^    (?:\$ )?limn (.*?)(?: +#.*)?$|`limn ([^`]+)`", lines, re.MULTILINE)
    return [line or span.replace("\n", " ") for line, span in found]


def options_of(words: list[str]) -> set[str]:
    """Return the options of the command that a line runs, and of its groups."""
    command: click.Command = limn
    options = {"-h", "--help", "--version"}
    for word in words:
        if not isinstance(command, click.Group):
            break
        child = command.get_command(click.Context(command), word)
        if child is None:
            break
        command = child
    for parameter in command.params:
        options |= {*parameter.opts, *parameter.secondary_opts}
    return options
