"""Odd values in sidecars: stored, cut or reported, at no cost to other pictures."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from indexer.indexing.pipeline import index
from indexer.indexing.progress import PlainProgress
from indexer.sources import SidecarData, captions_hash
from indexer.sources.options import SourceOptions
from indexer.sources.registry import open_source
from indexer.sources.storable import parse_json, storable_facts, storable_fields
from search.catalog.catalog import Catalog
from search.encoders import open_encoder
from search.errors import BadSource
from search.pictures import Limits
from search.records import Caption, PictureFacts
from tests.conftest import Limn

ODD = [
    '{"caption": "a \\ud800 b"}',
    '{"caption": "a", "place": "\\ud800"}',
    '{"caption": "a", "k\\ud800": "v", "k\\udfff": "w"}',
    '{"caption": "a", "language": "\\ud800"}',
    '{"caption": "\\u0000", "kind": "\\u0000", "\\u0000": "\\u0000"}',
    '{"caption": "\\ud83d\\ude00"}',
    '{"caption": "a", "big": 1' + "0" * 400 + "}",
    '{"caption": "a", "huge": 1' + "0" * 6_000 + "}",
    '{"caption": 1' + "0" * 6_000 + "}",
    '{"caption": "a", "id": 18446744073709551616, "low": -9223372036854775809}',
    '{"caption": "a", "number": NaN, "other": Infinity, "third": -1e999}',
    '{"caption": "a", "code": "1e99999", "long": "' + "9" * 400 + '"}',
    '{"caption": NaN}',
    '{"caption": "a", "deep": ' + "[" * 5_000 + "]" * 5_000 + "}",
    '{"caption": "a", "deep": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
    '{"caption": "a", "' + "n" * 5_000 + '": "v", "' + "n" * 5_001 + '": "w"}',
    '{"caption": "a", "language": "' + "l" * 500 + '", "kind": "' + "k" * 500 + '"}',
    '{"caption": "a", "caption": "b", "yes": true, "no": false, "nothing": null}',
    '{"caption": ["a", 2, null, {"raw": "b"}, ["c"], true], "list": ["x", 1' + "0" * 400 + "]}",
    '{"caption": {"raw": "b"}, "": "nameless", " ": 1}',
    json.dumps({"caption": "a"} | {f"column {number}": number for number in range(3_000)}),
    "[]",
    '"text"',
    "17",
    "",
    "{",
    "\ufeff{}",
]


def library(folder: Path, documents: list[str]) -> Path:
    """Make a folder with a picture for each JSON sidecar, and one picture more."""
    folder.mkdir(exist_ok=True)
    for number, document in enumerate([*documents, None]):
        colour = (number % 256, number // 256, 99)
        Image.new("RGB", (8, 8), colour).save(folder / f"{number:03}.png")
        if document is not None:
            (folder / f"{number:03}.json").write_text(document, "utf-8", "surrogatepass")
    return folder


def indexed(catalog: Catalog, folder: Path, name: str) -> list[int]:
    """Index a folder with a worker process; return the pictures' ids."""
    source = open_source(folder, SourceOptions())
    encoder = open_encoder("tiny", "cpu")
    progress = PlainProgress()
    collection, _ = index(
        catalog, name, [source], encoder, workers=1, limits=Limits(), progress=progress
    )
    pictures = [each for each, _ in catalog.collections.with_last_changes([name])]
    assert pictures == [collection]
    return list(catalog.filters.newest([collection.id], None, 1_000).tolist())


@pytest.mark.slow
def test_one_odd_document_costs_no_other_picture(catalog: Catalog, tmp_path: Path) -> None:
    folder = library(tmp_path / "pictures", ODD)
    pictures = catalog.pictures.by_id(indexed(catalog, folder, "c")).values()
    assert len(pictures) == len(ODD) + 1
    told = {int(each.path.stem): each for each in pictures}
    assert [each.text for each in told[0].facts.captions] == ["a \ufffd b"]
    assert told[1].fields == {"place": "\ufffd"}
    assert told[2].fields == {"k\ufffd": "w"}
    assert told[5].facts.captions[0].text == "😀"
    assert told[6].fields == told[7].fields == {}
    assert told[9].fields == {"id": 2.0**64, "low": -(2.0**63)}
    assert told[11].fields == {"code": "1e99999", "long": "9" * 400}
    assert told[15].fields == {"n" * 100: "w"}
    assert told[16].facts.captions[0] == Caption("a", "l" * 35, "k" * 50)
    assert len(told[20].fields) == 1_000
    again = indexed(catalog, folder, "c")
    assert len(again) == len(ODD) + 1


TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20) | st.sampled_from(
    ["\ud800", "a\0b", "x" * 700, " ", "1e400", "-0.0"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
    | st.integers(min_value=2**63, max_value=2**1100) | st.just(-(10**500)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
NAMES = st.sampled_from(["caption", "text", "language", "kind", "place", "\0"]) | TEXTS
DOCUMENTS = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(
    lambda pairs: "{" + ", ".join(f"{json.dumps(n)}: {json.dumps(v)}" for n, v in pairs) + "}"
)  # names may come twice


@pytest.mark.slow
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(DOCUMENTS, min_size=30, max_size=60))
def test_any_json_beside_pictures_leaves_every_one_of_them_indexed(
    catalog: Catalog, tmp_path: Path, documents: list[str]
) -> None:
    name = f"c{len(catalog.collections.all())}"
    folder = library(tmp_path / name, documents)
    assert len(indexed(catalog, folder, name)) == len(documents) + 1


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_what_any_json_tells_can_be_stored_and_is_the_same_each_time(document: str) -> None:
    fields = parse_json(document)
    assert isinstance(fields, dict)
    once = storable_fields({name: str(value)[:4_000] for name, value in fields.items()})
    assert storable_fields(once) == once
    assert all(name.encode() and len(name) <= 100 for name in once)
    told = SidecarData((Caption("a\ud800"),), once)
    assert captions_hash(told) == captions_hash(SidecarData(told.captions, told.fields))


def test_json_that_can_not_be_read_is_an_error_that_says_so() -> None:
    for text in ("", "{", "[" * 100_000, "nul"):
        with pytest.raises(BadSource, match="not JSON"):
            parse_json(text)


def test_what_files_say_of_themselves_is_kept_where_it_can_be() -> None:
    odd = PictureFacts(
        "J" * 90, 8, 8, "2020\0" + "x" * 90, float("nan"), 17.0, "\ud800 \0" * 400, (), None,
        captions=(Caption("\0"), Caption("a\udfff")),
    )  # fmt: skip
    kept = storable_facts(odd)
    assert (kept.latitude, kept.longitude) == (None, None)
    assert len(kept.format) == 20 and len(kept.taken_at or "") == 40
    assert "\0" not in (kept.camera or "\0") and (kept.camera or "").encode()
    assert kept.captions == (Caption("a\ufffd"),)
    placed = PictureFacts("JPEG", 8, 8, None, 52.5, 13.4, "Canon")
    assert storable_facts(placed) == placed


TABLES: dict[str, Any] = {
    "list.jsonl": "\n".join(
        [
            '{"file_name": "0.png", "caption": "a \\ud800", "n": 1' + "0" * 5_000 + "}",
            '{"file_name": "\\ud800.png", "caption": "a"}',
            '{"file_name": "1.png", "caption": "b\\u0000", "x\\udc80": 1e999}',
            '{"file_name": ["2.png"], "caption": "c"}',
        ]
    ),
    "coco.json": json.dumps(
        {
            "images": [
                {"id": 1, "file_name": "0.png", "license": True},
                {"id": "1", "file_name": "1.png", "flickr_url": ["x"]},
                {"id": {"a": []}, "file_name": "\ud800.png"},
                {"id": 2**62, "file_name": 17},
            ],
            "annotations": [
                {"image_id": 1, "caption": "one \ud800"},
                {"image_id": "1", "caption": "two\0"},
                {"image_id": None, "caption": "none"},
                {"image_id": 1, "caption": {"deep": 1}},
            ],
        }
    ),
    "list.csv": "image,caption,n\n0.png,a\0b,1e999\n1.png," + "x" * 200_000 + ",\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_odd_values_in_tables_cost_no_other_row(name: str, limn: Limn, tmp_path: Path) -> None:
    folder = library(tmp_path / "pictures", ["{}", "{}"])
    for number in range(3):
        (folder / f"{number:03}.png").rename(folder / f"{number}.png")
    (folder / name).write_text(TABLES[name])
    done = limn("index", folder / name, "-c", "c")
    assert "2 added" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "document",
    [
        '{"images": [1]}',
        '{"images": ["a"]}',
        '{"images": [[]]}',
        '{"images": {"a": 1}}',
        '{"images": [{"id": 1' + "0" * 30 + "}]}",
        '{"images": [' + "[" * 100_000 + "]" * 100_000 + "]}",
        '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": ["a", {}]}',
        "17",
    ],
)
def test_a_coco_file_that_is_none_is_refused_in_a_sentence(
    document: str, limn: Limn, tmp_path: Path
) -> None:
    (tmp_path / "coco.json").write_text(document)
    told = limn("index", tmp_path / "coco.json", "-c", "c", code=1).stderr
    assert "coco.json" in told and len(told) < 1_500


def test_a_name_that_is_no_utf_8_is_indexed_and_told_of(limn: Limn, tmp_path: Path) -> None:
    folder = library(tmp_path / "pictures", [])
    (folder / "000.png").rename(folder / os.fsdecode(b"\xff\xfe.png"))
    assert "1 added" in limn("index", folder, "-c", "c").stdout
    assert "done" in limn("jobs").stdout
