"""Confinement of `limn serve --root FOLDER`: server folders alone are read, in spite of links."""

import json
import os
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from indexer.indexing.progress import PlainProgress
from indexer.indexing.request import Request
from indexer.indexing.run import run
from indexer.indexing.worker import Worker
from indexer.sources import Item
from indexer.sources.options import SourceOptions
from indexer.sources.registry import open_source
from search.catalog.records import Failure
from search.engine import Engine
from search.errors import BadSource
from search.files.boundary import is_inside
from search.settings import Settings
from tests.colour_web import opened, picture_bytes, settings_in
from tests.conftest import Limn

pytestmark = pytest.mark.slow

API = "/api/v1"


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """Return a private folder: pictures, and a text in the same folder."""
    folder = tmp_path / "private"
    folder.mkdir()
    for colour in ("black", "green", "yellow"):
        (folder / f"{colour}.png").write_bytes(picture_bytes(colour))
    (folder / "secret.txt").write_text("a secret")
    (folder / "captions.csv").write_text("image,caption\nred.png,a secret\n")
    with tarfile.open(folder / "all.tar", "w") as archive:
        archive.add(folder / "black.png", "black.png")
    return folder


@pytest.fixture
def root(tmp_path: Path, private: Path) -> Path:
    """Return a server folder with a picture, and links that lead out in every way."""
    folder = tmp_path / "root" / "walls"
    folder.mkdir(parents=True)
    (folder / "red.png").write_bytes(picture_bytes("red"))
    (tmp_path / "root" / "other").mkdir()
    (tmp_path / "root" / "other" / "blue.png").write_bytes(picture_bytes("blue"))
    links = {
        "folder": private,
        "relative": Path("../../private"),
        "file.png": private / "green.png",
        "twice.png": folder / "file.png",
        "all.tar": private / "all.tar",
        "red.txt": private / "secret.txt",
        "captions.csv": private / "captions.csv",
        "nowhere.png": private / "nothing.png",
        "within": tmp_path / "root" / "other",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    return tmp_path / "root"


@pytest.fixture
def settings(tmp_path: Path, root: Path) -> Settings:
    return settings_in(tmp_path / "data", roots=(root,))


@pytest.fixture
def web(settings: Settings) -> Iterator[tuple[Engine, FlaskClient]]:
    with opened(settings) as (engine, client):
        yield engine, client


def work(engine: Engine, settings: Settings) -> None:
    """Run the queued jobs, as `limn worker` does."""
    Worker(engine, settings, PlainProgress()).once()


def hits(client: FlaskClient, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{API}/search?collection={name}&k=50").get_json(
        force=True
    )["hits"]
    return found


def make(client: FlaskClient, engine: Engine, settings: Settings, folder: Path) -> None:
    answer = client.post(f"{API}/collections", json={"name": "c", "folder": str(folder)})
    assert answer.status_code == 202, answer.text
    work(engine, settings)


def sent(client: FlaskClient, path: str) -> bytes:
    """Return the bytes of an answer's file."""
    with client.get(path) as answer:
        assert answer.status_code == 200, path
        return bytes(answer.data)


def test_nothing_behind_a_link_that_leads_out_is_indexed_from_the_page(
    web: tuple[Engine, FlaskClient], settings: Settings, root: Path
) -> None:
    engine, client = web
    make(client, engine, settings, root / "walls")
    found = hits(client, "c")
    assert sorted(os.path.relpath(each["path"], root) for each in found) == [
        "walls/red.png",
        "walls/within/blue.png",
    ]
    assert all(not each["captions"] for each in found)
    failures = client.get(f"{API}/collections/c/failures").get_json(force=True)["failures"]
    refused = {Path(each["path"]).name for each in failures if "leads out" in each["detail"]}
    assert refused == {
        "all.tar", "captions.csv", "file.png", "folder", "nowhere.png", "red.txt", "relative",
        "twice.png",
    }  # fmt: skip
    for again in ({}, {"retry": True}):
        assert client.post(f"{API}/collections/c/index", json=again).status_code == 202
        work(engine, settings)
        assert len(hits(client, "c")) == 2


def test_a_link_that_takes_a_picture_s_place_is_not_followed_when_it_is_sent(
    web: tuple[Engine, FlaskClient], settings: Settings, root: Path, private: Path
) -> None:
    engine, client = web
    make(client, engine, settings, root / "walls")
    [red] = [each for each in hits(client, "c") if each["path"].endswith("/red.png")]
    address = f"{API}/pictures/{red['id']}"
    assert sent(client, f"{address}/original") == picture_bytes("red")
    (root / "walls/red.png").unlink()
    (root / "walls/red.png").symlink_to(private / "black.png")
    for path in (f"{address}/original", f"{address}/thumbnail?side=320", f"{address}/film"):
        assert client.get(path).status_code == 404, path
    assert client.get(f"{API}/export?format=zip&id={red['id']}").status_code == 404
    (root / "walls/red.png").unlink()
    (root / "walls/red.png").symlink_to(root / "other/blue.png")
    assert sent(client, f"{address}/original") == picture_bytes("blue")


def test_a_folder_that_becomes_a_link_is_not_followed(
    web: tuple[Engine, FlaskClient], settings: Settings, root: Path, private: Path
) -> None:
    engine, client = web
    make(client, engine, settings, root)
    [blue] = [each for each in hits(client, "c") if each["path"].endswith("other/blue.png")]
    (root / "other/blue.png").rename(private / "blue.png")
    (root / "other").rmdir()
    (root / "other").symlink_to(private)
    assert client.get(f"{API}/pictures/{blue['id']}/original").status_code == 404


def test_what_was_indexed_by_hand_follows_links_and_is_sent(
    web: tuple[Engine, FlaskClient], settings: Settings, root: Path
) -> None:
    engine, client = web
    run(engine, settings, Request.of((str(root / "walls"),), "c"), PlainProgress())
    found = hits(client, "c")
    assert any("/folder/" in each["path"] or "/relative/" in each["path"] for each in found)
    for each in found:
        assert sent(client, f"{API}/pictures/{each['id']}/original")
    assert client.post(f"{API}/collections/c/index", json={}).status_code == 202
    work(engine, settings)
    assert len(hits(client, "c")) == len(found)


@pytest.mark.slow
def test_what_an_older_version_was_asked_for_is_confined_too(
    web: tuple[Engine, FlaskClient], settings: Settings, root: Path
) -> None:
    engine, client = web
    rows = engine.catalog.jobs
    run(engine, settings, Request.of((str(root / "other"),), "c"), PlainProgress())
    old = rows.ask("c", "index", {"sources": [str(root / "walls")], "name": "c"})
    rows.cancel(old)
    assert client.post(f"{API}/collections/c/index", json={}).status_code == 202
    work(engine, settings)
    assert all("private" not in os.path.realpath(each["path"]) for each in hits(client, "c"))


def test_links_in_archives_that_are_sent_lead_nowhere(
    web: tuple[Engine, FlaskClient], settings: Settings, private: Path
) -> None:
    engine, client = web
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as members:
        for name, target in (("a.png", str(private / "black.png")), ("b.png", "../black.png")):
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                link = tarfile.TarInfo(f"{kind.decode()}{name}")
                link.type, link.linkname = kind, target
                members.addfile(link)
        red = picture_bytes("red")
        one = tarfile.TarInfo("red.png")
        one.size = len(red)
        members.addfile(one, BytesIO(red))
    form = {"name": "c", "files": [(BytesIO(archive.getvalue()), "links.tar")]}
    assert client.post(f"{API}/collections", data=form).status_code == 202
    work(engine, settings)
    assert [Path(each["path"]).name for each in hits(client, "c")] == ["red.png"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_table_that_is_confined_names_nothing_outside(
    kind: str, root: Path, private: Path
) -> None:
    names = [
        *("walls/red.png", "other/../other/blue.png"),
        *("walls/file.png", "../private/black.png", str(private / "black.png")),
        *("walls/folder/green.png", "walls/all.tar/black.png"),
    ]
    table = root / f"list.{kind}"
    rows = [json.dumps({"file_name": each}) for each in names]
    table.write_text("\n".join(["file_name", *names] if kind == "csv" else rows) + "\n")
    found = list(open_source(table, SourceOptions(confined_to=(root,))).find(lambda _: False))
    assert sorted(each.path.name for each in found if isinstance(each, Item)) == [
        "blue.png",
        "red.png",
    ]
    refused = [each for each in found if isinstance(each, Failure)]
    assert len(refused) == 5
    assert all("leads out" in each.detail for each in refused)
    by_hand = list(open_source(table, SourceOptions()).find(lambda _: False))
    assert sum(isinstance(each, Item) for each in by_hand) == 7


def test_a_source_that_leads_out_itself_is_refused(root: Path, private: Path) -> None:
    for path in (root / "walls/folder", private, root / "walls/file.png", root / ".." / "private"):
        with pytest.raises(BadSource, match="leads out"):
            open_source(path, SourceOptions(confined_to=(root,)))


def test_a_path_is_judged_by_where_its_links_end(root: Path) -> None:
    inside = (root, root / "walls/red.png", root / "walls/within/blue.png", root / "not/there")
    outside = (root / "walls/folder/x", root / "..", Path("/"), root / "walls/../../private",
               Path(f"{root}2"))  # fmt: skip
    assert all(is_inside(each, (root,)) for each in inside)
    assert not any(is_inside(each, (root,)) for each in outside)
    assert not is_inside(root, ())


def test_the_command_follows_links_wherever_they_lead(limn: Limn, root: Path) -> None:
    done = limn("index", root / "walls", "-c", "c")
    assert "9 added" in done.stdout, done.stdout + done.stderr
