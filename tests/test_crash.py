"""Killing the indexer at any moment: the next run continues, repeats nothing and loses nothing."""

import contextlib
import io
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from benchmarks.kills import COLLECTION, answers, contents, index_with_kills
from indexer.indexing.decode import Work
from indexer.indexing.decoder_pool import Decoders
from indexer.indexing.planner import RunPlanner
from indexer.sources import IsUnchanged, Item, ScanResult
from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.jobs import Jobs
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, Failure, FileState
from search.encoders.preparation import Preparation
from search.encoders.tiny import TinyEncoder
from search.errors import LimnError
from search.pictures import Limits
from search.records import PictureFacts, Pixels, Space
from tests import collections_of_every_kind as made
from tests.commands import limn_command
from tests.conftest import Limn
from tests.raw_sql import database_of

PICTURES = 300
EACH = 3
LISTED = 80
KILLS = 10

POSTGRES = Path(__file__).parent.parent / ".ci" / "postgres.sh"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Write three hundred different JPEGs with three captions each."""
    folder = tmp_path / "many"
    folder.mkdir()
    chance = random.Random(7)
    rows = ["image,caption"]
    for n in range(PICTURES):
        small = Image.frombytes("RGB", (4, 4), chance.randbytes(48))
        small.resize((256, 256)).save(folder / f"{n}.jpg")
        rows += [f"{n}.jpg,caption {k} of {n}" for k in range(EACH)]
    (folder / "captions.csv").write_text("\n".join(rows))
    return folder


def test_ten_kills_lose_nothing_and_repeat_nothing(
    limn: Limn, limn_environment: dict[str, str], many: Path, tmp_path: Path
) -> None:
    index_with_kills(many, limn_environment, KILLS, random.Random(11))
    again = limn("index", many, "--collection", COLLECTION).stdout
    assert f"0 added, 0 changed, {PICTURES} unchanged" in again
    calm = {**limn_environment, "LIMN_DATA_DIR": str(tmp_path / "calm")}
    limn("index", many, "--collection", COLLECTION, **calm)
    found = contents(tmp_path / "data")
    assert len(found) == PICTURES
    for n in range(PICTURES):
        captions = found[os.fsencode(many / f"{n}.jpg")].captions
        assert [text for text, _ in captions] == [f"caption {k} of {n}" for k in range(EACH)]
    assert found == contents(tmp_path / "calm")
    query = "red on the left"
    assert answers(query, limn_environment) == answers(query, calm)


def test_kills_lose_nothing_and_repeat_nothing_whatever_the_source(
    limn: Limn, limn_environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "kinds"
    folder.mkdir()
    chance = random.Random(5)
    files: dict[str, bytes] = {}
    for n in range(120):
        written = io.BytesIO()
        Image.frombytes("RGB", (4, 4), chance.randbytes(48)).resize((256, 256)).save(
            written, "JPEG"
        )
        files |= {f"{n}.jpg": written.getvalue(), f"{n}.txt": f"number {n}".encode()}
    made.tar(folder / "a.tar", files)
    made.zipped(folder / "a.zip", files)
    made.parquet(folder / "a.parquet", rows=120)
    made.arrow(folder / "a.arrow")
    made.film(folder / "a.mp4", made.COLOURS)
    lived = index_with_kills(folder, limn_environment, 6, random.Random(3))
    assert len(lived) > 1
    again = limn("index", folder, "--collection", COLLECTION).stdout
    assert f"0 added, 0 changed, {3 * 120 + 4 + 4} unchanged, 0 removed, 0 failed" in again
    calm = {**limn_environment, "LIMN_DATA_DIR": str(tmp_path / "calm")}
    limn("index", folder, "--collection", COLLECTION, **calm)
    assert contents(tmp_path / "data") == contents(tmp_path / "calm")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_kills_lose_nothing_and_repeat_nothing_where_a_list_names_the_pictures(
    kind: str, limn: Limn, limn_environment: dict[str, str], tmp_path: Path
) -> None:
    chance = random.Random(9)
    names = [f"{n}.jpg" for n in range(LISTED)]
    for name in names:
        small = Image.frombytes("RGB", (4, 4), chance.randbytes(48))
        small.resize((256, 256)).save(tmp_path / name)
    table = made.listed(tmp_path / f"list.{kind}", names)
    lived = index_with_kills(table, limn_environment, 2, random.Random(3))
    assert lived
    again = limn("index", table, "--collection", COLLECTION).stdout
    assert f"0 added, 0 changed, {LISTED} unchanged, 0 removed, 0 failed" in again
    found = contents(tmp_path / "data")
    assert {path: [text for text, _ in each.captions] for path, each in found.items()} == {
        os.fsencode(tmp_path / name): [f"caption of {name}"] for name in names
    }


def test_a_disk_that_fills_ends_the_run_and_the_next_one_goes_on(
    limn: Limn, limn_environment: dict[str, str], many: Path
) -> None:
    limn("collections")
    words: list[str | Path] = ["index", many, "-c", "many"]
    full = subprocess.run(
        # In blocks of 512 bytes: no file may exceed 256 KB.
        ["sh", "-c", 'ulimit -f "$1"; shift; exec "$@"', "sh", "500", *limn_command(words)],
        env=limn_environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert full.returncode == 1, full.stdout
    assert "make room on the disk" in full.stderr
    assert "Traceback" not in full.stderr
    limn("index", many, "-c", "many")
    again = limn("index", many, "-c", "many").stdout
    assert f"0 added, 0 changed, {PICTURES} unchanged, 0 removed, 0 failed" in again


@pytest.mark.postgres
def test_a_server_that_cuts_its_connections_ends_the_run_and_the_next_one_goes_on(
    limn: Limn, limn_environment: dict[str, str], many: Path, database_url: str
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has no server")
    environment = {**limn_environment, "LIMN_DATABASE_URL": database_url}
    limn("collections", LIMN_DATABASE_URL=database_url)
    database = Database(database_url)
    process = subprocess.Popen(
        limn_command(["index", many, "-c", "many"]),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not any(
        job.state == "running" for job in Jobs(database).latest()
    ):
        pass
    with (
        contextlib.suppress(LimnError),
        database.write_transaction() as sql,
    ):  # this session may be cut too
        sql.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "check that the server runs" in told
    assert "Traceback" not in told
    done = limn("index", many, "-c", "many", LIMN_DATABASE_URL=database_url).stdout
    assert "0 changed" in done
    assert "0 failed" in done
    again = limn("index", many, "-c", "many", LIMN_DATABASE_URL=database_url).stdout
    assert f"0 added, 0 changed, {PICTURES} unchanged, 0 removed, 0 failed" in again
    database.close()


@pytest.mark.postgres
def test_connections_that_were_cut_while_nobody_asked_cost_no_answer(catalog: Catalog) -> None:
    database = database_of(catalog)
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    assert catalog.collections.all() == []
    other = sa.create_engine(database.url, isolation_level="AUTOCOMMIT")
    with other.connect() as sql:
        sql.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.dispose()
    with database.read_transaction() as sql:
        assert sql.execute(sa.text("SELECT 1")).scalar_one() == 1
    assert catalog.collections.all() == []


@pytest.mark.postgres
def test_a_server_that_is_restarted_under_a_run_costs_no_file_and_repeats_none(
    limn: Limn, limn_environment: dict[str, str], many: Path
) -> None:
    if not os.environ.get("LIMN_TEST_POSTGRES_URL"):
        pytest.skip("LIMN_TEST_POSTGRES_URL names no server, so none may be installed")
    with own_server() as (url, restart):
        limn("collections", LIMN_DATABASE_URL=url)
        process = subprocess.Popen(
            limn_command(["index", many, "-c", "many", "--json"]),
            env={**limn_environment, "LIMN_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert "planned" in process.stdout.readline()
        restart()
        _, told = process.communicate(timeout=60)
        assert "Traceback" not in told
        assert process.returncode == 0 or "check that the server runs" in told
        limn("index", many, "-c", "many", LIMN_DATABASE_URL=url)
        again = limn("index", many, "-c", "many", LIMN_DATABASE_URL=url).stdout
        assert f"0 added, 0 changed, {PICTURES} unchanged, 0 removed, 0 failed" in again


@contextlib.contextmanager
def own_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the URL of a PostgreSQL server of its own, and a function that restarts it."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)  # the server runs as another user where this one is root
        folder = Path(scratch, "server")
        with Path(scratch, "told").open("w+") as told:  # the server would keep a pipe open
            subprocess.run([POSTGRES, folder], check=True, stdout=told, stderr=told)
            told.seek(0)
            url = told.read().splitlines()[-1]
        [*_, program] = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        control = [*user, str(program), "-D", str(folder / "data"), "-w", "-m", "immediate"]

        def call(*words: str) -> None:
            subprocess.run([*control, *words], check=True, stdout=subprocess.DEVNULL)

        try:
            yield url, lambda: call("-l", str(folder / "log"), "restart")
        finally:
            call("stop")


def test_no_worker_outlives_a_killed_indexer(limn_environment: dict[str, str], many: Path) -> None:
    process = subprocess.Popen(
        limn_command(["index", many, "-c", "many", "--workers", "2"]),
        env=limn_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.kill()
        # Workers have the pipe's other end open; it closes when the last worker has ended.
        began = time.monotonic()
        assert process.stdout is not None
        process.stdout.read()
        assert time.monotonic() - began < 30


class LethalPreparation(Preparation):
    """A preparation that kills its process at a black picture, like a decoder's memory fault."""

    def pixels(self, picture: Image.Image, *, exact: bool = True) -> Pixels:
        if picture.getpixel((0, 0)) == (0, 0, 0):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().pixels(picture, exact=exact)


@pytest.mark.slow
def test_a_file_that_kills_its_decoder_costs_that_file_alone(tmp_path: Path) -> None:
    for n in range(40):
        Image.new("RGB", (32, 32), "black" if n in (7, 30) else "red").save(tmp_path / f"{n}.png")
    work = [Work(Item(tmp_path / f"{n}.png", 1, 1)) for n in range(40)]
    lethal = LethalPreparation(*astuple(TinyEncoder().preparation))
    with Decoders(2, lethal, Limits()) as decoders:
        outcomes = list(decoders.run(work))
    failures = [each for each in outcomes if isinstance(each, Failure)]
    assert sorted((each.path.name, each.reason) for each in failures) == [
        ("30.png", "crashed"),
        ("7.png", "crashed"),
    ]
    assert len(outcomes) == 40


def test_what_lies_below_a_folder_that_can_not_be_read_is_not_taken_for_gone(
    catalog: Catalog,
) -> None:
    encoder = TinyEncoder()
    collection = catalog.collections.open("p", encoder.space)
    ids = [store(catalog, Path("/p") / name, encoder.space) for name in ("private/a.jpg", "b.jpg")]
    planner = RunPlanner(catalog.files(collection))
    planner.add(HalfReadable())
    assert planner.state.gone_ids == ids[1:]
    planner.state.close()


class HalfReadable:
    """A source of one picture and a folder without permission."""

    root = Path("/p")
    table = None

    def find(self, is_unchanged: IsUnchanged) -> Iterator[ScanResult]:
        yield Item(self.root / "new.jpg", 1, 1)
        yield Failure(self.root / "private", "unreadable", "no permission")


def store(catalog: Catalog, path: Path, space: Space) -> int:
    """Store a picture without a file; return its id."""
    collection = catalog.collections.open("p", space)
    vector = np.zeros(space.width, np.float32)
    none = EmbeddedCaptions((), np.zeros((0, space.width), np.float32))
    file = FileState(path, 1, 1, b"h" * 32, b"c" * 16)
    catalog.writer.store(
        collection, [EmbeddedPicture(file, PictureFacts("PNG", 1, 1), vector, none)]
    )
    return catalog.files(collection).by_path([path])[path].picture_id


@pytest.mark.slow
def test_a_decoder_that_hangs_costs_its_file_alone(tmp_path: Path) -> None:
    for n in range(12):
        Image.new("RGB", (32, 32), "black" if n == 5 else "red").save(tmp_path / f"{n}.png")
    work = [Work(Item(tmp_path / f"{n}.png", 1, 1)) for n in range(12)]
    slow = EndlessPreparation(*astuple(TinyEncoder().preparation))
    with Decoders(2, slow, Limits(), timeout_s=3.0) as decoders:
        outcomes = list(decoders.run(work))
    [failure] = [each for each in outcomes if isinstance(each, Failure)]
    assert (failure.path.name, failure.reason) == ("5.png", "timed out")
    assert len(outcomes) == 12


class EndlessPreparation(Preparation):
    """A preparation that never returns from a black picture, as a decoder in a loop."""

    def pixels(self, picture: Image.Image, *, exact: bool = True) -> Pixels:
        while picture.getpixel((0, 0)) == (0, 0, 0):
            time.sleep(60)
        return super().pixels(picture, exact=exact)
