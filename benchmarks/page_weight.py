"""What each kind of page loads, and how soon it is there: in headless Chromium, with no cache.

    python -m benchmarks.page_weight [--collection NAME] [--words "a dog"] [--repeats 5] [--url URL]

It serves the catalog of LIMN_DATA_DIR by a `limn serve` of its own, or asks the server at --url,
and prints a table in Markdown. Bytes are compressed, as the server sends them.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import quote, urljoin
from urllib.request import urlopen

import click

from benchmarks.page import CHROMIUM_OPTIONS
from benchmarks.soak import serving

# Everything that the page has loaded until the network rests, and its times since it was asked for.
LOADED = """() => {
    const [asked] = performance.getEntriesByType("navigation");
    const [first] = performance.getEntriesByName("first-contentful-paint");
    const resources = performance.getEntriesByType("resource")
        .map(each => ({path: new URL(each.name).pathname, bytes: each.encodedBodySize}));
    return {document: asked.encodedBodySize, resources,
            ready: asked.domContentLoadedEventEnd, painted: first?.startTime ?? NaN};
}"""


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a page; sizes in bytes, times in milliseconds."""

    code_requests: int
    code_bytes: int
    document_bytes: int
    requests: int
    ready_ms: float
    painted_ms: float


@click.command()
@click.option("--collection", default="", help="Whose page and map are loaded.  [default: first]")
@click.option("--words", default="a dog", show_default=True)
@click.option("--repeats", default=5, show_default=True)
@click.option("--url", "running", default="", help="A server that runs already.")
def main(collection: str, words: str, repeats: int, running: str) -> None:
    """Measure what the pages of LIMN_DATA_DIR's collections load."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    click.echo(
        "| page | scripts and styles | compressed | document | all requests | DOM | painted |"
    )
    click.echo("|---|---|---|---|---|---|---|")
    server = nullcontext((running, 0)) if running else serving()
    with server as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        for name, path in pages(url, collection, words):
            load(browser, urljoin(url, path))  # what the server caches is cached
            loads = [load(browser, urljoin(url, path)) for _ in range(repeats)]
            click.echo(row(name, loads))
        browser.close()


def pages(url: str, collection: str, words: str) -> Iterator[tuple[str, str]]:
    """Yield name and path of one page of each kind."""
    question = f"?q={quote(words)}"
    hits = _json(url, f"api/v1/search{question}&k=1")["hits"]
    name = quote(collection or _json(url, "api/v1/collections")["collections"][0]["name"])
    yield "home", ""
    yield "answer", question
    yield "picture", f"pictures/{hits[0]['id']}{question}"
    yield "map", f"collections/{name}/map"
    yield "collection", f"collections/{name}"
    yield "reference", "api/v1/docs"


def load(browser: Any, address: str) -> Load:
    """Load a page in a new profile, and wait until the network rests."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address, wait_until="networkidle")
    found = page.evaluate(LOADED)
    page.context.close()
    code = [each for each in found["resources"] if each["path"].endswith((".js", ".css"))]
    return Load(
        len(code),
        sum(each["bytes"] for each in code),
        found["document"],
        1 + len(found["resources"]),
        found["ready"],
        found["painted"],
    )


def row(name: str, loads: list[Load]) -> str:
    """Return a row of the table; sizes are of the last load, times of all."""
    last = loads[-1]
    cells = [
        name,
        str(last.code_requests),
        f"{last.code_bytes / 1000:.1f} kB",
        f"{last.document_bytes / 1000:.1f} kB",
        str(last.requests),
        _spread([each.ready_ms for each in loads]),
        _spread([each.painted_ms for each in loads]),
    ]
    return f"| {' | '.join(cells)} |"


def _spread(times_ms: list[float]) -> str:
    return f"{median(times_ms):.0f} ms ({min(times_ms):.0f} to {max(times_ms):.0f})"


def _json(url: str, path: str) -> Any:
    with urlopen(urljoin(url, path), timeout=60) as answer:  # noqa: S310 - the server's own address
        return json.load(answer)


if __name__ == "__main__":
    main()
