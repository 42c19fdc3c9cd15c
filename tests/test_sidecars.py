"""Sidecars of pictures: XMP and Google's documents, under all their names, added and removed."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from indexer.sources import (
    NOTHING,
    Item,
    Note,
    SidecarData,
    SidecarFacts,
    captions_hash,
    combine,
    found_in,
    says_the_same,
    uncovers,
)
from indexer.sources.folder import FolderSource
from indexer.sources.sidecars import parse_sidecars
from search.errors import BadSource
from search.records import Caption
from tests.collections_of_every_kind import film, picture, tar, zipped
from tests.conftest import Limn
from tests.metadata_of_every_standard import Said, bag, exif_of, packet, plain_xmp_of, takeout
from tests.pictures_of_every_kind import jpeg, quadrants

INSIDE = Said(datetime(2001, 2, 3, 4, 5, 6), "", 10.0, 20.0, 2, "inner", "an inner text")
BESIDE = Said(datetime(2015, 6, 7, 8, 9, 10), "+02:00", -48.5, 2.25, 4, "outer", "an outer text")


def texts(folder: Path) -> dict[str, list[str]]:
    """Return the captions from the sidecars of each picture in a folder."""
    items = found_in(FolderSource(folder))
    return {item.path.name: [each.text for each in item.sidecar.captions] for item in items}


def document(description: str) -> bytes:
    """Return a document of Google Takeout."""
    taken = {"timestamp": "1258375918"}
    return json.dumps(
        {"title": "a.jpg", "description": description, "photoTakenTime": taken}
    ).encode()


NAMES = {
    "IMG_1.jpg.json": "IMG_1.jpg",
    "IMG_2.json": "IMG_2.jpg",
    "IMG_3.jpg.supplemental-metadata.json": "IMG_3.jpg",
    "IMG_4.jpg.supplemental-me.json": "IMG_4.jpg",
    "IMG_5.jpg.s.json": "IMG_5.jpg",
    "IMG_6.jpg..json": "IMG_6.jpg",
    "IMG_7.jpg(1).json": "IMG_7(1).jpg",
    "IMG_8.jpg.supplemental-metadata(2).json": "IMG_8(2).jpg",
    "IMG_9.jpg.json": "IMG_9-edited.jpg",
    "IMG_10.jpg.supplemental-metadata.json": "IMG_10-bearbeitet.jpg",
    "IMG_11.jpg(3).json": "IMG_11-edited(3).jpg",
    "IMG_12(1).jpg.json": "IMG_12(1).jpg",
    "IMG_13.HEIC.json": "img_13.heic.jpg",
    f"{'long' * 11}na.json": f"{'long' * 11}nam.jpg",
    "Ünï.JPG.supplemental-metadata.json": "Ünï.JPG",
}


@pytest.mark.parametrize(("name", "of"), NAMES.items())
def test_a_document_of_google_is_found_by_each_of_its_names(
    name: str, of: str, tmp_path: Path
) -> None:
    jpeg(tmp_path / of)
    jpeg(tmp_path / "IMG.jpg")
    (tmp_path / name).write_bytes(document("Evening at the quay"))
    assert texts(tmp_path) == {of: ["Evening at the quay"], "IMG.jpg": []}


def test_numbered_pictures_have_their_own_documents(tmp_path: Path) -> None:
    for number in ("", "(1)", "(2)"):
        jpeg(tmp_path / f"IMG_1{number}.jpg")
        (tmp_path / f"IMG_1.jpg{number}.json").write_bytes(document(f"number {number or 0}"))
    (tmp_path / "IMG_1.jpg(2).json").unlink()
    assert texts(tmp_path) == {
        "IMG_1.jpg": ["number 0"],
        "IMG_1(1).jpg": ["number (1)"],
        "IMG_1(2).jpg": [],
    }


def test_a_document_of_google_tells_date_place_people_and_favourites() -> None:
    written = json.loads(takeout(BESIDE)) | {"favorited": True, "imageViews": "3"}
    told = parse_sidecars({".json": json.dumps(written).encode()})
    assert told == SidecarData(
        (Caption("an outer text"), Caption("outer", kind="people")),
        {"favorited": "true", "imageViews": 3.0, "people": "outer"},
        SidecarFacts(None, (-48.5, 2.25), "2015-06-07T06:09:10Z"),
    )
    empty: dict[str, Any] = {
        "title": "IMG_1.jpg",
        "description": "",
        "photoTakenTime": {"timestamp": "0"},
        "geoData": {"latitude": 0.0, "longitude": 0.0},
        "people": [{}, 3],
    }
    assert parse_sidecars({".json": json.dumps(empty).encode()}) == SidecarData()


def test_a_title_that_is_a_file_name_is_no_caption() -> None:
    assert parse_sidecars({".json": b'{"title": "DSC01.JPG"}'}).captions == ()
    assert parse_sidecars({".json": b'{"title": "A quiet harbour"}'}).captions == (
        Caption("A quiet harbour"),
    )


def test_of_two_xmp_files_that_with_the_whole_name_counts(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.JPG", "c.jpg", "c.png"):
        quadrants().save(tmp_path / name)
    for name in ("a.XMP", "a.jpg.xmp", "B.jpg.Xmp", "c.xmp"):
        (tmp_path / name).write_bytes(packet(bag("dc:subject", name.replace(".", " "))))
    assert texts(tmp_path) == {
        "a.jpg": ["a jpg xmp"],
        "b.JPG": ["B jpg Xmp"],
        "c.jpg": ["c xmp"],
        "c.png": ["c xmp"],
    }


def test_a_file_that_can_not_be_read_costs_only_itself(tmp_path: Path) -> None:
    jpeg(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("A dog")
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "a.xmp").write_text("no XMP")
    found = list(FolderSource(tmp_path).find(lambda _: False))
    [item] = [each for each in found if isinstance(each, Item)]
    assert item.sidecar.captions == (Caption("A dog"),)
    assert len([each for each in found if isinstance(each, Note)]) == 2
    with pytest.raises(BadSource, match="not XMP"):
        parse_sidecars({".xmp": b"no XMP"})


def test_of_two_values_that_of_xmp_counts() -> None:
    rated = packet(bag("dc:subject", "pier"), {"xmp:Rating": "4"})
    told = parse_sidecars(
        {".json": b'{"rating": 2, "caption": "a dog"}', ".xmp": rated, ".txt": b"text"}
    )
    assert [each.text for each in told.captions] == ["text", "a dog", "pier"]
    assert told.fields == {"rating": 4.0}


@pytest.mark.parametrize("write", [tar, zipped])
def test_files_beside_pictures_count_in_archives(write: Any, tmp_path: Path) -> None:
    files = {
        "d/a.jpg": picture("red"),
        "d/a.jpg.supplemental-metadata.json": document("a quay"),
        "d/b.jpg": picture("blue"),
        "d/b.jpg.xmp": packet(bag("dc:subject", "pier")),
        "d/b.txt": b"a text",
    }
    path = write(tmp_path / f"a.{'tar' if write is tar else 'zip'}", files)
    assert texts(path) == {"a.jpg": ["a quay"], "b.jpg": ["a text", "pier"]}


def test_in_a_zip_a_document_may_stand_anywhere(tmp_path: Path) -> None:
    files = {
        "d/IMG(1).jpg": picture("red"),
        "d/IMG.jpg": picture("red"),
        "d/other.jpg": picture("blue"),
        "d/IMG.jpg.json": document("first"),
        "d/IMG.jpg(1).json": document("second"),
    }
    assert texts(zipped(tmp_path / "a.zip", files)) == {
        "IMG(1).jpg": ["second"],
        "IMG.jpg": ["first"],
        "other.jpg": [],
    }


def test_a_hash_tells_what_of_the_file_is_covered() -> None:
    facts = SidecarFacts(taken_at="2015-06-07")
    told = SidecarData(facts=facts)
    both = combine((told, SidecarData(fields={"rating": 4.0})))
    old = captions_hash(SidecarData())[:16]  # as old versions stored it
    assert says_the_same(old, captions_hash(NOTHING))
    assert not says_the_same(captions_hash(told), captions_hash(both))
    assert not uncovers(old, captions_hash(both))
    assert not uncovers(captions_hash(told), captions_hash(both))
    assert uncovers(captions_hash(both), captions_hash(told))
    assert uncovers(captions_hash(told), captions_hash(NOTHING))
    later = captions_hash(SidecarData(facts=SidecarFacts(taken_at_else="2015-06-07")))
    assert uncovers(later, later), "what it was stored for is not known"


def stored(limn: Limn) -> dict[str, dict[str, Any]]:
    """Return a collection's pictures, by file name."""
    hits = json.loads(limn("search", "-c", "t", "--json", "-k", "100").stdout)
    return {Path(hit["path"]).name: hit for hit in hits}


def test_what_stands_beside_a_picture_is_followed_at_the_next_run(
    limn: Limn, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    jpeg(folder / "a.jpg", exif=exif_of(INSIDE))
    jpeg(folder / "b.jpg")

    def run() -> dict[str, dict[str, Any]]:
        said = limn("index", folder, "-c", "t").stdout
        assert "0 failed" in said, said
        return stored(limn)

    def said(hit: dict[str, Any]) -> tuple[Any, ...]:
        kinds = [each["text"] for each in hit["captions"]]
        return hit["taken_at"], hit["latitude"], hit["fields"].get("rating"), sorted(kinds)

    inner = ("2001-02-03T04:05:06", 10.0, 2.0, ["an inner text", "inner"])
    first = run()
    assert said(first["a.jpg"]) == inner
    assert said(first["b.jpg"]) == (None, None, None, [])

    (folder / "a.txt").write_text("a plain text")
    assert said(run()["a.jpg"]) == (*inner[:3], ["a plain text", *inner[3]])
    (folder / "a.txt").unlink()

    for name in ("a", "b"):
        (folder / f"{name}.xmp").write_bytes(plain_xmp_of(BESIDE))
    outer = ("2015-06-07T08:09:10+02:00", -48.5, 4.0, ["Things, outer", "an outer text"])
    both = run()
    assert both["a.jpg"]["id"] == first["a.jpg"]["id"]
    assert said(both["a.jpg"]) == (*outer[:3], sorted(outer[3] + inner[3]))
    assert said(both["b.jpg"]) == outer
    found = json.loads(limn("search", "-c", "t", "--json", "--where", "rating >= 4").stdout)
    assert {Path(hit["path"]).name for hit in found} == {"a.jpg", "b.jpg"}

    (folder / "a.xmp").write_bytes(packet(attributes={"xmp:Rating": "5"}))
    assert said(run()["a.jpg"]) == (*inner[:2], 5.0, inner[3])
    (folder / "a.xmp").unlink()
    (folder / "b.xmp").unlink()
    last = run()
    assert said(last["a.jpg"]) == inner
    assert said(last["b.jpg"]) == (None, None, None, [])
    assert last["a.jpg"]["id"] == first["a.jpg"]["id"]

    (folder / "a.jpg.json").write_bytes(takeout(BESIDE))
    (folder / "b.jpg.json").write_bytes(takeout(BESIDE))
    dated = run()
    assert dated["a.jpg"]["taken_at"] == inner[0], "its own date goes before Google's in UTC"
    assert dated["b.jpg"]["taken_at"] == "2015-06-07T06:09:10Z"
    assert dated["a.jpg"]["latitude"] == dated["b.jpg"]["latitude"] == -48.5
    (folder / "b.jpg.json").unlink()
    assert said(run()["b.jpg"]) == (None, None, None, [])


def test_a_moved_picture_has_what_stands_beside_it_now(limn: Limn, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    (folder / "new").mkdir(parents=True)
    path = jpeg(folder / "a.jpg", exif=exif_of(INSIDE))
    (folder / "a.xmp").write_bytes(plain_xmp_of(BESIDE))
    limn("index", folder, "-c", "t")
    assert stored(limn)["a.jpg"]["fields"]["rating"] == 4.0
    path.rename(folder / "new" / "a.jpg")
    limn("index", folder, "-c", "t")
    limn("index", folder, "-c", "t")
    hit = stored(limn)["a.jpg"]
    assert (hit["taken_at"], hit["fields"]) == ("2001-02-03T04:05:06", {"rating": 2.0})


def test_frames_of_films_and_animations_have_what_stands_beside_them(
    limn: Limn, tmp_path: Path
) -> None:
    film(tmp_path / "clip.mp4", ("red", "blue"))
    frames = [quadrants().rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:])
    limn("index", tmp_path, "-c", "t")
    assert all(hit["taken_at"] is None for hit in stored(limn).values())
    size_bytes = (tmp_path / "clip.mp4").stat().st_size
    for name in ("clip.mp4.json", "moving.webp.supplemental-metadata.json"):
        (tmp_path / name).write_bytes(takeout(BESIDE))
    assert "0 failed" in limn("index", tmp_path, "-c", "t").stdout
    hits = stored(limn)
    assert len(hits) == 4
    for hit in hits.values():
        assert [each["text"] for each in hit["captions"]] == ["an outer text", "outer"]
        assert (hit["taken_at"], hit["latitude"]) == ("2015-06-07T06:09:10Z", -48.5)
    assert (hits["0:00:00.000"]["format"], hits["0:00:00.000"]["size_bytes"]) == ("MP4", size_bytes)
    assert hits["0"]["format"] == "WEBP"
    assert hits["0"]["size_bytes"] == (tmp_path / "moving.webp").stat().st_size
    assert "4 unchanged" in limn("index", tmp_path, "-c", "t").stdout
