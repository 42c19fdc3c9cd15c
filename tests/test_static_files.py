"""Scripts and stylesheets: few requests, addresses for good, and never an old bundle."""

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import brotli
import pytest
from flask.testing import FlaskClient

from web.middleware.static_files import BUNDLE, StaticFiles

if TYPE_CHECKING:
    from playwright.sync_api import Page

STATIC = Path(__file__).parents[1] / "web" / "static"
ENTRIES = {"limn.js", "page.js", "reference.js", "page.css"}

# What a page may load of them, compressed, and in how many requests.
MOST_BYTES = 60_000
MOST_REQUESTS = 6

# The scripts and stylesheets that a page has loaded, as the browser counts their bytes.
LOADED = """() => performance.getEntriesByType("resource")
    .filter(each => /[.](js|css)$/.test(new URL(each.name).pathname))
    .map(each => [each.name, each.encodedBodySize])"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the files, to edit."""
    shutil.copytree(STATIC, tmp_path / "static")
    return tmp_path / "static"


def sent(files: StaticFiles, name: str) -> str:
    return (files.folder / files.path(name, files.edition())).read_text(encoding="utf-8")


def test_the_bundle_is_of_these_sources() -> None:
    assert StaticFiles(STATIC).edition().is_bundled, "run npm ci and npm run bundle"


def test_an_edited_file_is_sent_at_once_in_place_of_the_bundle(folder: Path) -> None:
    files = StaticFiles(folder)
    before = files.edition()
    assert files.path("limn.js", before) == "bundle/limn.js"
    assert files.path("icon.svg", before) == "icon.svg"
    kept = (folder / "ask.js").read_text(encoding="utf-8")
    (folder / "ask.js").write_text(f"{kept}// edited\n", encoding="utf-8")
    assert files.edition().version != before.version
    assert sent(files, "limn.js") == (STATIC / "limn.js").read_text(encoding="utf-8")
    assert sent(files, "ask.js").endswith("// edited\n")
    (folder / "ask.js").write_text(kept, encoding="utf-8")
    assert files.edition() == before


@pytest.mark.parametrize("change", ["added", "removed", "renamed"])
def test_a_bundle_of_other_files_is_passed_over(folder: Path, change: str) -> None:
    files = StaticFiles(folder)
    if change == "added":
        (folder / "grid" / "new.js").touch()
    elif change == "removed":
        (folder / "film.js").unlink()
    else:
        (folder / "film.js").rename(folder / "movie.js")
    assert not files.edition().is_bundled


@pytest.mark.parametrize("manifest", [None, "", "{}", '{"sources": 7}', '{"sources": "00"}'])
def test_without_a_manifest_of_the_sources_the_sources_are_sent(
    folder: Path, manifest: str | None
) -> None:
    file = folder / BUNDLE / "manifest.json"
    file.unlink() if manifest is None else file.write_text(manifest)
    files = StaticFiles(folder)
    assert not files.edition().is_bundled
    assert sent(files, "page.css").startswith("/* The stylesheet of every page")
    shutil.rmtree(folder / BUNDLE)
    assert not files.edition().is_bundled


def test_an_editors_hidden_files_count_for_nothing(folder: Path) -> None:
    files = StaticFiles(folder)
    before = files.edition()
    (folder / ".#ask.js").symlink_to("nobody@nowhere.1")
    (folder / ".ask.js.swp").touch()
    assert files.edition() == before


def test_a_page_names_files_that_may_be_kept_for_good(
    client: FlaskClient, ids: dict[str, int]
) -> None:
    assert ids
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/?q=red").text)
    assert len(addresses) == 3  # an icon, a stylesheet, a script
    for address in addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for other in (re.sub(r"v-\w+", "v-0", address), re.sub(r"v-\w+/", "", address)):
            with client.get(other) as answer:
                assert answer.status_code == 200
                assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["nothing.js", "v-0/nothing.js", "../app.py", "v-0/../../app.py", "bundle", "grid"]
)
def test_no_other_file_is_sent(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_a_file_is_sent_in_the_fewest_bytes(client: FlaskClient) -> None:
    with client.get("/static/page.css") as plain:
        whole = plain.data
    asked = {"Accept-Encoding": "gzip, br"}
    with client.get("/static/page.css", headers=asked) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert brotli.decompress(answer.data) == whole
        assert len(answer.data) < len(brotli.compress(whole, quality=4))
        assert "Accept-Encoding" in answer.vary
        kept = {**asked, "If-None-Match": answer.headers["ETag"]}
    with client.get("/static/page.css", headers=kept) as again:
        assert (again.status_code, again.data) == (304, b"")
    with client.get("/static/page.css", headers={"Accept-Encoding": "gzip, br;q=0"}) as other:
        assert other.headers["Content-Encoding"] == "gzip"


def test_every_source_is_part_of_what_a_page_loads() -> None:
    """Hold every script to an import, and every stylesheet to the one of all pages."""
    named = set(ENTRIES)
    sources = [
        file
        for file in STATIC.rglob("*.*")
        if file.suffix in {".css", ".js"} and file.parent != STATIC / BUNDLE
    ]
    for file in sources:
        text = file.read_text(encoding="utf-8")
        for target in re.findall(r"""(?:@import|from|import|import\() ?["'](\.[^"']+)["']""", text):
            named.add((file.parent / target).resolve().relative_to(STATIC).as_posix())
    assert sorted(named) == sorted(file.relative_to(STATIC).as_posix() for file in sources)
    assert {file.name for file in (STATIC / BUNDLE).iterdir()} == {*ENTRIES, "manifest.json"}


@pytest.mark.browser
@pytest.mark.parametrize(
    "path", ["", "?q=red", "pictures/1", "collections", "api/v1/docs", "sign-in"]
)
def test_a_page_loads_few_small_files(page: "Page", address: str, path: str) -> None:
    page.goto(f"{address}{path}", wait_until="networkidle")
    loaded = page.evaluate(LOADED)
    assert 2 <= len(loaded) <= MOST_REQUESTS, loaded
    assert sum(size_bytes for _, size_bytes in loaded) < MOST_BYTES, loaded
