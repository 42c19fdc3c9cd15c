"""Recognizers on the page and over the API, downloaded from a hub on loopback by worker jobs."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from search.bootstrap import open_engine
from search.catalog.records import RunCounts
from search.client import Client, Job, OfferedPair, Problem
from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.errors import Message
from tests.axe import AXE, found_by_axe
from tests.browsing import served
from tests.colour_web import opened, settings_in, store_colours
from tests.conftest import Limn
from tests.hub_server import LoopbackHub, running_hub
from tests.published_pairs import Published, immich

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

HELD_BYTES = 2_000_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a small pair of 17 MB in a folder."""
    folder = tmp_path_factory.mktemp("pair")
    return immich(folder / "pair", folder, "encoder-pairs", batched=True)


@pytest.fixture
def hub(pair: Published) -> Iterator[LoopbackHub]:
    """Yield a hub that has two of the offered pairs."""
    names = ("light", "balanced")
    with running_hub({SHORT_NAMES[each].repository: pair.folder for each in names}) as running:
        yield running


@pytest.fixture
def caches(hub: LoopbackHub, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a user whose cache is empty, and whose hub is on loopback."""
    return {
        "HF_HOME": str(tmp_path / "hf"),
        "HF_ENDPOINT": hub.endpoint,
        "TORCH_HOME": str(tmp_path / "torch"),
    }


@pytest.fixture
def server(caches: dict[str, str], tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Yield a server with a collection of two pictures, and workers: its process, its address."""
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "blue"))
    options = ("--root", str(tmp_path / "pictures"))
    with served(tmp_path / "data", *options, environment=caches) as (process, url):
        yield process.pid, url
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def address(server: tuple[int, str]) -> str:
    """Return the address of the server."""
    return server[1]


def offered(client: Client, name: str) -> OfferedPair:
    return next(each for each in client.encoders().offered if each.name == name)


def until(client: Client, job: Job, condition: Callable[[Job], object]) -> Job:
    """Return the job once the condition holds."""
    deadline_s = monotonic() + 30
    while not condition(job):
        assert monotonic() < deadline_s, job
        sleep(0.05)
        job = client.job(job.id)
    return job


def kill_worker(server_pid: int, job: Job) -> None:
    """Kill the process in which a server runs a job."""
    threads = Path(f"/proc/{server_pid}/task").glob("*/children")
    for worker in [int(child) for each in threads for child in each.read_text().split()]:
        command = Path(f"/proc/{worker}/cmdline").read_text().split("\0")
        if command[-3:] == ["--job", str(job.id), ""]:
            os.kill(worker, signal.SIGKILL)


def test_a_download_is_a_job_that_goes_on_after_its_worker_was_killed(
    server: tuple[int, str], hub: LoopbackHub, tmp_path: Path
) -> None:
    server_pid, address = server
    client = Client(address)
    light = client.encoders(pictures=1000).offered[0]
    assert (light.name, light.here, light.job) == ("light", False, None)
    assert light.estimate_s is not None and light.estimate_s > 0
    assert light.recall[0].percent == 68.8 and light.memory_bytes == 1001 << 20
    hub.faults.holds_after = HELD_BYTES
    job = client.download_encoder("light")
    assert (job.kind, job.collection, job.pair) == ("download", None, "light")
    assert client.download_encoder("light").id == job.id, "it is under way"
    job = until(client, job, lambda job: job.received_bytes and job.received_bytes >= HELD_BYTES)
    assert job.total_bytes is not None and job.total_bytes > 17_000_000
    assert offered(client, "light").job == client.job(job.id)
    kill_worker(server_pid, job)
    job = until(client, job, lambda job: job.ended)
    assert job.state == "interrupted" and "what it had done is kept" in str(job.message)
    hub.faults.ranges.clear()
    job = client.download_encoder("light")
    job = until(client, job, lambda job: (job.received_bytes or 0) >= 2 * HELD_BYTES)
    assert hub.faults.ranges[0].startswith("bytes=")
    # A collection of the pair's name is another thing, and waits for nothing.
    assert [each.name for each in client.collections()] == ["colours"]
    for path in ("", "collections"):
        page = urlopen(f"{address}{path}").read().decode()
        assert "/collections/light" not in page and "Work under way" not in page
    same_name = client.wait(client.index_folder("light", str(tmp_path / "pictures")), 60)
    assert (same_name.state, same_name.added) == ("done", 2)
    assert client.job(job.id).state == "running"
    hub.faults.holds_after = 0
    hub.faults.goes_on.set()
    job = client.wait(job, 60)
    assert (job.state, job.received_bytes) == ("done", job.total_bytes)
    assert offered(client, "light").here


def test_a_collection_can_have_a_pair_that_is_here(
    address: str, hub: LoopbackHub, limn: Limn, caches: dict[str, str], tmp_path: Path
) -> None:
    client, folder = Client(address), str(tmp_path / "pictures")
    with pytest.raises(Problem, match="no encoder pair 'light' on the server") as refused:
        client.index_folder("shades", folder, encoder="light")
    assert (refused.value.status, refused.value.code) == (400, "pair-not-here")
    form = urlencode({"folder": folder, "name": "shades", "encoder": "light"}).encode()
    with pytest.raises(HTTPError) as error, urlopen(f"{address}collections", form):
        pass
    page = error.value.read().decode()
    assert error.value.code == 400 and 'name="encoder" aria-invalid' in page
    with pytest.raises(Problem, match="'hub:a/b' to download; there are: light"):
        client.download_encoder("hub:a/b")
    assert client.wait(client.download_encoder("light"), 30).state == "done"
    urlopen(f"{address}collections", form).close()
    job = client.wait(next(client.jobs()), 60)
    assert (job.collection, job.state, job.added) == ("shades", "done", 2)
    assert client.collection("shades").encoder.startswith("hub:immich-app/ViT-B-32__laion2b")
    files = sorted((tmp_path / "pictures").iterdir())
    sent = client.wait(client.send("sent", files, encoder="light"), 60)
    assert client.collection("sent").space == client.collection("shades").space, sent.message
    job_lines = limn("jobs", **caches).stdout
    assert "download of light  done  17 of 17 MB" in job_lines


@pytest.mark.parametrize("usual", ["builtin", "tiny"])
def test_the_pair_for_tests_is_a_choice_only_where_it_is_the_usual_one(
    tmp_path: Path, usual: str
) -> None:
    root = tmp_path / "pictures"
    (root / "walls").mkdir(parents=True)
    settings = settings_in(tmp_path / "data", encoder=usual, roots=(root,))
    with opened(settings) as (_, client):
        listed = client.get("/api/v1/encoders").json
        assert listed is not None
        expected = {"builtin", usual}
        assert {each["encoder"] for each in listed["installed"]} & {"builtin", "tiny"} == expected
        assert ("<strong>tiny</strong>" in client.get("/encoders").text) == (usual == "tiny")
        folder = {"folder": str(root / "walls"), "encoder": "tiny"}
        made = client.post("/api/v1/collections", json={"name": "walls", **folder})
        assert made.status_code == (202 if usual == "tiny" else 400), made.text


def test_the_command_lists_the_same_as_the_api(
    limn: Limn, hub: LoopbackHub, caches: dict[str, str], colours: Path
) -> None:
    limn("index", colours, "-c", "colours", **caches)
    limn("encoders", "get", "light", **caches)
    found = json.loads(limn("encoders", "--json", "-c", "colours", **caches).stdout)
    assert [each["name"] for each in found["offered"]] == list(SHORT_NAMES)
    assert [each["here"] for each in found["offered"]] == [True, *[False] * 4]
    assert found["pictures"] == 8 and all(each["estimate_s"] > 0 for each in found["offered"])
    assert {"light", None} == {each["name"] for each in found["installed"]}


def test_a_download_ends_with_the_message_of_the_command(
    address: str, hub: LoopbackHub, limn: Limn, caches: dict[str, str]
) -> None:
    client = Client(address)
    cases = (
        ("chinese", "spoils", ""),
        ("light", "spoils", "config.json"),
        ("light", "status", 401),
    )
    for name, fault, value in cases:
        setattr(hub.faults, fault, value)
        job = client.wait(client.download_encoder(name), 30)
        assert job.state == "failed" and job.message
        assert job.message in limn("encoders", "get", name, code=1, **caches).stderr
    english = urlopen(f"{address}encoders").read().decode()
    assert "has no Xenova/chinese-clip-vit-base-patch16; choose another pair" in english
    chinese = Request(f"{address}encoders", headers={"Accept-Language": "zh"})
    page = urlopen(chinese).read().decode()
    assert "失败" in page and "不登录就无法在" in page and "has no" not in page


def test_only_a_token_that_may_write_sees_buttons(caches: dict[str, str], tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red",))
        secrets = {scope: engine.catalog.tokens.create(scope, scope) for scope in ("read", "write")}
    with served(tmp_path / "data", "--require-token", environment=caches) as (_, url):
        pages = {}
        for scope, secret in secrets.items():
            headers = {"Authorization": f"Bearer {secret}"}
            pages[scope] = urlopen(Request(f"{url}encoders", headers=headers)).read().decode()
        assert "/encoders/light/download" in pages["write"]
        assert "68.8 %" in pages["read"] and "/download" not in pages["read"]
        assert "not here" in pages["read"] and 'href="/add"' not in pages["read"]
        with pytest.raises(Problem) as refused:
            Client(url, token=secrets["read"]).download_encoder("light")
        assert refused.value.status == 403


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    opened = browser.new_context(locale="en-US").new_page()
    opened.goto(f"{address}collections")
    yield opened
    opened.context.close()


@pytest.mark.browser
def test_a_pair_is_downloaded_stopped_and_gone_on_with_on_the_page(
    page: "Page", hub: LoopbackHub
) -> None:
    page.get_by_role("link", name="Recognizers").click()
    row = page.get_by_role("row").filter(has_text="balanced")
    assert "1.5 GB" in row.inner_text() and "English 75.2 %" in row.inner_text()
    hub.faults.holds_after = HELD_BYTES
    row.get_by_role("button", name="Download balanced").click()
    row.get_by_text("Downloading balanced: 2 of 17 MB").wait_for()
    value = row.get_by_role("progressbar").evaluate("bar => bar.value / bar.max")
    assert 0.1 < value < 0.2
    row.get_by_role("button", name="Stop").click()
    row.get_by_text("Stopped").wait_for()
    assert "2 of 17 MB" in row.inner_text() and "/encoders" in page.url
    hub.faults.goes_on.set()
    row.get_by_role("button", name="Go on with it balanced").press("Enter")
    row.get_by_text("Here", exact=True).wait_for()
    page.get_by_role("link", name="Add pictures").click()
    choice = page.get_by_label("Recognizer of a new collection").first
    assert choice.locator("option").all_inner_texts() == [
        "the usual one: tiny",
        "Limn’s own",
        "balanced",
    ]


@pytest.mark.browser
@pytest.mark.skipif(not AXE, reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_on_the_page_of_pairs(
    browser: "Browser", tmp_path: Path, scheme: Any, width_px: int
) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red",))
        asks, jobs = engine.catalog.downloads.ask, engine.catalog.jobs
        best, light = (
            asks(each, f"hub:{SHORT_NAMES[each].repository}") for each in ("best", "light")
        )
        jobs.update(best.id, RunCounts(), total_bytes=4_544_000_000, received_bytes=2_500_000_000)
        jobs.end(light.id, "failed", Message("x", "the disk is too full"))
    with served(tmp_path / "data", "--no-worker") as (_, url):
        context = browser.new_context(
            viewport={"width": width_px, "height": 800}, color_scheme=scheme
        )
        page = context.new_page()
        for path in ("encoders?lang=en", "encoders?lang=zh", "add?lang=en"):
            page.goto(f"{url}{path}")
            if path == "encoders?lang=en":
                assert page.get_by_text("Downloading best: 2,500 of 4,544 MB").is_visible()
                assert page.get_by_text("the disk is too full").is_visible()
            assert found_by_axe(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path
        context.close()


@pytest.mark.browser
def test_a_collection_changes_to_a_pair_that_is_downloaded_first(
    browser: "Browser", address: str, hub: LoopbackHub
) -> None:
    hub.faults.holds_after = HELD_BYTES
    page = browser.new_page()
    page.goto(f"{address}collections/colours/pair")
    page.get_by_role("radio", name="light").check()
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("Downloading light: 2 of 17 MB").wait_for()
    hub.faults.goes_on.set()
    page.get_by_role("heading", name="The new recognizer is ready").wait_for()
    page.get_by_role("button", name="Use the new one").click()
    page.get_by_text("What tiny knows of the pictures is still there").wait_for()
    assert page.get_by_role("heading", name="light answers now").count() == 1
    page.close()
