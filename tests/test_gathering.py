"""Collections made from page and API: from folders, from files; renamed, retried, removed."""

import json
import resource
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient

from indexer.indexing.progress import PlainProgress
from indexer.indexing.worker import Worker
from search.engine import Engine
from search.errors import StorageFailed
from search.settings import Settings
from tests.browsing import served
from tests.colour_web import opened, picture_bytes, settings_in
from web.services.uploads import Uploads, safe_name


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with the server folder `shared`, which has two pictures."""
    folder = tmp_path / "shared" / "walls"
    folder.mkdir(parents=True)
    for colour in ("red", "blue"):
        (folder / f"{colour}.png").write_bytes(picture_bytes(colour))
    return settings_in(tmp_path / "data", roots=(tmp_path / "shared",))


@pytest.fixture
def web(settings: Settings) -> Iterator[tuple[Engine, FlaskClient]]:
    with opened(settings) as (engine, client):
        yield engine, client


def work(engine: Engine, settings: Settings) -> None:
    """Run the queued jobs, as `limn worker` does."""
    Worker(engine, settings, PlainProgress()).once()


def asked(client: FlaskClient, method: str, path: str, code: int = 200, **more: Any) -> Any:
    """Return the JSON of an answer."""
    answer = client.open(f"/api/v1/{path}", method=method, **more)
    assert answer.status_code == code, answer.text
    return answer.get_json(force=True)


@pytest.mark.slow
def test_a_folder_becomes_a_collection(
    web: tuple[Engine, FlaskClient], settings: Settings, tmp_path: Path
) -> None:
    engine, client = web
    shared = str(tmp_path / "shared")
    assert asked(client, "GET", "folders")["folders"] == [shared]
    listed = asked(client, "GET", f"folders?path={shared}")
    assert (listed["folders"], listed["above"]) == ([f"{shared}/walls"], None)
    assert asked(client, "GET", f"folders?path={shared}/walls")["pictures"] == 2
    document = {"name": "墙 walls", "folder": f"{shared}/walls"}
    job = asked(client, "POST", "collections", 202, json=document)
    assert (job["state"], job["collection"]) == ("queued", "墙 walls")
    page = client.get("/collections/墙 walls")
    assert "In the queue; it starts by itself" in page.text and "limn worker" in page.text
    work(engine, settings)
    told = asked(client, "GET", f"jobs/{job['id']}")
    assert (told["state"], told["added"], told["total"]) == ("done", 2, 2)
    assert asked(client, "GET", "collections/墙 walls")["pictures"] == 2
    stream = client.get(f"/api/v1/jobs/{job['id']}/events")
    assert stream.mimetype == "text/event-stream"
    assert json.loads(stream.text.partition("data: ")[2])["state"] == "done"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["/", "/etc", "{shared}/..", "{shared}/../data", "{shared}/away", "walls", "\0", ""]
)
def test_no_path_leaves_the_roots(
    web: tuple[Engine, FlaskClient], tmp_path: Path, path: str
) -> None:
    _, client = web
    (tmp_path / "shared" / "away").symlink_to("/etc")
    named = path.replace("{shared}", str(tmp_path / "shared"))
    refused = asked(client, "POST", "collections", 404, json={"name": "x", "folder": named})
    assert "no folder that may be added from here" in refused["detail"]
    if named:
        asked(client, "GET", f"folders?path={named}", 404)
    assert "away" not in str(asked(client, "GET", f"folders?path={tmp_path / 'shared'}"))


@pytest.mark.slow
def test_files_and_zips_become_a_collection(
    web: tuple[Engine, FlaskClient], settings: Settings, tmp_path: Path
) -> None:
    engine, client = web
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("green.png", picture_bytes("green"))
        members.writestr("../../escaped.png", picture_bytes("black"))
    form = {
        "name": "sent",
        "files": [
            (BytesIO(picture_bytes("red")), "../../../red.png"),
            (BytesIO(picture_bytes("blue")), "C:/me/red.png"),
            (BytesIO(archive.getvalue()), "some.zip"),
            (BytesIO(b"image,caption\nred.png,a red wall\n"), "captions.csv"),
            (BytesIO(b"<svg onload=alert(1)>"), "page.html"),
        ],
    }
    gone = client.post("/collections", data=form)
    assert gone.status_code == 303 and gone.headers["Location"].endswith(
        "/sent?refused=kind+page.html&passed=1"
    )
    [folder] = [each for each in (tmp_path / "data/uploads").iterdir() if each.name != ".drafts"]
    kept = sorted(each.name for each in folder.iterdir())
    assert kept == ["captions.csv", "red-2.png", "red.png", "some.zip"]
    assert not list((tmp_path / "data/uploads/.drafts").iterdir())
    work(engine, settings)
    assert asked(client, "GET", "collections/sent")["pictures"] == 3
    hits = asked(client, "GET", "search?q=green&collection=sent")["hits"]
    [green] = [each for each in hits if each["path"].endswith("some.zip/green.png")]
    whole = client.get(green["original"])
    assert whole.data == picture_bytes("green") and whole.mimetype == "image/png"
    more = {"files": [(BytesIO(picture_bytes("red")), "red.png")]}
    asked(client, "POST", "collections/sent/files", 202, data=more)
    assert sorted(each.name for each in folder.iterdir()) == kept, "the same file is kept once"
    assert not list(tmp_path.rglob("escaped.png"))


@pytest.mark.slow
def test_what_was_sent_is_deleted_with_its_collection_and_nothing_else(
    web: tuple[Engine, FlaskClient], settings: Settings, tmp_path: Path
) -> None:
    engine, client = web
    form = {"name": "sent", "files": [(BytesIO(picture_bytes("red")), "red.png")]}
    asked(client, "POST", "collections", 202, data=form)
    walls = str(tmp_path / "shared" / "walls")
    for name in ("walls", "sent"):
        asked(client, "POST", "collections", 202, json={"name": name, "folder": walls})
    work(engine, settings)
    page = client.get("/collections/sent/remove")
    assert "The files that were sent to it are deleted." in page.text
    assert client.post("/collections/sent/remove").headers["Location"] == "/collections"
    assert [each.name for each in (tmp_path / "data/uploads").iterdir()] == [".drafts"]
    assert asked(client, "DELETE", "collections/walls") == {"removed": "walls"}
    assert len(list(Path(walls).iterdir())) == 2
    assert asked(client, "GET", "collections") == {"collections": []}
    asked(client, "DELETE", "collections/walls", 404)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "detail"),
    [
        ([], "no file was sent"),
        (["notes.docx", "list.parquet"], "none of the files can be added"),
    ],
)
def test_what_can_not_be_indexed_is_refused(
    web: tuple[Engine, FlaskClient], tmp_path: Path, files: list[str], detail: str
) -> None:
    form = {"name": "x", "files": [(BytesIO(b"x"), name) for name in files]}
    form["files"] = form["files"] or [(BytesIO(), "")]
    assert detail in asked(web[1], "POST", "collections", 400, data=form)["detail"]
    uploads = tmp_path / "data" / "uploads"
    assert [each.name for each in uploads.iterdir()] == [".drafts"]


def test_a_folder_that_can_not_be_made_is_told(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    uploads = tmp_path / "data" / "uploads"
    uploads.write_bytes(b"")
    form = {"name": "x", "files": [(BytesIO(picture_bytes("red")), "red.png")]}
    answer = asked(web[1], "POST", "collections", 507, data=form)
    assert answer["detail"] == (
        "can't keep the files that were sent: Not a directory; the log of the server tells more, "
        f"under the id {answer['request_id']}"
    )
    with pytest.raises(StorageFailed, match=f"Not a directory; make room in {uploads}"):
        Uploads(uploads).drafts()  # as `limn serve` asks for it


def test_more_than_is_allowed_is_refused(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data", max_sent_bytes=2_000)
    with opened(settings) as (_, client):
        kind = "multipart/form-data; boundary=here"
        body = b"x" * 2_000_000
        told = asked(client, "POST", "collections", 413, data=body, content_type=kind)
        assert "LIMN_MAX_SENT_BYTES" in told["detail"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_a_request_brings_more_files_than_a_process_may_open(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    form = {"name": "x", "files": [(BytesIO(b"%d" % n), f"{n}.png") for n in range(300)]}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 100, hard)
    )
    try:
        asked(web[1], "POST", "collections", 202, data=form)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len([*(tmp_path / "data" / "uploads").glob("[!.]*/*.png")]) == 300


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("a/b/c.jpg", "c.jpg"),
        ("..\\..\\c.JPG", "c.JPG"),
        ("/etc/passwd", None),
        ("...jpg", None),
        ("\0.jpg", None),
        (".hidden.png", "hidden.png"),
        ("图片.jpeg", "图片.jpeg"),
        ("x" * 300 + ".tar.gz", "x" * 193 + ".tar.gz"),
        ("train.csv", None),
        ("Captions.CSV", "Captions.CSV"),
    ],
)
def test_names_are_made_safe(sent: str, safe: str | None) -> None:
    assert safe_name(sent) == safe


@pytest.mark.slow
def test_a_collection_gets_another_name_and_is_still_kept_up(
    web: tuple[Engine, FlaskClient], settings: Settings, tmp_path: Path
) -> None:
    engine, client = web
    walls = tmp_path / "shared" / "walls"
    for name in ("one", "two"):
        asked(client, "POST", "collections", 202, json={"name": name, "folder": str(walls)})
    work(engine, settings)
    assert asked(client, "PATCH", "collections/one", json={"name": "three"})["pictures"] == 2
    assert (
        "already"
        in asked(client, "PATCH", "collections/three", 409, json={"name": "two"})["detail"]
    )
    for name in ("a/b", "..", " ", "x" * 201):
        asked(client, "PATCH", "collections/three", 400, json={"name": name})
    (walls / "green.png").write_bytes(picture_bytes("green"))
    assert client.post("/collections/three/index").status_code == 303
    work(engine, settings)
    told = {
        each["name"]: each["pictures"]
        for each in asked(client, "GET", "collections")["collections"]
    }
    assert told == {"three": 3, "two": 2}


@pytest.mark.slow
def test_failures_are_told_and_tried_again(
    web: tuple[Engine, FlaskClient], settings: Settings, tmp_path: Path
) -> None:
    engine, client = web
    walls = tmp_path / "shared" / "walls"
    (walls / "broken.jpg").write_bytes(b"x")
    asked(client, "POST", "collections", 202, json={"name": "walls", "folder": str(walls)})
    work(engine, settings)
    [failure] = asked(client, "GET", "collections/walls/failures")["failures"]
    assert (failure["path"], failure["reason"]) == (str(walls / "broken.jpg"), "not an image")
    page = client.get("/collections/walls")
    assert "Try again" in page.text and "broken.jpg" in page.text
    [job] = asked(client, "POST", "collections/walls/index", 202, json={"retry": True})["jobs"]
    work(engine, settings)
    assert asked(client, "GET", f"jobs/{job['id']}")["failed"] == 1


@pytest.mark.slow
def test_a_job_that_fails_or_is_cancelled_says_so_and_can_go_on(
    web: tuple[Engine, FlaskClient], settings: Settings, tmp_path: Path
) -> None:
    engine, client = web
    empty = tmp_path / "shared" / "empty"
    empty.mkdir()
    job = asked(client, "POST", "collections", 202, json={"name": "none", "folder": str(empty)})
    assert client.post(f"/jobs/{job['id']}/cancel").status_code == 303
    assert asked(client, "GET", f"jobs/{job['id']}")["state"] == "cancelled"
    assert "Go on with it" in client.get("/collections/none").text
    client.post("/collections/none/index")
    work(engine, settings)
    assert "failed" in client.get("/collections").text
    (empty / "red.png").write_bytes(picture_bytes("red"))
    client.post("/collections/none/index")
    work(engine, settings)
    assert asked(client, "GET", "collections/none")["pictures"] == 1
    asked(client, "POST", "jobs/99/cancel", 404)
    asked(client, "POST", "collections/nothing/index", 404)


@pytest.mark.slow
def test_serve_runs_what_is_asked_of_it_by_a_worker_of_its_own(
    tmp_path: Path, settings: Settings
) -> None:
    walls = tmp_path / "shared" / "walls"
    options = ("--root", str(tmp_path / "shared"))
    with served(tmp_path / "data", *options) as (process, url):
        body = "&".join(f"{name}={value}" for name, value in (("name", "walls"), ("folder", walls)))
        with urlopen(f"{url}collections", data=body.encode()) as answer:
            assert answer.url == f"{url}collections/walls"
        with urlopen(f"{url}api/v1/jobs/1/events") as stream:
            events = [line for line in stream if line.startswith(b"data: ")]
        assert json.loads(events[-1][6:])["state"] == "done"
        with urlopen(f"{url}api/v1/search?q=red&k=1") as found:
            assert json.load(found)["hits"][0]["path"].endswith("red.png")
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
