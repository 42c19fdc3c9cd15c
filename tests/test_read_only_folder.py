"""A read-only data folder: searches work, and every change is refused with the reason."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.commands import limn_command
from tests.conftest import COLOURS, Limn

# Root may write everywhere, unless the process drops that right.
RIGHTS = "-dac_override,-dac_read_search"
AS_READER = ("setpriv", "--bounding-set", RIGHTS, "--inh-caps", RIGHTS)

pytestmark = pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() == 0 and not shutil.which("setpriv")),
    reason="root may write everywhere here",
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def without_rights(command: list[str]) -> list[str]:
    return [*AS_READER, *command] if os.geteuid() == 0 else command


def protect(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def give_back(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def data(limn: Limn, colours: Path, tmp_path: Path) -> Iterator[Path]:
    """Yield a data folder with eight pictures, which tests may protect from writing."""
    limn("index", colours, "-c", "k")
    yield tmp_path / "data"
    give_back(tmp_path / "data")


@pytest.fixture
def reader(limn_environment: dict[str, str], tmp_path: Path) -> Run:
    """Run a command as a user who may not write to protected folders."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            without_rights(limn_command(arguments)),
            env=limn_environment,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    return run


def leave_wal(database: Path) -> None:
    """Rename the collection in a transaction that a crash left in the WAL."""
    with sqlite3.connect(database, isolation_level=None) as connection:
        connection.execute("UPDATE collection SET name = 'renamed'")
        for suffix in ("", "-wal"):
            shutil.copy(f"{database}{suffix}", f"{database}{suffix}.crashed")
    connection.close()
    for suffix in ("", "-wal"):
        Path(f"{database}{suffix}.crashed").replace(f"{database}{suffix}")


@pytest.mark.parametrize("left", ["clean", "wal", "empty wal", "rollback journal"])
def test_what_may_only_be_read_is_searched(data: Path, reader: Run, left: str) -> None:
    database, name = data / "limn.db", "k"
    if left == "wal":
        leave_wal(database)
        name = "renamed"
    elif left == "empty wal":
        (data / "limn.db-wal").touch()
    elif left == "rollback journal":
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
    protect(data)
    before = sorted(data.rglob("*"))
    found = reader("search", "all is red", "-c", name, "--json")
    assert (found.returncode, found.stderr) == (0, "")
    hits = json.loads(found.stdout)
    assert (len(hits), Path(hits[0]["path"]).name) == (len(COLOURS), "red.jpg")
    assert sorted(data.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("collections",), ""),
        (("info", "k"), ""),
        (("jobs",), ""),
        (("failures", "k"), "no file of k failed\n"),
        (("duplicates", "k"), "k holds no picture twice\n"),
        (("similar", "colours/red.jpg"), ""),
    ],
)
def test_what_only_reads_asks_for_no_more(
    data: Path, reader: Run, command: tuple[str, ...], told: str
) -> None:
    protect(data)
    done = reader(*command)
    assert (done.returncode, done.stderr) == (0, told)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("index", "colours", "-c", "other"), "it is read-only for this user, who can only search"),
        (("remove", "k"), "Permission denied"),
        (("concept", "save", "x", "red"), "it is read-only for this user, who can only search it"),
        (("token", "create", "x"), "it is read-only for this user, who can only search it"),
    ],
)
def test_what_must_write_says_so(
    data: Path, reader: Run, command: tuple[str, ...], told: str
) -> None:
    protect(data)
    done = reader(*command)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_schema_that_must_be_upgraded_first_says_who_can(data: Path, reader: Run) -> None:
    with sqlite3.connect(data / "limn.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0005'")
    connection.close()
    protect(data)
    done = reader("search", "red")
    assert done.returncode == 1
    assert "has schema 0005" in done.stderr and "limn db upgrade" in done.stderr


PAGES = """
from search.bootstrap import open_engine
from search.settings import Settings
from web.app import create_app

settings = Settings.from_environment()
with open_engine(settings) as engine:
    client = create_app(engine, settings).test_client()
    print(client.get("/collections/k").text.count("/collections/k/pair"))
    print("can only be read" in client.get("/collections/k/pair").text)
    refused = client.post("/collections/k/pair", data={"encoder": "builtin"})
    print(refused.status_code)
"""


def test_the_page_offers_no_change_of_the_encoder_pair(
    data: Path, limn_environment: dict[str, str]
) -> None:
    protect(data)
    command = without_rights([sys.executable, "-c", PAGES])
    done = subprocess.run(command, env=limn_environment, capture_output=True, encoding="utf-8")
    assert done.stdout.split("\n")[:3] == ["0", "True", "507"], done.stderr


FOLLOWING = """
import sys
from search.catalog.database import Database
import sqlalchemy as sa

def names():
    with database.read_transaction() as sql:
        return ",".join(sql.scalars(sa.text("SELECT name FROM collection")))

database = Database("sqlite:///" + sys.argv[1])
for line in sys.stdin:
    print(names(), database.version(), flush=True)
"""


def test_a_reader_sees_what_a_writer_commits_meanwhile(data: Path) -> None:
    protect(data)
    command = without_rights([sys.executable, "-c", FOLLOWING, str(data / "limn.db")])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def seen() -> list[str]:
            print("look", file=process.stdin, flush=True)
            assert process.stdout is not None
            return process.stdout.readline().split()

        names, first = seen()
        assert (names, first) == ("k", seen()[1])
        give_back(data)
        writer = sqlite3.connect(data / "limn.db", isolation_level=None)
        writer.execute("UPDATE collection SET name = 'second'")
        assert seen()[0] == "second"  # out of the WAL
        writer.execute("UPDATE collection SET name = 'third'")
        assert seen()[0] == "third"
        writer.close()
        assert seen()[0] == "third"
        process.stdin.close()
    assert process.returncode == 0


def test_a_snapshot_that_is_written_to_while_it_is_read_is_told(data: Path) -> None:
    script = """
import sys
from search.catalog.database import Database
from search.errors import DatabaseUnavailable
import sqlalchemy as sa

database = Database("sqlite:///" + sys.argv[1])
try:
    with database.read_transaction() as sql:
        sql.scalar(sa.text("SELECT 1 FROM collection"))
        print("reading", flush=True)
        sys.stdin.readline()
except DatabaseUnavailable as error:
    print(error, flush=True)
"""
    protect(data)
    command = without_rights([sys.executable, "-c", script, str(data / "limn.db")])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        give_back(data)
        with sqlite3.connect(data / "limn.db") as writer:
            writer.execute("UPDATE collection SET name = 'second'")
        writer.close()
        process.stdin.close()
        assert "was written to while it was read; try again" in process.stdout.readline()


def test_the_page_offers_no_download(
    data: Path, limn_environment: dict[str, str], tmp_path: Path
) -> None:
    protect(data)
    command = without_rights(limn_command(["serve", "--port", "0"]))
    with subprocess.Popen(
        command, env=limn_environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        address = re.search(r"http://\S+/", server.stderr.readline())
        assert address is not None
        page = urlopen(f"{address[0]}encoders").read().decode()
        server.kill()
    assert "68.8 %" in page and "not here" in page and "/download" not in page
