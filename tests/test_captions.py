"""Captions of pictures from captions files and text files, and reports about these files."""

import os
import unicodedata
from pathlib import Path

import pytest

from indexer.sources import Item, Note
from indexer.sources.captions_csv import CaptionTable, read_text
from indexer.sources.folder import FolderSource
from search.errors import BadSource
from search.records import Caption


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make four empty files that a scan takes for pictures, since a scan opens no file."""
    for name in ("a.jpg", "b.JPG", "sub/c.png", "sub/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def items_of(path: Path, within: Path | None = None) -> list[Item]:
    return [
        each for each in FolderSource(path, within).find(lambda _: False) if isinstance(each, Item)
    ]


def notes_of(path: Path, within: Path | None = None) -> list[str]:
    return [
        each.text
        for each in FolderSource(path, within).find(lambda _: False)
        if isinstance(each, Note)
    ]


def captions_of(folder: Path) -> dict[str, list[str]]:
    return {
        item.path.relative_to(folder).as_posix(): [
            caption.text for caption in item.sidecar.captions
        ]
        for item in items_of(folder)
        if item.sidecar.captions
    }


def test_a_table_gives_a_picture_all_its_rows_in_order(folder: Path) -> None:
    (folder / "captions.csv").write_text(
        'image,caption,language,kind\na.jpg,"one, two",en,human\nsub/c.png,three,,\n'
        "a.jpg,四,zh,human\n",
        encoding="utf-8",
    )
    items = {
        item.path.name: item.sidecar.captions for item in items_of(folder) if item.sidecar.captions
    }
    assert items == {
        "a.jpg": (Caption("one, two", "en", "human"), Caption("四", "zh", "human")),
        "c.png": (Caption("three"),),
    }


def test_a_bare_name_finds_the_one_picture_that_has_it_further_down(folder: Path) -> None:
    (folder / "captions.csv").write_text("image,caption\nc.png,deep\na.jpg,top\n")
    assert captions_of(folder) == {"sub/c.png": ["deep"], "a.jpg": ["top"]}


@pytest.mark.parametrize(
    "content",
    [
        b"image\tcaption\na.jpg\ttold\n",
        "\ufeffimage,caption\r\na.jpg,told\r\n".encode(),
        b"Caption ; IMAGE\ntold;a.jpg\n",
        "image,caption\na.jpg,told".encode("utf-16"),
        b"image,caption\n\n.\\a.jpg,told\n\n",
        b'image,caption\na.jpg," told\x00"\n',
    ],
    ids=["tabs", "BOM and CRLF", "semicolons and case", "UTF-16", "backslash and blanks", "NUL"],
)
def test_tables_are_read_as_people_write_them(folder: Path, content: bytes) -> None:
    (folder / "captions.tsv").write_bytes(content)
    assert captions_of(folder) == {"a.jpg": ["told"]}


def test_a_table_of_chinese_in_gb18030_is_read(folder: Path) -> None:
    (folder / "captions.csv").write_bytes("image,caption\na.jpg,湖边的狗在奔跑\n".encode("gb18030"))
    assert captions_of(folder) == {"a.jpg": ["湖边的狗在奔跑"]}


def test_text_that_is_latin_1_is_not_taken_for_chinese(folder: Path) -> None:
    (folder / "a.txt").write_bytes("Ein Café an der Düne, schön".encode("latin-1"))
    assert read_text(folder / "a.txt") == "Ein Café an der Düne, schön"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"foto,caption\na.jpg,x\n", "no column 'image'"),
        (b"image\na.jpg\n", "no column 'caption'"),
        (b"", "no column 'image' and no column 'caption'"),
        (b"\xff\xd8\xff\xe0 a picture by the wrong name", "no column 'image'"),
    ],
)
def test_a_table_without_its_columns_is_refused_with_what_it_has(
    folder: Path, content: bytes, told: str
) -> None:
    (folder / "captions.csv").write_bytes(content)
    with pytest.raises(BadSource, match=told):
        items_of(folder)


def test_rows_that_can_not_be_used_are_told_and_the_others_count(folder: Path) -> None:
    (folder / "captions.csv").write_text(
        "image,caption\na.jpg,good\nnone.jpg,lost\na.jpg,good\n,nobody\nb.JPG,\nb.JPG\n"
        "elsewhere/../none.jpg,lost\n"
    )
    assert captions_of(folder) == {"a.jpg": ["good"]}
    notes = "\n".join(notes_of(folder))
    assert "2 names that fit no one picture, such as 'none.jpg' (line 3: no such picture)" in notes
    assert "1 row that repeats a caption, counted once: line 4" in notes
    assert "3 rows without an image or a caption, passed over, such as line 5" in notes


def test_a_name_with_a_folder_never_fits_a_picture_of_another_folder(folder: Path) -> None:
    whole = folder / "sub" / "a.jpg"
    (folder / "captions.csv").write_text(f"image,caption\ncats/c.png,wrong\n{whole},right\n")
    assert captions_of(folder) == {"sub/a.jpg": ["right"]}


def test_a_name_that_several_pictures_share_is_told_and_given_to_none(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "c.png").touch()
    (folder / "captions.csv").write_text("image,caption\nc.png,which\n")
    assert captions_of(folder) == {}
    assert "several pictures have this name" in notes_of(folder)[0]


def test_a_quote_that_is_never_closed_is_refused_with_its_line(folder: Path) -> None:
    (folder / "captions.csv").write_text('image,caption\nb.JPG,x\na.jpg,"A dog\nsub/c.png,y\n')
    with pytest.raises(BadSource, match="line 3: a quote opens here"):
        items_of(folder)
    (folder / "captions.csv").write_text('image,caption\nb.JPG,a 5" pipe\na.jpg,y\n')
    assert captions_of(folder) == {"b.JPG": ['a 5" pipe'], "a.jpg": ["y"]}


def test_a_table_below_the_root_that_is_not_ours_is_noted_and_passed_over(folder: Path) -> None:
    (folder / "sub" / "captions.csv").write_text("time,text\n0:01,hello\n")
    assert captions_of(folder) == {}
    assert "passed over" in notes_of(folder)[0]


def test_a_named_pipe_is_no_caption_and_stops_nothing(folder: Path) -> None:
    os.mkfifo(folder / "a.txt")
    (folder / "b.txt").write_text("fine")
    assert captions_of(folder) == {"b.JPG": ["fine"]}
    assert "not a regular file" in notes_of(folder)[0]


def test_names_match_whether_accents_are_composed_or_not(folder: Path) -> None:
    (folder / unicodedata.normalize("NFD", "café.jpg")).touch()
    composed = unicodedata.normalize("NFC", "café.jpg")
    (folder / "captions.csv").write_text(f"image,caption\n{composed},coffee\n", encoding="utf-8")
    assert list(captions_of(folder).values()) == [["coffee"]]


def test_a_part_of_a_collection_takes_the_captions_of_the_tables_above_it(folder: Path) -> None:
    (folder / "captions.csv").write_text("image,caption\nsub/c.png,told above\nno.jpg,x\n")
    items = items_of(folder / "sub", within=folder)
    assert [caption.text for item in items for caption in item.sidecar.captions] == ["told above"]
    assert notes_of(folder / "sub", within=folder) == []
    assert all(not item.sidecar.captions for item in items_of(folder / "sub"))


def test_a_caption_of_a_megabyte_is_kept_whole(folder: Path) -> None:
    long = "word " * 200_000
    (folder / "captions.csv").write_text(f'image,caption\na.jpg,"{long}"\n')
    assert captions_of(folder) == {"a.jpg": [long.strip()]}


def test_a_text_file_beside_a_picture_is_its_caption(folder: Path) -> None:
    (folder / "a.txt").write_text("\ufeff a dog \n", encoding="utf-8")
    (folder / "b.txt").write_text("  \n")
    (folder / "sub" / "c.TXT").write_text("五")
    (folder / "captions.csv").write_text("image,caption\na.jpg,from the table\n")
    assert captions_of(folder) == {"a.jpg": ["from the table", "a dog"], "sub/c.png": ["五"]}


def test_a_table_in_a_folder_further_down_names_the_pictures_there(folder: Path) -> None:
    (folder / "sub" / "captions.csv").write_text("image,caption\na.jpg,lower\n")
    assert captions_of(folder) == {"sub/a.jpg": ["lower"]}


def test_a_picture_indexed_on_its_own_keeps_the_captions_beside_it(folder: Path) -> None:
    (folder / "a.txt").write_text("a dog")
    (folder / "captions.csv").write_text("image,caption\na.jpg,a cat\nb.JPG,other\n")
    [item] = items_of(folder / "a.jpg")
    assert [caption.text for caption in item.sidecar.captions] == ["a cat", "a dog"]


def test_names_that_only_look_like_a_way_out_of_the_folder_are_unknown(folder: Path) -> None:
    (folder.parent / "outside.jpg").touch()
    (folder / "captions.csv").write_text("image,caption\n../outside.jpg,x\n/etc/passwd,y\n")
    table = CaptionTable(folder / "captions.csv")
    assert list(table.assign([folder / "a.jpg"])) == []
    assert "2 names" in table.notes[0]
