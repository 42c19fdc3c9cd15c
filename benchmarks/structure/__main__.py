"""Structure of the code: rooms and imports, walks, names, docstrings and sizes.

    python -m benchmarks.structure                          the table, in Markdown
    python -m benchmarks.structure --json                   the figures
    python -m benchmarks.structure --names                  every place that should change
    python -m benchmarks.structure --package search/stores  only those under this path

A line of a list reads FILE:LINE KIND: WHAT; the number of each kind goes to stderr.
"""

import json
from dataclasses import asdict

import click

from benchmarks.structure.figures import measure
from benchmarks.structure.offenders import find_offenders
from benchmarks.structure.table import format_table


@click.command()
@click.option("--names", is_flag=True, help="List the places that should change.")
@click.option("--package", metavar="PATH", help="List those whose path begins so; as --names.")
@click.option("--walks/--no-walks", default=True, help="Walk a search and a run of the indexer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(names: bool, package: str | None, walks: bool, as_json: bool) -> None:
    """Print the structure of the code as a table, or list the places that should change."""
    if names or package:
        _print_offenders(package or "", as_json)
        return
    figures = measure(walks)
    print(json.dumps(figures, indent=1) if as_json else format_table(figures))


def _print_offenders(prefix: str, as_json: bool) -> None:
    try:
        lists = find_offenders(prefix)
    except FileNotFoundError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        documents = {kind: list(map(asdict, places)) for kind, places in lists.items()}
        print(json.dumps(documents, indent=1, ensure_ascii=False))
        return
    for kind, places in lists.items():
        for place in places:
            print(f"{place.path}:{place.line} {kind}: {place.text}")
    for kind, places in lists.items():
        click.echo(f"{len(places):,} of: {kind}", err=True)


if __name__ == "__main__":
    main()
