"""Every kind of source: its pictures with their captions and columns, at every run."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.sources import Item, ScanResult, Whole, found_in
from indexer.sources.columns import ColumnOptions
from indexer.sources.globs import Selection
from indexer.sources.options import SourceOptions
from indexer.sources.registry import open_source, shards
from search.catalog.records import Failure
from search.errors import BadPicture, BadSource
from search.pictures import Limits, load_file
from tests import collections_of_every_kind as made
from tests.conftest import Limn

KINDS: dict[str, Callable[[Path], Path]] = {
    "shard.tar": made.tar,
    "shard.tgz": made.tar,
    "album.zip": made.zipped,
    "train.parquet": made.parquet,
    "data-00000-of-00001.arrow": made.arrow,
}


def find(path: Path, asked: SourceOptions | None = None) -> list[ScanResult]:
    return list(open_source(path, asked or SourceOptions()).find(lambda _: False))


def items(path: Path, asked: SourceOptions | None = None) -> list[Item]:
    return found_in(open_source(path, asked or SourceOptions()))


def search(limn: Limn, *arguments: str | Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(limn("search", "--json", *arguments).stdout)
    return found


def test_a_folder_of_every_kind_is_indexed_whole_and_a_second_run_opens_none(
    limn: Limn, tmp_path: Path
) -> None:
    folder = made.pictures(tmp_path / "all")
    for name, write in KINDS.items():
        write(folder / name)
    made.film(folder / "film.mp4")
    done = limn("index", folder, "-c", "all")
    count = len(made.COLOURS) * (len(KINDS) + 1) + 2
    assert f"{count} added, 0 changed, 0 unchanged, 0 removed, 0 failed" in done.stdout
    assert f"0 added, 0 changed, {count} unchanged, 0 removed, 0 failed" in (
        limn("index", folder, "-c", "all").stdout
    )
    paths = {Path(hit["path"]).relative_to(folder).as_posix() for hit in search(limn, "red")[:7]}
    assert paths == {
        "red.jpg",
        "shard.tar/red.jpg",
        "shard.tgz/red.jpg",
        "album.zip/red.jpg",
        "train.parquet/image/0",
        "data-00000-of-00001.arrow/image/0",
        "film.mp4/0:00:00.000",
    }
    similar = limn("similar", folder / "shard.tar" / "blue.jpg", "-k", "1").stdout
    assert "blue" in similar or "film.mp4" in similar


@pytest.mark.parametrize("name", KINDS)
def test_a_picture_in_a_container_is_read_by_its_path(name: str, tmp_path: Path) -> None:
    path = KINDS[name](tmp_path / name)
    found = items(path)
    assert [load_file(item.path) for item in found] == [made.picture(c) for c in made.COLOURS]
    assert load_file(found[1].path) == made.picture("green"), "backwards too"


def test_text_and_json_beside_a_picture_count_in_folders_and_in_archives(tmp_path: Path) -> None:
    for name, data in made.members().items():
        (tmp_path / name).write_bytes(data)
    beside = {item.path.name: item.sidecar for item in items(tmp_path)}
    packed = {item.path.name: item.sidecar for item in items(made.tar(tmp_path / "packed.tar"))}
    assert beside == packed
    assert [each.text for each in beside["red.jpg"].captions] == ["a red wall"]
    assert beside["red.jpg"].fields == {"rating": 3.0}


def test_columns_of_a_parquet_file_are_captions_and_fields(tmp_path: Path) -> None:
    first = items(made.parquet(tmp_path / "a.parquet"))[1]
    assert [each.text for each in first.sidecar.captions] == ["a green wall", "all is green"]
    assert first.sidecar.fields == {"split": "train", "score": 0.5}
    labels = [item.sidecar.fields["label"] for item in items(made.arrow(tmp_path / "a.arrow"))]
    assert labels == ["warm", "cold", "warm", "cold"]


def test_a_table_without_the_named_column_says_which_there_are(tmp_path: Path) -> None:
    path = made.parquet(tmp_path / "a.parquet")
    asked = SourceOptions(columns=ColumnOptions(picture="photo"))
    with pytest.raises(BadSource, match=r"no column 'photo'.*'image', 'caption', 'split', 'score'"):
        find(path, asked)


LISTS = {
    "list.csv": "image,caption,stars\nred.jpg,one,4.5\nblue.jpg,two,\nred.jpg,three,4.5\n",
    "list.tsv": "file_name\ttext\tstars\nred.jpg\tone\t4.5\nblue.jpg\ttwo\t\nred.jpg\tthree\t4.5\n",
    "list.jsonl": '{"image": "red.jpg", "captions": ["one", "three"], "stars": 4.5}\n\n'
    '{"image": "blue.jpg", "caption": "two"}\n',
}


def test_a_name_that_left_a_list_is_no_failure_any_more(limn: Limn, tmp_path: Path) -> None:
    made.pictures(tmp_path)
    table = tmp_path / "list.csv"
    table.write_text(LISTS["list.csv"] + "gone.jpg,four,\n")
    assert "1 failed" in limn("index", table, "-c", "list").stdout
    assert "gone.jpg" in limn("failures", "list").stdout
    table.write_text(LISTS["list.csv"])
    assert "0 failed" in limn("index", table, "-c", "list").stdout
    assert "gone.jpg" not in limn("failures", "list").stdout


def test_a_list_may_stand_beside_a_folder_of_its_images(tmp_path: Path) -> None:
    made.pictures(tmp_path / "images")
    (tmp_path / "images" / "blue.jpg").rename(tmp_path / "blue.jpg")
    (tmp_path / "list.csv").write_text(LISTS["list.csv"] + "gone.jpg,four,\n")
    found = find(tmp_path / "list.csv")
    paths = {each.path.relative_to(tmp_path).as_posix() for each in found if isinstance(each, Item)}
    assert paths == {"blue.jpg", "images/red.jpg"}
    [missing] = [each for each in found if isinstance(each, Failure)]
    assert (missing.path, missing.reason) == (tmp_path / "gone.jpg", "missing")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_its_pictures_wherever_its_rows_stand(name: str, tmp_path: Path) -> None:
    made.pictures(tmp_path)
    (tmp_path / name).write_text(LISTS[name])
    told = {item.path.name: item.sidecar for item in items(tmp_path / name)}
    texts = {picture: [each.text for each in told[picture].captions] for picture in told}
    assert texts["red.jpg"] == ["one", "three"]
    assert told["red.jpg"].fields == {"stars": 4.5}
    assert told["blue.jpg"].fields == {} if name != "list.jsonl" else {"caption": "two"}


def test_a_coco_file_gives_pictures_their_captions(tmp_path: Path) -> None:
    made.pictures(tmp_path / "val2017")
    path = made.coco(tmp_path)
    told = {
        item.path.name: item.sidecar
        for item in items(path, SourceOptions(pictures_in=tmp_path / "val2017"))
    }
    assert [each.text for each in told["red.jpg"].captions] == [
        "caption 0 of red",
        "caption 1 of red",
    ]
    assert told["blue.jpg"].fields == {"id": 2.0, "license": 3.0}
    (tmp_path / "other.json").write_text('{"images": [{"name": "x"}]}')
    with pytest.raises(BadSource, match="not laid out as COCO"):
        find(tmp_path / "other.json")


def test_a_list_says_which_of_its_pictures_are_missing_or_on_a_network(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("image\nnone.jpg\nhttps://example.org/a.jpg\n")
    assert [
        (each.reason, each.path.name)
        for each in find(tmp_path / "list.csv")
        if isinstance(each, Failure)
    ] == [("unsupported", "a.jpg"), ("missing", "none.jpg")]


def test_pictures_that_a_list_names_no_more_are_gone_and_others_stay(
    limn: Limn, tmp_path: Path
) -> None:
    made.pictures(tmp_path / "pictures")
    table = tmp_path / "list.csv"
    table.write_text("image,stars\npictures/red.jpg,5\npictures/blue.jpg,1\n")
    limn("index", tmp_path / "pictures" / "green.jpg", "-c", "walls")
    assert "2 added" in limn("index", table, "-c", "walls").stdout
    table.write_text("image,stars\npictures/red.jpg,3\n")
    assert (
        "0 added, 1 changed, 0 unchanged, 1 removed" in limn("index", table, "-c", "walls").stdout
    )
    found = search(limn, "red", "-c", "walls")
    assert {Path(hit["path"]).name: hit["fields"] for hit in found} == {
        "red.jpg": {"stars": 3.0},
        "green.jpg": {},
    }


def test_names_that_lead_out_of_an_archive_are_refused_and_the_others_read(tmp_path: Path) -> None:
    names = ("../up.jpg", "/etc/rooted.jpg", "a/../../up.jpg", "good.jpg")
    files = {name: made.picture("red") for name in names}
    for path in (made.tar(tmp_path / "a.tar", files), made.zipped(tmp_path / "a.zip", files)):
        found = find(path)
        assert [item.path for item in found if isinstance(item, Item)] == [path / "good.jpg"]
        failures = [each for each in found if isinstance(each, Failure)]
        assert {each.reason for each in failures} == {"unsupported"}
        assert len(failures) == 3
        assert all(path in each.path.parents for each in failures)


def test_an_archive_that_ends_early_gives_what_came_before(tmp_path: Path) -> None:
    path = made.tar(tmp_path / "a.tar")
    path.write_bytes(path.read_bytes()[:5000])
    found = find(path)
    assert [item.path.name for item in found if isinstance(item, Item)] == ["red.jpg"]
    [failure] = [each for each in found if isinstance(each, Failure)]
    assert (failure.path, failure.reason) == (path, "truncated")
    assert not any(isinstance(each, Whole) for each in found)


@pytest.mark.parametrize("write", [made.tar, made.zipped])
def test_a_member_that_is_too_large_is_refused_by_its_header(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write(
        tmp_path / ("a.tar" if write is made.tar else "a.zip"), {"bomb.bmp": bytes(99_000)}
    )
    with pytest.raises(BadPicture, match="99,000 bytes") as caught:
        load_file(path / "bomb.bmp", Limits(max_file_bytes=50_000))
    assert caught.value.reason == "too large"


def test_a_film_has_a_picture_a_shot_and_none_that_is_black(limn: Limn, tmp_path: Path) -> None:
    path = made.film(tmp_path / "film.mp4", ("red", "black", "blue", "red"))
    limn("index", path, "-c", "film")
    found = {Path(hit["path"]).name for hit in search(limn, "red")}
    assert found == {"0:00:00.000", "0:00:02.000", "0:00:03.000"}
    made.film(path, ("green",))
    os.utime(path, (2, 2))
    assert "1 changed, 0 unchanged, 2 removed" in limn("index", path, "-c", "film").stdout


def test_a_film_that_ends_in_mid_frame_keeps_the_shots_before(limn: Limn, tmp_path: Path) -> None:
    path = made.film(tmp_path / "film.mkv", ("red", "blue", "green"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    assert "added, 0 changed" in limn("index", path, "-c", "film").stdout
    assert len(search(limn, "red")) in (1, 2)


def test_braces_name_shards(tmp_path: Path) -> None:
    for number in range(3):
        made.tar(tmp_path / f"shard-{number:03}.tar")
    assert [path.name for path in shards(str(tmp_path / "shard-{000..002}.tar"))] == [
        "shard-000.tar",
        "shard-001.tar",
        "shard-002.tar",
    ]
    assert [path.name for path in shards(str(tmp_path / "{a,b}.tar"))] == ["a.tar", "b.tar"]
    with pytest.raises(BadSource, match="at most 100,000"):
        shards("{0..100000000}.tar")


def test_patterns_choose_files(tmp_path: Path) -> None:
    made.pictures(tmp_path)
    made.pictures(tmp_path / "drafts")

    def names(**more: Any) -> set[str]:
        found = items(tmp_path, SourceOptions(selection=Selection(**more)))
        return {item.path.relative_to(tmp_path).as_posix() for item in found}

    assert names(recursive=False) == {f"{colour}.jpg" for colour in made.COLOURS}
    assert names(exclude=("drafts",)) == names(recursive=False)
    assert names(include=("drafts/r*",)) == {"drafts/red.jpg"}
    assert names(include=("red*",), exclude=("drafts/*",)) == {"red.jpg"}


def test_a_dry_run_tells_and_writes_nothing(limn: Limn, colours: Path) -> None:
    told = limn("index", colours, "-c", "walls", "--dry-run").stdout
    assert "8 found, 8 to read" in told
    assert "no collection yet" in limn("collections").stderr


def test_a_run_tells_programs_of_itself_in_json(limn: Limn, colours: Path) -> None:
    lines = limn("index", colours, "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["event"] == "planned"
    assert events[-1]["event"] == "done"
    assert events[-1]["added"] == 8
