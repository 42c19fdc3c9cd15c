"""The typed client against a real server: its documented use, and its errors."""

import contextlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.bootstrap import open_engine
from search.client import Client, Hit, Problem, TextTerm, Unreachable
from tests.browsing import served
from tests.colour_web import picture_bytes, settings_in, store_colours

pytestmark = pytest.mark.slow

DOCUMENTED = Path(__file__).parent.parent / "docs" / "api.md"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with served(tmp_path / "data", "--root", str(tmp_path)) as (process, address):
        yield address.rstrip("/")
        process.terminate()
        process.communicate(timeout=30)


def write_walls(folder: Path) -> None:
    with zipfile.ZipFile(folder / "walls.zip", "w") as archive:
        for colour in ("red", "blue", "green"):
            archive.writestr(f"{colour}.png", picture_bytes(colour))
    (folder / "photo.png").write_bytes(picture_bytes("blue"))


def test_the_documentation_does_what_it_says(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_walls(tmp_path)
    monkeypatch.chdir(tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code.replace("http://127.0.0.1:8000", url), {})
    lines = said.getvalue().splitlines()
    assert lines[0] == "done 3"
    assert lines[1].startswith("1 ") and lines[1].endswith("walls.zip/red.png")
    assert lines[4] == "0 as a poster 96"
    assert int(lines[5]) > 0
    assert lines[6] == "builtin"
    assert lines[7].startswith("404 there is no collection 'nothing'")
    assert (tmp_path / "best.webp").read_bytes()[:4] == b"RIFF"
    assert (tmp_path / "chosen.zip").stat().st_size > 0


def test_everything_can_be_asked(url: str, tmp_path: Path) -> None:
    write_walls(tmp_path)
    client = Client(url)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "white.png").write_bytes(picture_bytes("white"))
    (folder / "broken.png").write_bytes(b"x")
    sent = client.send(
        "sent 墙", [tmp_path / "walls.zip", ('odd"name.png', picture_bytes("black"))]
    )
    assert client.wait(sent).added == 4
    assert client.wait(client.index_folder("here", str(folder))).added == 1
    assert [each.name for each in client.collections()] == ["here", "sent 墙"]
    assert client.rename("sent 墙", "sent").pictures == 4
    assert client.facets("sent").pictures == 4
    assert client.facets("sent", "a wall", strictness="wide", where="width > 9").pictures <= 4
    [failure] = client.failures("here")
    assert failure.reason == "not an image"
    assert client.wait(client.index_again("here", retry=True)[0]).failed == 1
    assert [each.id for each in client.jobs()] == [3, 2, 1]
    assert client.cancel(1).state == "done"
    hits = list(client.hits(TextTerm("white"), k=2))
    assert [each.rank for each in hits] == [1, 2, 3, 4, 5] and isinstance(hits[0], Hit)
    assert client.picture(hits[0].picture.id) == hits[0].picture
    assert client.original(hits[0].picture.id) == picture_bytes("white")
    like = client.search(like=[hits[0].picture.id], where="format = png", k=9)
    assert len(like.hits) == 4
    client.remove("sent")
    assert [each.name for each in client.collections()] == ["here"]
    with pytest.raises(Problem, match="can't return 0 results") as refused:
        client.search("red", k=0)
    assert refused.value.status == 400 and refused.value.request_id


def test_what_people_keep_can_be_asked(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        red, blue = store_colours(engine.catalog, tmp_path, ("red", "blue")).values()
    with served(tmp_path / "data") as (_, url):
        client = Client(url)
        board = client.boards.create("Walls", [red])
        assert client.boards.add(board.id, [red, blue]) == 1
        assert client.boards.rename(board.id, "墙").name == "墙"
        assert client.boards.arrange(board.id, [blue]).cover == blue
        client.boards.edit(board.id, red, note="a door", place=0)
        told = [(each.picture.id, each.note) for each in client.boards.pictures(board.id)]
        assert told == [(red, "a door"), (blue, "")]
        client.boards.take_off(board.id, red)
        assert [each.pictures for each in client.boards.all()] == [1]
        assert client.boards.one(board.id).cover == blue
        client.boards.delete(board.id)
        saved = client.saved.save("Red", "q=red")
        assert client.saved.change(saved.id, address="q=blue").address == "q=blue"
        assert client.saved.search(saved.id, k=1).hits[0].picture.id == blue
        assert [*client.saved.all()] == [client.saved.one(saved.id)]
        client.saved.forget(saved.id)
        with pytest.raises(Problem, match="that saved search was removed") as refused:
            client.saved.one(saved.id)
        assert refused.value.status == 404


def test_the_client_needs_msgspec_alone() -> None:
    # msgspec takes typing_extensions only where it is installed.
    code = "import json, sys; sys.modules['typing_extensions'] = None; before = set(sys.modules);"
    code += "import search.client; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert {each.partition(".")[0] for each in loaded} - set(sys.stdlib_module_names) == {
        *("msgspec", "search")
    }
    parts = {each.split(".")[1] for each in loaded if each.startswith("search.")}
    assert parts == {"client", "documents", "errors", "query"}


def test_tokens_and_absent_servers_are_told(tmp_path: Path) -> None:
    with open_engine(settings_in(tmp_path / "data")) as engine:
        secret = engine.catalog.tokens.create("mine", "read")
    with served(tmp_path / "data", "--require-token") as (process, url):
        with pytest.raises(Problem, match="wants a token") as refused:
            Client(url).collections()
        assert refused.value.status == 401
        assert Client(url, token=secret).collections() == []
        with pytest.raises(Problem, match="for read, and this needs write"):
            Client(url, token=secret).send("x", [("x.png", picture_bytes("red"))])
        process.terminate()
        process.communicate(timeout=30)
    with pytest.raises(Unreachable, match="limn serve"):
        Client(url).collections()
