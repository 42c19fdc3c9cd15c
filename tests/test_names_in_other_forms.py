"""Names in composed or decomposed Unicode: equal wherever names are compared."""

import csv
import json
import os
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.captioned_pictures import read_pairs
from indexer.sources import Item, found_in
from indexer.sources.globs import Selection
from indexer.sources.options import SourceOptions
from indexer.sources.registry import open_source
from search.catalog.catalog import Catalog
from search.engine import Engine
from search.errors import NameTaken, NotFound
from search.pictures import load_file
from search.records import Space
from search.text.characters import compose, forms
from search.text.path_names import on_disk, user_path
from tests.colour_web import opened, picture_bytes, settings_in
from tests.conftest import Limn
from tests.raw_sql import database_of

NFC, NFD = (unicodedata.normalize(form, "Café ガラス") for form in ("NFC", "NFD"))
BOTH = [(NFC, NFD), (NFD, NFC)]

assert NFC != NFD


def picture(path: Path, colour: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture_bytes(colour))
    return path


def told(source: Path, asked: SourceOptions | None = None) -> dict[str, list[str]]:
    """Return the captions of a source's pictures, by file name."""
    items = found_in(open_source(source, asked or SourceOptions()))
    return {each.path.name: [caption.text for caption in each.sidecar.captions] for each in items}


@pytest.mark.parametrize(("name", "other"), BOTH)
def test_what_stands_beside_a_picture_is_found(name: str, other: str, tmp_path: Path) -> None:
    picture(tmp_path / f"{name}.png")
    (tmp_path / f"{other}.txt").write_text("a text")
    (tmp_path / f"{other}.png.json").write_text('{"caption": "a document"}')
    (tmp_path / "captions.csv").write_text(f"image,caption\n{other}.png,a row\n")
    assert sorted(told(tmp_path)[f"{name}.png"]) == ["a document", "a row", "a text"]


def test_two_files_whose_names_look_the_same_are_both_kept(tmp_path: Path) -> None:
    for name, what in ((NFC, "composed"), (NFD, "decomposed")):
        picture(tmp_path / f"{name}.png", "red" if name == NFC else "blue")
        (tmp_path / f"{name}.txt").write_text(f"{what} text")
    if len(list(tmp_path.glob("*.png"))) < 2:
        pytest.skip("this file system takes both forms for one name")
    rows = [("image", "caption"), (f"{NFC}.png", "composed row"), (f"{NFD}.png", "decomposed row")]
    for table in ("captions.csv", "list.csv"):
        with (tmp_path / table).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    found = told(tmp_path)
    assert found[f"{NFC}.png"] == ["composed row", "composed text"]
    assert found[f"{NFD}.png"] == ["decomposed row", "decomposed text"]
    assert told(tmp_path / "list.csv") == {
        f"{NFC}.png": ["composed row"],
        f"{NFD}.png": ["decomposed row"],
    }
    for name in (NFC, NFD):
        assert on_disk(tmp_path / f"{name}.png").name == f"{name}.png"


@pytest.mark.parametrize(("name", "other"), BOTH)
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_a_table_finds_the_pictures_that_it_names(
    suffix: str, name: str, other: str, tmp_path: Path
) -> None:
    picture(tmp_path / name / f"{name}.png")
    table = tmp_path / f"list.{suffix}"
    names = [f"{other}/{name}.png", f"{name}/{other}.png", f"{other}/{other}.png"]
    rows = [{"file_name": each, "caption": f"row {n}"} for n, each in enumerate(names)]
    if suffix == "csv":
        table.write_text("file_name,caption\n" + "".join(f"{','.join(r.values())}\n" for r in rows))
    elif suffix == "jsonl":
        table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        images = [{"id": n, "file_name": row["file_name"]} for n, row in enumerate(rows)]
        annotations = [{"image_id": n, "caption": row["caption"]} for n, row in enumerate(rows)]
        table.write_text(json.dumps({"images": images, "annotations": annotations}))
    assert {key: sorted(texts) for key, texts in told(table).items()} == {
        f"{name}.png": ["row 0", "row 1", "row 2"]
    }


@pytest.mark.parametrize(("name", "other"), BOTH)
def test_patterns_choose_names_of_either_form(name: str, other: str, tmp_path: Path) -> None:
    picture(tmp_path / name / "a.png")
    picture(tmp_path / f"{name}.png", "blue")
    picture(tmp_path / "b.png", "green")
    for pattern, wanted in ((f"{other}/*", {"a.png"}), (f"{other}.*", {f"{name}.png"})):
        assert told(tmp_path, SourceOptions(Selection(include=(pattern,)))).keys() == wanted
        left = told(tmp_path, SourceOptions(Selection(exclude=(pattern,)))).keys()
        assert left == {"a.png", f"{name}.png", "b.png"} - wanted


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(("name", "other"), BOTH)
def test_members_of_archives_are_found_with_what_stands_beside_them(
    name: str, other: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.{kind}"
    data = {f"{name}/{name}.png": picture_bytes("red"), f"{name}/{other}.txt": b"a text"}
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in data.items():
                archive.writestr(member, content)
    else:
        with tarfile.open(path, "w") as archive_:
            for member, content in data.items():
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive_.addfile(info, BytesIO(content))
    assert told(path) == {f"{name}.png": ["a text"]}
    typed = tmp_path / f"{other}.{kind}" / other / f"{other}.png"
    assert load_file(typed) == picture_bytes("red")


@pytest.mark.parametrize(("name", "other"), BOTH)
def test_the_command_takes_paths_and_names_in_either_form(
    name: str, other: str, limn: Limn, tmp_path: Path
) -> None:
    picture(tmp_path / name / f"{name}.png")
    (tmp_path / name / f"{name}.txt").write_text(f"bar {name}")
    (tmp_path / name / f"{name}.json").write_text(json.dumps({f"Ort {name}": f"{name} here"}))
    picture(tmp_path / "else" / "b.png", "blue")
    assert "2 added" in limn("index", tmp_path / other, tmp_path / "else", "-c", name).stdout
    [folder] = {
        each["path"] for each in hits(limn, "red", "-c", other) if "else" not in each["path"]
    }
    assert os.fsencode(folder) == os.fsencode(tmp_path / name / f"{name}.png")
    for where in (
        f'folder = "{tmp_path}/{other}"',
        f'caption ~ "{other}"',
        f'collection = "{other}" and caption ~ bar',
        f'"field.Ort {other}" = "{other} here"',
        f'"ort {other}" ~ "{other}"',
        f'has = "Ort {other}"',
    ):
        found = hits(limn, "red", "-c", other, "--where", where)
        assert [each["path"] for each in found] == [folder], where
    assert hits(limn, "--image", tmp_path / other / f"{other}.png", "-c", other)
    assert "1 unchanged" in limn("index", tmp_path / other, "-c", other).stdout
    assert len(json.loads(limn("collections", "--json").stdout)) == 1
    limn("concept", "save", name.replace(" ", "-"), "red")
    concept = other.replace(" ", "-")
    assert "already" in limn("concept", "save", concept, "blue", code=1).stderr
    assert hits(limn, f"concept:{concept}", "-c", other)
    limn("concept", "remove", concept)
    limn("remove", other, "--yes")


def hits(limn: Limn, *arguments: str | Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(limn("search", *arguments, "--json").stdout)
    return found


def test_names_that_are_kept_are_taken_once_in_either_form(catalog: Catalog) -> None:
    space = Space("s", "tiny", 4)
    first = catalog.collections.open(NFD, space)
    assert first.name == NFC
    assert catalog.collections.open(NFC, space) == catalog.collections.open(NFD, space) == first
    assert catalog.collections.find([NFD]) == [first]
    catalog.boards.create(NFC)
    with pytest.raises(NameTaken):
        catalog.boards.create(NFD)
    catalog.saved_searches.save(NFD, "q=red")
    with pytest.raises(NameTaken):
        catalog.saved_searches.save(NFC, "q=blue")
    with pytest.raises(NotFound):
        catalog.collections.find(["Cafe"])


def test_a_collection_that_an_older_version_named_is_found_in_either_form(
    catalog: Catalog,
) -> None:
    import sqlalchemy as sa

    made = catalog.collections.open("x", Space("s", "tiny", 4))
    with database_of(catalog).write_transaction() as sql:
        sql.execute(sa.text("UPDATE collection SET name = :name"), {"name": NFD})
    for name in (NFC, NFD):
        assert [each.id for each in catalog.collections.find([name])] == [made.id]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    picture(tmp_path / "root" / NFD / "a.png")
    with opened(settings_in(tmp_path / "data", roots=(tmp_path / "root",))) as (engine, client):
        yield engine, client


def test_the_page_takes_folders_names_and_files_in_either_form(
    web: tuple[Engine, FlaskClient], tmp_path: Path
) -> None:
    _, client = web
    folder = str(tmp_path / "root" / NFC)
    made = client.post("/api/v1/collections", json={"name": NFD, "folder": folder})
    assert made.status_code == 202, made.text
    assert client.get(f"/collections/{NFC}").status_code == 200
    form = {
        "name": "sent",
        "files": [
            (BytesIO(picture_bytes("red")), f"{NFD}.png"),
            (BytesIO(b"a text"), f"{NFC}.txt"),
        ],
    }
    assert client.post("/api/v1/collections", data=form).status_code == 202
    [sent] = [each for each in (tmp_path / "data/uploads").iterdir() if each.name != ".drafts"]
    assert told(sent) == {f"{NFC}.png": ["a text"]}


def test_the_pictures_of_a_training_table_are_found(tmp_path: Path) -> None:
    for number, name in enumerate((NFC, NFD)):
        picture(tmp_path / f"{number}{name}.png")
    table = tmp_path / "pairs.csv"
    table.write_text(f"image,caption\n0{NFD}.png,one\n1{NFC}.png,two\n")
    assert [each.path.name for each in read_pairs(table)] == [f"0{NFC}.png", f"1{NFD}.png"]


NAMES = st.text(
    st.one_of(st.characters(categories=["L", "M", "N"]), st.sampled_from("éüガạ한ज़ñ")),
    min_size=1,
    max_size=8,
)


@given(NAMES)
def test_the_forms_of_a_name_meet_in_one(name: str) -> None:
    assert len({compose(each) for each in forms(name)}) == 1
    assert forms(name)[0] == name


def test_a_path_of_mixed_forms_is_found_part_by_part(tmp_path: Path) -> None:
    there = picture(tmp_path / NFC / NFD / f"{NFC}.png")
    assert user_path(tmp_path / NFD / NFC / f"{NFD}.png") == there
    gone = tmp_path / NFD / "gone" / f"{NFD}.png"
    assert on_disk(gone) == tmp_path / NFC / "gone" / f"{NFD}.png"
    assert on_disk(Path("a\ud800\0")) == Path("a\ud800\0")
    assert isinstance(found_in(open_source(there, SourceOptions()))[0], Item)
