"""The table of all measures, in Markdown."""

from typing import NamedTuple

from benchmarks.structure.figures import Figures


class Line(NamedTuple):
    """A line of the table: what is measured, at the start, now, and the target."""

    measure: str
    start: str
    now: str  # names of figures in braces
    target: str


LINES = (
    Line("`search`: rooms / arrows", "64 / 258", "{search_rooms} / {search_arrows}", "30 / 110"),
    Line("`web`: rooms / arrows", "60 / 191", "{web_rooms} / {web_arrows}", "14 / 42"),
    Line("`indexer`: rooms / arrows", "26 / 56", "{indexer_rooms} / {indexer_arrows}", "10 / 16"),
    Line(
        "pairs of rooms that import each other: search, web, indexer",
        "0, 0, 1",
        "{search_mutual_pairs}, {web_mutual_pairs}, {indexer_mutual_pairs}",
        "0, 0, 0",
    ),
    Line(
        "circles of rooms; of files",
        "0, 0, 1; 1, 0, 0",
        "{search_circles}, {web_circles}, {indexer_circles}; "
        "{search_file_circles}, {web_file_circles}, {indexer_file_circles}",
        "0, 0, 0; 0, 0, 0",
    ),
    Line(
        "imports upward, by the import contract",
        "0, -, -",
        "{search_upward}, {web_upward}, {indexer_upward}",
        "0, 0, 0",
    ),
    Line(
        "import contract of `search`: layers / names",
        "23 / 61",
        "{search_layers} / {search_layer_names}",
        "9 / 29",
    ),
    Line(
        "walk of `Engine.answer`, text and a filter: stays / rooms",
        "81 / 23",
        "{answer_stays} / {answer_rooms}",
        "50 / 11",
    ),
    Line(
        "walk of `limn index` over a folder: stays / rooms",
        "196 / 45",
        "{index_stays} / {index_rooms}",
        "80 / 17",
    ),
    Line("lines outside the catalog that say `catalog.database`", "22", "{catalog_database}", "0"),
    Line("public class names in more than one file", "43", "{repeated_classes}", "0"),
    Line("bound names that are bare participles", "9.7%", "{participles:.1%}", "0.5%"),
    Line("docstrings in dialect", "24%", "{dialect:.1%}", "2%"),
    Line("docstrings of functions without an imperative", "480", "{no_imperative}", "0"),
    Line("classes over 200 lines", "5", "{large_classes}", "0"),
    Line("files under 15 / over 200 lines", "", "{small_files} / {large_files}", ""),
    Line(
        "`Engine`: lines / methods / imports",
        "386 / 37 / 26",
        "{engine_lines} / {engine_methods} / {engine_imports}",
        "200",
    ),
)


class _Dash:
    """A figure that was not measured."""

    def __format__(self, spec: str) -> str:
        return "-"


class _OrDash(dict[str, float]):
    """Figures, with a dash for each one that is absent."""

    def __missing__(self, name: str) -> _Dash:
        return _Dash()


def format_table(figures: Figures) -> str:
    """Return the table; a figure that was not measured is a dash."""
    values = _OrDash(figures)
    rows = [("measure", "start", "now", "target"), ("---", "---", "---", "---")]
    rows += [(line.measure, line.start, line.now.format_map(values), line.target) for line in LINES]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
