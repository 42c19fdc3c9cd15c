"""Files that are missing for a while, move or swap: people's work on them stays."""

import json
import os
import random
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from indexer.indexing.request import Request
from indexer.indexing.run import run
from indexer.indexing.run_state import RunState
from search.bootstrap import open_engine
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema, upgrade
from search.catalog.records import RunCounts
from search.engine import Engine
from search.errors import NotFound
from search.query.filters.saved_address import picture_ids, with_ids
from search.query.records import IndexedTerm, Query, TextTerm
from tests.colour_web import settings_in
from tests.conftest import Limn

NAME = "library"


class Silent:
    """A progress report without output."""

    def begin(self, plan: RunState) -> None: ...

    def advance(self, counts: RunCounts, total: int, at: str) -> None: ...


def picture(seed: int, kind: str = "PNG", text: str = "") -> bytes:
    """Return a picture of soft colours, a different one for each seed."""
    colours = Image.frombytes("RGB", (6, 4), random.Random(seed).randbytes(6 * 4 * 3))
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", text)
    data = BytesIO()
    more = {"pnginfo": told} if text else {}
    colours.resize((96, 64), Image.Resampling.BICUBIC).save(data, kind, **more)
    return data.getvalue()


def fill(folder: Path, *seeds: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / f"{seed}.png").write_bytes(picture(seed))
        (folder / f"{seed}.txt").write_text(f"number{seed} of the library", encoding="utf-8")


@contextmanager
def library(folder: Path, **more: Any) -> Iterator[Engine]:
    with open_engine(settings_in(folder, workers=1, **more)) as engine:
        yield engine


def index(engine: Engine, *sources: Path, **options: object) -> None:
    request = Request.of(tuple(map(str, sources)), NAME, **options)
    run(engine, settings_in(Path("unused"), workers=1), request, Silent())


def ids(engine: Engine) -> dict[str, int]:
    """Return the pictures in the answer, by content."""
    found = engine.search(Query((), (NAME,), k=1000))
    return {hit.picture.content_hash: hit.picture.id for hit in found}


def names(engine: Engine) -> dict[str, int]:
    found = engine.search(Query((), (NAME,), k=1000))
    return {hit.picture.path.name: hit.picture.id for hit in found}


@pytest.fixture
def held(tmp_path: Path, database_url: str) -> Iterator[tuple[Engine, Path]]:
    """Yield a library with a folder and a share below it, indexed."""
    root = tmp_path / "library"
    fill(root / "own", 1, 2)
    fill(root / "share", 3, 4)
    fill(root / "share" / "inner", 5)
    with library(tmp_path / "data", database=database_url) as engine:
        index(engine, root)
        yield engine, root


def unmounted(share: Path) -> None:
    share.rename(share.parent.parent / "away")
    share.mkdir()


def removed(share: Path) -> None:
    share.rename(share.parent.parent / "away")


def marked_as_not_mounted(share: Path) -> None:
    unmounted(share)
    (share / "NOT MOUNTED.txt").write_text("the disk is not there")


@pytest.mark.slow
@pytest.mark.parametrize("take_away", [unmounted, removed, marked_as_not_mounted])
def test_pictures_of_a_share_that_is_away_are_kept_and_shown_nowhere(
    held: tuple[Engine, Path], take_away: Callable[[Path], None]
) -> None:
    engine, root = held
    catalog = engine.catalog
    before = ids(engine)
    named = names(engine)
    away = [named[f"{seed}.png"] for seed in (3, 4, 5)]
    board = catalog.boards.create("Walls", [*away, named["1.png"]])
    catalog.boards.edit(board, away[0], note="the best one")
    search = catalog.saved_searches.save("like it", f"similar={away[0]}&more={away[1]}")
    take_away(root / "share")
    index(engine, root)

    assert ids(engine).keys() < before.keys() and len(ids(engine)) == 2
    assert engine.summaries()[0].missing == 3 and engine.summaries()[0].pictures == 2
    for query in (
        Query((TextTerm("number3"),), (NAME,), k=10, by=("words",)),
        Query((TextTerm("number3"),), (NAME,), k=10, by=("caption",)),
        Query((TextTerm("number3"),), (NAME,), k=10, by=("picture",)),
        Query((IndexedTerm(away[0]),), (NAME,), k=10),
        Query((IndexedTerm(named["1.png"]),), (NAME,), k=10),
    ):
        shown = {hit.picture.id for hit in engine.search(query)}
        assert not shown & set(away), query
    facets = engine.facets([NAME])
    assert sum(each.pictures for each in facets.values["formats"]) == 2
    captioned = catalog.pictures.with_captions(catalog.collections.one(NAME))
    assert not {each.id for each in captioned} & set(away)
    with pytest.raises(NotFound, match="missing"):
        engine.picture(away[0])
    shown_board, pinned = catalog.boards.one(board)
    assert (shown_board.pictures, shown_board.missing) == (1, 3)
    assert [each.picture_id for each in pinned] == [named["1.png"]]

    index(engine, root)  # a second run changes nothing
    assert engine.summaries()[0].missing == 3
    shutil.rmtree(root / "share", ignore_errors=True)
    (root.parent / "away").rename(root / "share")
    index(engine, root)
    assert ids(engine) == before and engine.summaries()[0].missing == 0
    hits = engine.search(Query((TextTerm("number3"),), (NAME,), k=10, by=("words",)))
    assert [hit.picture.id for hit in hits] == [away[0]]
    shown_board, pinned = catalog.boards.one(board)
    assert [each.picture_id for each in pinned] == [*away, named["1.png"]]
    assert (pinned[0].note, shown_board.missing) == ("the best one", 0)
    assert catalog.saved_searches.one(search).address == f"similar={away[0]}&more={away[1]}"


@pytest.mark.slow
def test_what_comes_back_elsewhere_keeps_its_ids(held: tuple[Engine, Path]) -> None:
    engine, root = held
    before = ids(engine)
    removed(root / "share")
    index(engine, root)
    (root.parent / "away").rename(root / "other")
    index(engine, root)
    assert ids(engine) == before
    assert all(
        "share" not in str(each.path)
        for each in engine.catalog.pictures.by_id([*ids(engine).values()]).values()
    )


@pytest.mark.slow
def test_single_files_that_are_gone_are_forgotten_and_so_is_what_is_excluded(
    held: tuple[Engine, Path],
) -> None:
    engine, root = held
    (root / "share" / "3.png").unlink()
    index(engine, root)
    assert engine.summaries()[0].missing == 0 and "3.png" not in names(engine)
    index(engine, root, exclude=("share/*",))
    assert engine.summaries()[0].missing == 0 and set(names(engine)) == {"1.png", "2.png"}


def test_what_is_missing_is_forgotten_when_a_person_says_so(limn: Limn, tmp_path: Path) -> None:
    root = tmp_path / "library"
    fill(root / "own", 1)
    fill(root / "share", 2, 3)
    with zipfile.ZipFile(root / "share" / "more.zip", "w") as archive:
        archive.writestr("4.png", picture(4))
    limn("index", root)
    assert "no picture" in limn("forget-missing", "library").stderr
    removed(root / "share")
    assert "3 missing" in limn("index", root).stdout
    told = limn("info", "library").stdout
    assert "missing      3" in told and f"{root / 'share'}: 2 pictures" in told
    assert "limn forget-missing library" in told
    facts = json.loads(limn("info", "library", "--json").stdout)
    assert (facts["pictures"], facts["missing"]) == (1, 3)
    assert "forgot 3 missing pictures" in limn("forget-missing", "library", "--yes").stdout
    assert json.loads(limn("info", "library", "--json").stdout)["missing"] == 0
    (tmp_path / "away").rename(root / "share")
    assert "3 added" in limn("index", root).stdout, "the archive is opened again, too"


@pytest.mark.slow
def test_a_link_to_what_is_away_an_archive_and_frames_lose_nothing(tmp_path: Path) -> None:
    root, disk = tmp_path / "library", tmp_path / "disk"
    fill(root, 1)
    fill(disk / "folder", 2)
    with zipfile.ZipFile(disk / "more.zip", "w") as archive:
        archive.writestr("inner/3.png", picture(3))
    frames = [Image.open(BytesIO(picture(seed))) for seed in (4, 5, 6, 7)]
    frames[0].save(disk / "moving.webp", save_all=True, append_images=frames[1:], duration=99)
    for name in ("folder", "more.zip", "moving.webp"):
        (root / name).symlink_to(disk / name)
    with library(tmp_path / "data") as engine:
        index(engine, root)
        before = ids(engine)
        disk.rename(tmp_path / "away")
        index(engine, root)
        assert ids(engine) == before, "what can't be read is not taken for gone"
        reasons = {each.path.name for each in engine.catalog.failures.of(1)}
        assert reasons == {"folder", "more.zip", "moving.webp"}
        (tmp_path / "away").rename(disk)
        index(engine, root)
        assert ids(engine) == before and not engine.catalog.failures.of(1)
        for name in ("folder", "more.zip"):
            (root / name).unlink()
        index(engine, root)
        assert len(before) - len(ids(engine)) == engine.summaries()[0].missing == 2
        for name in ("folder", "more.zip"):
            (root / name).symlink_to(disk / name)
        index(engine, root)
        assert ids(engine) == before


def test_a_picture_that_a_table_names_and_is_away_is_missing(tmp_path: Path) -> None:
    fill(tmp_path / "images", 1, 2)
    table = tmp_path / "list.csv"
    table.write_text("image,caption\nimages/1.png,one\nimages/2.png,two\n", encoding="utf-8")
    with library(tmp_path / "data") as engine:
        index(engine, table)
        before = ids(engine)
        (tmp_path / "images").rename(tmp_path / "away")
        (tmp_path / "images").mkdir()
        (tmp_path / "away" / "1.png").rename(tmp_path / "images" / "1.png")
        index(engine, table)
        assert len(ids(engine)) == 1 and engine.summaries()[0].missing == 1
        (tmp_path / "away" / "2.png").rename(tmp_path / "images" / "2.png")
        index(engine, table)
        assert ids(engine) == before and not engine.catalog.failures.of(1)


RENAMES = {
    "renumbered": {"1": "2", "2": "3", "3": "4"},
    "swapped": {"1": "2", "2": "1"},
    "in a ring": {"1": "2", "2": "3", "3": "1"},
    "into another folder": {"1": "inner/1", "2": "inner/2"},
}


@pytest.mark.slow
@pytest.mark.parametrize("renames", RENAMES.values(), ids=RENAMES)
def test_files_that_change_their_names_keep_their_identity(
    tmp_path: Path, renames: dict[str, str]
) -> None:
    root = tmp_path / "library"
    fill(root, 1, 2, 3)
    with library(tmp_path / "data") as engine:
        index(engine, root)
        before = ids(engine)
        rename(root, renames)
        index(engine, root)
        assert ids(engine) == before
        found = engine.catalog.pictures.by_id([*before.values()])
        files = {each.path: each for each in found.values()}
        assert set(files) == set(root.rglob("*.png"))
        texts = {
            path.with_suffix(".txt").read_text(): files[path].facts.captions[0].text
            for path in files
            if path.with_suffix(".txt").exists()
        }
        assert all(text == told for text, told in texts.items()), "captions go by the file's name"


def rename(root: Path, renames: dict[str, str]) -> None:
    (root / "inner").mkdir(exist_ok=True)
    for old in renames:
        (root / f"{old}.png").rename(root / f"{old}.tmp")
    for old, new in renames.items():
        (root / f"{old}.tmp").rename(root / f"{new}.png")


@pytest.mark.slow
def test_a_picture_that_is_renamed_over_another_keeps_its_identity(tmp_path: Path) -> None:
    root = tmp_path / "library"
    fill(root, 1, 2, 3)
    with library(tmp_path / "data") as engine:
        index(engine, root)
        before = names(engine)
        board = engine.catalog.boards.create("Walls", [before["1.png"], before["2.png"]])
        (root / "1.png").rename(root / "2.png")
        index(engine, root)
        assert names(engine) == {"2.png": before["1.png"], "3.png": before["3.png"]}
        shown, pinned = engine.catalog.boards.one(board)
        assert [each.picture_id for each in pinned] == [before["1.png"]] and shown.missing == 1
        (root / "late.png").write_bytes(picture(2))  # the content comes back, under another id
        index(engine, root)
        _, pinned = engine.catalog.boards.one(board)
        assert [each.picture_id for each in pinned] == [before["1.png"], names(engine)["late.png"]]


def test_boards_and_saved_searches_outlive_a_collection(limn: Limn, tmp_path: Path) -> None:
    root = tmp_path / "library"
    fill(root, 1, 2)
    limn("index", root)
    with library(tmp_path / "data") as engine:
        one, two = (names(engine)[f"{seed}.png"] for seed in (1, 2))
        board = engine.catalog.boards.create("Walls", [two, one])
        engine.catalog.boards.edit(board, one, note="bring the ladder")
        address = f"q=wall&similar={one}%400%2C0%2C50%2C50&more={two}&where=same+%3D+{one}"
        saved = engine.catalog.saved_searches.save("both", address)
    limn("remove", "library", "--yes")
    limn("index", root)
    with library(tmp_path / "data") as engine:
        new_one, new_two = (names(engine)[f"{seed}.png"] for seed in (1, 2))
        assert {one, two}.isdisjoint((new_one, new_two))
        _, pinned = engine.catalog.boards.one(board)
        told = [(each.picture_id, each.note) for each in pinned]
        assert told == [(new_two, ""), (new_one, "bring the ladder")]
        assert picture_ids(engine.catalog.saved_searches.one(saved).address) == [new_one, new_two]
        assert "%400%2C0%2C50%2C50" in engine.catalog.saved_searches.one(saved).address


@pytest.mark.slow
def test_an_edit_of_the_tags_keeps_marks_notes_and_places(tmp_path: Path) -> None:
    root = tmp_path / "library"
    fill(root, 1, 2)
    with library(tmp_path / "data") as engine:
        index(engine, root)
        one = names(engine)["1.png"]
        board = engine.catalog.boards.create("Walls", [one])
        engine.catalog.boards.edit(board, one, note="bring the ladder")
        engine.catalog.marks.store(Query((TextTerm("wall"),), more=(one,)))
        (root / "1.png").write_bytes(picture(1, text="another tag"))
        index(engine, root)
        [mark] = engine.catalog.marks.all()
        assert mark.content_hash == engine.picture(one).content_hash
        (root / "1.png").write_bytes(picture(99))  # another picture takes its place
        index(engine, root)
        [mark] = engine.catalog.marks.all()
        assert mark.content_hash != engine.picture(one).content_hash
        (root / "back.png").write_bytes(picture(1, text="another tag"))
        index(engine, root)
        _, pinned = engine.catalog.boards.one(board)
        told = [(each.picture_id, each.note) for each in pinned]
        assert told == [(names(engine)["back.png"], "bring the ladder")]


def test_addresses_name_pictures_in_every_field_that_may() -> None:
    address = "q=more%3D7&similar=3&similar=4%400%2C0%2C9%2C9&more=5&less=6&where=id+%3D+7%2C9-12"
    assert picture_ids(address) == [3, 4, 5, 6, 7]
    changed = with_ids(address, {3: 30, 4: 40, 5: 50, 6: 60, 7: 70})
    assert picture_ids(changed) == [30, 40, 50, 60, 70]
    assert with_ids(address, {}) == with_ids(address, {3: 3}) == address


def test_boards_of_the_schema_before_keep_pictures_places_and_notes(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database, "0006")
    columns = (
        "collection_id, path, path_hash, size_bytes, mtime_ns, content_hash, captions_hash, "
        "format, width_px, height_px, indexed_at"
    )
    with database.write_transaction() as sql:
        sql.execute(sa.text("INSERT INTO space VALUES ('s', 'tiny', 64, 'now')"))
        sql.execute(
            sa.text(
                "INSERT INTO collection (id, name, space_id, created_at) VALUES (1,'c','s','now')"
            )
        )
        for number, content in enumerate((b"a", b"b", b"a"), start=1):
            sql.execute(
                sa.text(
                    f"INSERT INTO picture (id, {columns}) VALUES (:id, 1, :path, :path, 1, 1, "
                    ":content, :content, 'PNG', 1, 1, 'now')"
                ),
                {"id": number, "path": b"/%d" % number, "content": content},
            )
        sql.execute(sa.text("INSERT INTO board (id, name, created_at) VALUES (1, 'w', 'now')"))
        sql.execute(
            sa.text(
                "INSERT INTO board_picture VALUES (1, 3, 0, 'x'), (1, 2, 1, ''), (1, 1, 2, 'y')"
            )
        )
        sql.execute(sa.text("INSERT INTO saved_search VALUES (1, 's', 'similar=2&more=9', 'now')"))
    ensure_schema(database)
    with database.read_transaction() as sql:
        pins = sql.execute(
            sa.text(
                "SELECT content_hash, picture_id, place, note FROM board_picture ORDER BY place"
            )
        ).all()
        noted = sql.execute(sa.text("SELECT picture_id, content_hash FROM saved_search_picture"))
        assert [(bytes(pin[0]), *pin[1:]) for pin in pins] == [
            (b"a", 3, 0, "x\ny"),
            (b"b", 2, 1, ""),
        ]
        assert [(row[0], bytes(row[1])) for row in noted] == [(2, b"b")]
    database.close()


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["new", "delete", "move", "swap", "away", "back"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=5,
)


class Tree:
    """A state machine over folders of pictures that appear, vanish, move and swap."""

    FOLDERS = ("a", "b", "a/inner")

    def __init__(self, root: Path) -> None:
        self.root, self.seed = root, 1000
        self.away: dict[str, Path] = {}
        (root / "anchor").mkdir(parents=True)
        (root / "anchor" / "anchor.png").write_bytes(picture(0))
        for _ in range(5):
            self.step("new", self.seed, 0)

    def step(self, what: str, one: int, other: int) -> None:
        files = sorted(path for path in self.root.rglob("*.png") if path.parent.name != "anchor")
        folder = self.FOLDERS[other % 3]
        if what == "new" and folder.split("/")[0] not in self.away:
            self.seed += 1
            path = self.root / folder / f"{self.seed % 7}.png"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(picture(self.seed))
        elif what == "delete" and files:
            files[one % len(files)].unlink()
        elif what == "move" and files and folder.split("/")[0] not in self.away:
            path = self.root / folder / f"{one}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            files[one % len(files)].rename(path)  # perhaps replacing another file
        elif what == "swap" and len(files) > 1:
            first, second = files[one % len(files)], files[other % len(files)]
            spare = self.root / "spare"
            first.rename(spare)
            if second != first:
                second.rename(first)
            spare.rename(second)
        elif what == "away" and folder.split("/")[0] not in self.away:
            name = folder.split("/")[0]
            if (self.root / name).is_dir():
                self.away[name] = self.root.parent / f"away-{name}"
                (self.root / name).rename(self.away[name])
                if one % 2:
                    (self.root / name).mkdir()
        elif what == "back" and self.away:
            name, path = self.away.popitem()
            if (self.root / name).is_dir():
                (self.root / name).rmdir()
            path.rename(self.root / name)

    def contents(self) -> set[bytes]:
        return {path.read_bytes() for path in self.root.rglob("*.png")}


@pytest.mark.slow
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(STEPS, min_size=1, max_size=3))
def test_whatever_files_do_each_id_names_one_content_and_boards_show_what_is_there(
    rounds: list[list[Step]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from search.pictures import content_hash

    folder = tmp_path_factory.mktemp("trees")
    tree = Tree(folder / "library")
    with library(folder / "data") as engine:
        index(engine, tree.root)
        board = engine.catalog.boards.create("all", [*ids(engine).values()])
        known = ids(engine)
        for steps in rounds:
            before = {content_hash(each).hex() for each in tree.contents()}
            for step in steps:
                tree.step(*step)
            index(engine, tree.root)
            shown = ids(engine)
            assert shown.keys() == {content_hash(each).hex() for each in tree.contents()}
            for content in shown.keys() & before:
                assert shown[content] == known[content], "it was there before, and is the same"
            _, pinned = engine.catalog.boards.one(board)
            on_board = {each.picture_id for each in pinned}
            assert on_board == {shown[each] for each in known.keys() & shown.keys()}
            engine.catalog.boards.add(board, [*shown.values()])
            known |= shown


def test_a_watched_share_that_goes_and_comes_back_keeps_its_pictures(
    limn: Limn, limn_environment: dict[str, str], tmp_path: Path
) -> None:
    from tests.commands import limn_command

    root = tmp_path / "library"
    fill(root / "own", 1)
    fill(root / "share", 2)
    limn("index", root)
    before = limn("search", "-c", "library", "--json").stdout
    watching = subprocess.Popen(
        limn_command(("index", root, "--watch")),
        env=limn_environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(watching, "watching")
        removed(root / "share")
        wait_for(watching, "1 missing")
        assert len(json.loads(limn("search", "-c", "library", "--json").stdout)) == 1
        (tmp_path / "away").rename(root / "share")
        wait_for(watching, "unchanged")
        assert json.loads(limn("search", "-c", "library", "--json").stdout) == json.loads(before)
        root.rename(tmp_path / "gone")  # the whole folder vanishes and returns
        (tmp_path / "gone").rename(root)
        fill(root / "own", 3)
        wait_for(watching, "1 added")
    finally:
        watching.terminate()
        watching.communicate(timeout=60)


def wait_for(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout is not None
    deadline_s = time.monotonic() + 90
    for line in process.stdout:
        if text in line:
            return
        assert time.monotonic() < deadline_s, text
    raise AssertionError(f"it ended before it said {text!r}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_is_mounted_below_a_watched_folder_is_noticed(tmp_path: Path) -> None:
    from indexer.indexing.watch import WatchedPlaces

    (tmp_path / "disk").mkdir()
    places = WatchedPlaces([tmp_path], [tmp_path / "disk"])
    assert places._look() == places._before
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", str(tmp_path / "disk")], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        assert places._look() != places._before
    finally:
        subprocess.run(["umount", str(tmp_path / "disk")], check=True)
