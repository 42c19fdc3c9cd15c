"""Shared fixtures: a database of each kind, a command line, and folders of real pictures."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from PIL import Image

from search.catalog.catalog import Catalog, open_catalog
from tests.browsing import address, browser, page
from tests.colour_web import client, engine, ids, web
from tests.commands import limn_command
from tests.documented_problems import documented_problems
from tests.openapi_document import document
from tests.typed import typed

__all__ = [  # fixtures
    "address",
    "browser",
    "client",
    "document",
    "documented_problems",
    "engine",
    "ids",
    "page",
    "typed",
    "web",
]

# A shell that starts the tests in the background makes them, and their children, ignore these.
for each in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(each) is signal.SIG_IGN:
        signal.signal(each, signal.default_int_handler)

# No test waits for a background job that reads the text of its pictures, unless it wants to.
os.environ["LIMN_READ_TEXT"] = "off"

POSTGRES_URL = os.environ.get("LIMN_TEST_POSTGRES_URL")

COLOURS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")

Limn = Callable[..., subprocess.CompletedProcess[str]]


# A file whose tests are all slow says so, alone or as the first of several marks.
SLOW_FILE = re.compile(r"^pytestmark = \[?pytest\.mark\.slow\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a file that is slow as a whole before its import: torch alone takes seconds."""
    if "not slow" not in config.getoption("markexpr") or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    return True if SLOW_FILE.search(text) else None


# A test that runs the real command waits most of a second for each process.
SLOW_FIXTURES = frozenset({"limn", "limn_environment", "registry"})


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests with a slow fixture as slow; other slow tests carry the mark themselves."""
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def registry() -> None:
    """Skip the tests that download packages where no registry answers."""
    uv = str(Path(sys.executable).with_name("uv"))
    command = [uv, "pip", "compile", "--quiet", "--no-cache", "-"]
    answer = subprocess.run(command, input="click", capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(f"no package registry answers: {answer.stderr.strip()[:200]}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'limn.db'}"
        return
    if not POSTGRES_URL:
        pytest.skip("LIMN_TEST_POSTGRES_URL names no server")
    server = sa.create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    name = f"limn_test_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield str(sa.make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def catalog(database_url: str) -> Iterator[Catalog]:
    """Yield an empty catalog at head."""
    with open_catalog(database_url) as catalog:
        yield catalog


@pytest.fixture
def limn_environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a new user, with the encoder that needs no weights."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIMN_")}
    return {
        **kept,
        "LIMN_DATA_DIR": str(tmp_path / "data"),
        "LIMN_ENCODER": "tiny",
        "LIMN_READ_TEXT": "off",
    }


@pytest.fixture
def limn(limn_environment: dict[str, str], tmp_path: Path) -> Limn:
    """Run the real command: `limn("search", "red", code=0)`."""

    def run(*arguments: str | Path, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            limn_command(arguments),
            env={**limn_environment, **more},
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Run torch on one thread: the tests' small towers gain nothing from several."""
    import torch  # imported here, since other tests need no torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Return a folder of eight JPEGs, one a colour, each named after it, with two captions each."""
    folder = tmp_path / "colours"
    folder.mkdir()
    rows = ["image,caption,language"]
    for colour in COLOURS:
        Image.new("RGB", (96, 64), colour).save(folder / f"{colour}.jpg", quality=95)
        rows += [f"{colour}.jpg,a {colour} wall,en", f"{colour}.jpg,all is {colour},en"]
    (folder / "captions.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
