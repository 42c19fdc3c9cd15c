"""Lighthouse's scores of the pages, as a phone on a slow network and as a desktop computer.

    python -m benchmarks.lighthouse [--collection NAME] [--words "a dog"] [--repeats 3] [--url URL]

It serves the catalog of LIMN_DATA_DIR by a `limn serve` of its own, or asks the server at --url,
and prints a table in Markdown, then the audits that cost points. Lighthouse is fetched by npx from
the npm registry, some 190 MB, once: too large to be a dependency.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections import Counter
from contextlib import nullcontext
from statistics import median
from typing import Any
from urllib.parse import urljoin

import click

from benchmarks.page_weight import pages
from benchmarks.soak import serving

# The last version that runs on Node.js 20.
COMMAND = "npx --yes lighthouse@12.8.2"

CATEGORIES = ("performance", "accessibility", "best-practices")

# Nothing leaves the machine but the requests to the page.
OPTIONS = (
    "--quiet",
    "--output=json",
    "--no-enable-error-reporting",
    f"--only-categories={','.join(CATEGORIES)}",
    "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking",
)

# Pages by the names of benchmarks.page_weight.
PAGES = ("home", "answer", "picture", "collection")


@click.command()
@click.option("--collection", default="", help="Whose page is loaded.  [default: first]")
@click.option("--words", default="a dog", show_default=True)
@click.option("--repeats", default=3, show_default=True)
@click.option("--url", "running", default="", help="A server that runs already.")
@click.option("--command", default=COMMAND, show_default=True, help="What runs Lighthouse.")
def main(collection: str, words: str, repeats: int, running: str, command: str) -> None:
    """Score the pages of LIMN_DATA_DIR's collections."""
    costs: Counter[str] = Counter()
    click.echo("| page | as | performance | accessibility | best practices | LCP | TBT | CLS |")
    click.echo("|---|---|---|---|---|---|---|---|")
    server = nullcontext((running, 0)) if running else serving()
    with server as (url, _):
        for name, path in pages(url, collection, words):
            if name not in PAGES:
                continue
            for form in ("phone", "desktop"):
                reports = [report(command, urljoin(url, path), form) for _ in range(repeats)]
                click.echo(row(name, form, reports))
                costs.update(f"{name}, {form}: {each}" for one in reports for each in faults(one))
    for fault, times in costs.most_common():
        click.echo(f"{times} of {repeats}: {fault}")


def report(command: str, address: str, form: str) -> Any:
    """Return Lighthouse's report of a page, loaded once."""
    preset = ["--preset=desktop"] if form == "desktop" else []
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    done = subprocess.run(
        [*shlex.split(command), address, *OPTIONS, *preset],
        env={**os.environ, "CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(done.stderr)
    return json.loads(done.stdout)


def row(name: str, form: str, reports: list[Any]) -> str:
    """Return a row of the table: medians, with the range of the scores."""
    cells = [name, form]
    for category in CATEGORIES:
        scores = [round(100 * each["categories"][category]["score"]) for each in reports]
        cells.append(f"{median(scores):.0f} ({min(scores)} to {max(scores)})")
    for audit, form_of in (
        ("largest-contentful-paint", "{:.0f} ms"),
        ("total-blocking-time", "{:.0f} ms"),
        ("cumulative-layout-shift", "{:.3f}"),
    ):
        cells.append(
            form_of.format(median(one["audits"][audit]["numericValue"] for one in reports))
        )
    return f"| {' | '.join(cells)} |"


def faults(one: Any) -> list[str]:
    """Return the audits that cost points in their category, with their scores."""
    found = []
    for category in CATEGORIES:
        for each in one["categories"][category]["auditRefs"]:
            score = one["audits"][each["id"]]["score"]
            if each["weight"] and score is not None and score < 0.9:
                found.append(f"{each['id']} {score:.2f}")
    return found


if __name__ == "__main__":
    main()
