"""The page in headless Chromium: first results, weight, layout shift, scrolling, and a large map.

    python -m benchmarks.page --collection NAME [--map-points 100000]
    python -m benchmarks.page --made 10000

It serves the catalog of LIMN_DATA_DIR by a `limn serve` of its own, and prints JSON. The collection
should hold 10,000 pictures or more, or scrolling ends sooner, which is told; without --collection
all are searched. For --map-points it should have a map: limn map NAME. With --made the catalog is a
new one of pictures that are made, which are searched by colour.
"""

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

import click
import numpy as np

from benchmarks.made_pictures import write_pictures
from benchmarks.soak import serving

# Nothing that a browser does on its own must leave this machine.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# From the moment the answer has come until every thumbnail in sight is decoded and a frame was
# painted. The grid may put other elements into the place of those that came with the page.
PAINTED = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const inSight = () => [...document.querySelectorAll(".tile .shot")].filter(
        each => each.getBoundingClientRect().top < innerHeight);
    while (document.readyState === "loading" || !inSight().every(each => each.complete))
        await frame();
    await Promise.all(inSight().map(each => each.decode().catch(() => {})));
    await frame();
    await frame();
    const answered = performance.getEntriesByType("navigation")[0].responseEnd;
    const first = performance.getEntriesByName("first-contentful-paint")[0];
    const now = performance.now();
    return {painted: now - answered, first: (first?.startTime ?? now) - answered,
            shots: document.querySelectorAll(".tile .shot").length, seen: inSight().length};
}"""

WATCH_TASKS = """() => {
    window.tasks = [];
    new PerformanceObserver(list => list.getEntries().forEach(each => tasks.push(each.duration)))
        .observe({type: "longtask", buffered: true});
}"""

# What the browser counts as layout shift: not what follows a click or a key within half a second.
WATCH_SHIFTS = """
    window.shifts = {counted: 0, by_input: 0};
    new PerformanceObserver(list => list.getEntries().forEach(each =>
            shifts[each.hadRecentInput ? "by_input" : "counted"] += each.value))
        .observe({type: "layout-shift", buffered: true});
"""

# Most of a screen a frame, waiting only while something in sight has not come yet.
SCROLL = """async wanted => {
    const began = performance.now();
    const next = () => new Promise(requestAnimationFrame);
    const seen = () => [...document.querySelectorAll(".grid > .tile")].filter(each => {
        const {top, bottom} = each.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    });
    let frames = 0, waited = 0, most = 0, rank = 0, missing = [];
    while (rank < wanted && waited < 600) {
        await next();
        const tiles = seen();
        most = Math.max(most, document.querySelectorAll(".tile").length);
        if (!tiles.length || tiles.some(each => !each.id)) { waited++; continue; }
        waited = 0;
        rank = Math.max(...tiles.map(each => Number(each.id.slice(4))));
        const before = scrollY;
        scrollBy({top: innerHeight * 0.8, behavior: "instant"});
        frames++;
        if (scrollY === before) break;
    }
    return {reached: rank, seconds: Math.round((performance.now() - began) / 100) / 10, frames,
            most_tiles: most};
}"""

# As fast as frames come, whether anything has come or not: a wheel that is flung, a bar dragged.
FLING = """async () => {
    for (let step = 0; step <= 120; step++) {
        scrollTo({top: document.documentElement.scrollHeight * (step < 60 ? step : 120 - step) / 60,
                  behavior: "instant"});
        await new Promise(requestAnimationFrame);
    }
}"""

MOVE_MAP = """async () => {
    const canvas = document.querySelector(".map .over");
    const press = key => canvas.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    const took = [];
    for (const key of [..."++++----++", ...Array(30).fill("ArrowLeft"), ..."++++++++"]) {
        const began = performance.now();
        press(key);
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        took.push((performance.now() - began) / 2);
    }
    return took;
}"""


@click.command()
@click.option("--collection", default="", help="What is searched.  [default: all]")
@click.option("--words", help="What is asked for.  [default: a dog; red, of made pictures]")
@click.option(
    "--made", "made_count", default=0, help="Serve a new catalog of so many made pictures."
)
@click.option(
    "--scroll", "wanted", default=10_000, show_default=True, help="Hits to scroll through."
)
@click.option("--map-points", default=0, help="Also move a made-up map of so many points.")
def main(collection: str, words: str | None, made_count: int, wanted: int, map_points: int) -> None:
    """Measure the page that LIMN_DATA_DIR's collections make, or one of made pictures."""
    if not made_count:
        measure(collection, words or "a dog", wanted, map_points)
        return
    with tempfile.TemporaryDirectory(prefix="limn-page-") as folder:
        os.environ |= {"LIMN_DATA_DIR": f"{folder}/data", "LIMN_ENCODER": "tiny"}
        write_pictures(Path(folder) / "pictures", made_count)
        limn = str(Path(sys.executable).with_name("limn"))
        index = [limn, "index", f"{folder}/pictures", "--collection", "made"]
        subprocess.run(index, check=True)
        measure("made", words or "red", wanted, map_points)


def measure(collection: str, words: str, wanted: int, map_points: int) -> None:
    """Print what the page takes for the answer to some words."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    found: dict[str, Any] = {}
    question = f"?q={quote(words)}" + (f"&collection={quote(collection)}" if collection else "")
    with serving() as (url, _), sync_playwright() as playwright:
        found["thumbnails_per_s"] = thumbnails(url, question)
        click.echo(f"thumbnails are measured: {json.dumps(found)}", err=True)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        answer = f"{url}{question}&strictness=all"  # as long as there are pictures
        found |= first_results(browser, answer)
        click.echo(f"first results are measured: {json.dumps(found)}", err=True)
        found["layout_shift"] = shift(browser, url, words)
        click.echo(f"layout shift is measured: {json.dumps(found)}", err=True)
        found["scroll"] = scroll(browser, answer, wanted)
        click.echo(f"scrolling is measured: {json.dumps(found)}", err=True)
        if map_points and collection:
            found["map"] = move_map(browser, url, collection, map_points)
        browser.close()
    click.echo(json.dumps(found, indent=2))


def thumbnails(url: str, question: str, asked: int = 4_000) -> float:
    """Thumbnails a second, warm, asked for by four clients that keep their connections."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    client = http.client.HTTPConnection(host, port)
    client.request("GET", f"/api/v1/search{question}&k=200")
    addresses = [hit["thumbnail"] for hit in json.loads(client.getresponse().read())["hits"]]

    def fetch(seed: int, times: int) -> None:
        chance, client = random.Random(seed), http.client.HTTPConnection(host, port)
        for _ in range(times):
            client.request("GET", chance.choice(addresses))
            assert client.getresponse().read()[:4] == b"RIFF"
        client.close()

    fetch(0, len(addresses) * 3)  # made and kept
    threads = [threading.Thread(target=fetch, args=(each, asked // 4)) for each in range(4)]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    return round(asked / (perf_counter() - began))


def first_results(browser: Any, address: str) -> dict[str, Any]:
    """How soon the first screen stands after its answer, and what the page weighs over the wire."""
    runs: list[dict[str, float]] = []
    weight = 0.0
    for _ in range(7):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        kinds: dict[str, str] = {}
        sizes: dict[str, float] = {}
        session.on(
            "Network.responseReceived",
            lambda event, kinds=kinds: kinds.update({event["requestId"]: event["type"]}),
        )
        session.on(
            "Network.loadingFinished",
            lambda event, sizes=sizes: sizes.update(
                {event["requestId"]: event["encodedDataLength"]}
            ),
        )
        page.goto(address, wait_until="commit")
        runs.append(page.evaluate(PAINTED))
        page.wait_for_load_state("networkidle")
        weight = sum(size for key, size in sizes.items() if kinds.get(key) != "Image")
        page.context.close()
    return {
        "hits": runs[-1]["shots"],
        "in_sight": runs[-1]["seen"],
        "first_paint_ms": round(median(each["first"] for each in runs)),
        "all_painted_ms": round(median(each["painted"] for each in runs)),
        "all_painted_least_ms": round(min(each["painted"] for each in runs)),  # next to other work
        "weight_kb": round(weight / 1000, 1),
    }


def shift(browser: Any, url: str, words: str) -> dict[str, Any]:
    """How much what is there moves: from the first page to an answer, in it, to a picture, back."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH_SHIFTS)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    found = {"home": page.evaluate("shifts")}
    page.locator("#q").press_sequentially(words, delay=40)
    page.wait_for_url("**q=*")
    page.locator(".grid.laid").wait_for()
    page.wait_for_load_state("networkidle")
    found["answer"] = page.evaluate("shifts")
    page.evaluate(SCROLL, 300)
    page.locator("[data-tile-size=large]").evaluate("link => link.click()")
    page.wait_for_load_state("networkidle")
    found["scrolled_and_larger"] = page.evaluate("shifts")
    page.locator("[data-tile-size=usual]").evaluate("link => link.click()")
    page.locator(".tile[id] a.frame").first.evaluate("frame => frame.click()")
    page.wait_for_url("**/pictures/*")
    page.wait_for_load_state("networkidle")
    found["picture"] = page.evaluate("shifts")
    page.go_back()
    page.locator(".grid.laid").wait_for()
    page.wait_for_load_state("networkidle")
    found["back"] = page.evaluate("shifts")
    page.close()
    return {
        step: {name: round(value, 4) for name, value in values.items()}
        for step, values in found.items()
    }


def scroll(browser: Any, address: str, wanted: int) -> dict[str, Any]:
    """Scroll through `wanted` hits, fling back and forth, and press End; long tasks are over 50 ms.

    Heap and nodes are counted after the browser has collected what nobody holds.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.evaluate(WATCH_TASKS)
    session = page.context.new_cdp_session(page)
    page.locator(".grid.laid").wait_for()
    first = {"tasks": _told(page), **_held(session)}
    browser.start_tracing(page=page, categories=["toplevel"])
    run = page.evaluate(SCROLL, wanted)
    run["tasks"] = _told(page)
    page.evaluate(FLING)
    run["fling_tasks"] = _told(page)
    page.keyboard.press("End")
    last = page.locator(".grid [aria-setsize]").first.get_attribute("aria-setsize")
    page.locator(f"#hit-{last}").wait_for()
    run["longest_cpu_ms"] = _longest_cpu_ms(browser.stop_tracing())
    run |= {"first": first, "last": _held(session)}
    page.close()
    return dict(run)


def _held(session: Any) -> dict[str, float]:
    """Return what the page holds: megabytes of JavaScript's heap, and nodes of the document."""
    session.send("HeapProfiler.collectGarbage")
    nodes = session.send("Memory.getDOMCounters")["nodes"]
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    return {"heap_mb": round(used / 1e6, 1), "nodes": nodes}


def _longest_cpu_ms(trace: bytes) -> float:
    """Return the CPU time of the page's longest task: what it takes however busy the machine is."""
    events = json.loads(trace)["traceEvents"]
    mains = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    tasks = (
        each.get("tdur", 0)
        for each in events
        if each["ph"] == "X" and (each["pid"], each["tid"]) in mains
    )
    return round(max(tasks, default=0) / 1000, 1)


def _told(page: Any) -> dict[str, float]:
    """How many long tasks there were since this was asked last, and how long the longest was."""
    tasks = page.evaluate("tasks.splice(0)")
    return {"long": len(tasks), "longest_ms": round(max(tasks, default=0))}


def move_map(browser: Any, url: str, collection: str, points: int) -> dict[str, Any]:
    """Move and zoom the map page with made-up points in place of the collection's own."""
    chance = np.random.default_rng(0)
    middles = chance.random((60, 2))
    places = middles[chance.integers(60, size=points)] + chance.normal(0, 0.02, (points, 2))
    body = np.arange(1, points + 1).astype("<f8").tobytes()
    body += (np.clip(places, 0, 1) * 65_535).astype("<u2").tobytes()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route("**/map/points*", lambda route: route.fulfill(body=body))
    page.goto(f"{url}collections/{quote(collection)}/map")
    page.locator("[data-ready]").wait_for()
    browser.start_tracing(page=page, categories=["toplevel"])
    page.evaluate(WATCH_TASKS)
    took = page.evaluate(MOVE_MAP)
    tasks = page.evaluate("tasks")
    longest_cpu_ms = _longest_cpu_ms(browser.stop_tracing())
    page.close()
    return {
        "points": points,
        "longest_cpu_ms": longest_cpu_ms,
        "frame_p50_ms": round(median(took), 1),
        "frame_max_ms": round(max(took), 1),
        "longest_task_ms": round(max(tasks, default=0)),
    }


if __name__ == "__main__":
    main()
