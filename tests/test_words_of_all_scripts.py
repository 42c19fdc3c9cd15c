"""Words in every script: found next to digits, other scripts and marks, on each database."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
import regex
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import current_revision, ensure_schema
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.records import Caption, PictureFacts, Space
from search.text.analysis import found_in, query_words, words_of
from tests.conftest import Limn
from tests.raw_sql import database_of, downgrade

# A caption as people write it, and words that must find it.
TEXTS = [
    ("Latin", "Two dogs, 35mm film", "dog film 35mm"),
    ("accents", "Café au soleil", "CAFE\u0301"),
    ("German", "Die große Straße", "STRASSE groß"),
    ("Turkish", "İstanbul'da kedi", "istanbul kedi"),
    ("Cyrillic", "2собаки на траве", "СОБАКИ траве"),
    ("Greek", "Ο σκύλος στο γρασίδι", "ΣΚΎΛΟΣ"),
    ("Han after a digit", "2只狗在草地上奔跑", "狗 奔跑 草地"),
    ("Han after a letter", "穿T恤的女孩", "恤 T恤 女孩"),
    ("Han after a name", "iPhone拍的猫", "猫 iphone"),
    ("Han past the first plane", "𠀀𠮷野家", "𠮷 野家"),
    ("Han of compatibility", "豈", "豈"),
    ("kana and Han", "コンビニの前の犬が走る", "犬 走 コンビニ 前"),
    ("kana of half width", "ﾈｺとｶﾞﾗｽ", "ネコ ガラス"),
    ("hiragana", "かわいいらーめん", "らーめん かわいい"),
    ("Hangul", "강아지가 잔디밭에서 2마리", "강아지 잔디밭 마리 개 잔디"),
    ("Hangul after a name", "iPhone으로 찍은 고양이", "iphone 고양이"),
    ("Arabic", "كَلْبٌ عَلَى العُشْبِ", "كلب العشب"),
    ("Arabic, stretched", "قـــطة بيضاء", "قطة"),
    ("Arabic, in its shapes", "ﻛﻠﺐ", "كلب"),
    ("Persian", "می\u200cدود سگ", "میدود سگ"),
    ("Hebrew", "כֶּלֶב עַל הַדֶּשֶׁא", "כלב הדשא"),
    ("Devanagari", "घास पर 2कुत्ते खेलते हैं", "कुत्ते घास खेलते"),
    ("Bengali", "ঘাসের উপর কুকুর", "কুকুর ঘাসের"),
    ("Tamil", "புல்லில் நாய்கள்", "நாய்கள் புல்லில்"),
    ("Thai", "หมาสองตัววิ่งเล่นบนชายหาด", "หมา ชายหาด วิ่ง ปู"),
    ("Thai after a digit", "มี2แมวดำ", "แมว แมวดำ"),
    ("Lao", "ໝາສອງໂຕແລ່ນ", "ໝາ ແລ່ນ"),
    ("Khmer", "ឆ្កែពីរក្បាលរត់", "ឆ្កែ រត់"),
    ("Myanmar", "ခွေးနှစ်ကောင်ပြေးနေသည်", "ခွေး ပြေး"),
    ("Georgian", "ორი ძაღლი ბალახზე", "ძაღლი"),
    ("Armenian", "Երկու շուն", "ԵՐԿՈՒ շուն"),
    ("Tibetan", "ཁྱི་གཉིས་", "ཁྱི"),
    ("emoji", "🐶\ufe0fam Strand 👨\u200d👩\u200d👧 🇯🇵", "🐶 strand 👩 🇯🇵"),
    ("full width", "Ｔｗｏ　ｄｏｇｓ", "two dog"),
    ("ligatures", "ﬁreﬂies", "fireflies"),
    ("soft hyphens", "dog\u00adhouse", "doghouse"),
]

# Words that must not find the caption above, as they only share letters.
ABSENT = {"개", "ปู"}


@pytest.mark.parametrize(("script", "text", "asked"), TEXTS)
def test_a_caption_in_any_script_is_found_by_its_words(script: str, text: str, asked: str) -> None:
    for word in asked.split():
        wanted = query_words(word)
        assert wanted, word
        held = set(words_of(text))
        assert held.issuperset(wanted) == (word not in ABSENT), (script, word, wanted, held)
        assert bool(found_in(text, wanted)) == (word not in ABSENT)


def test_marks_are_parts_of_words_so_that_other_words_are_not_found() -> None:
    assert set(query_words("कुत्ता")).isdisjoint(words_of("कत तकत"))
    assert set(query_words("நாய்")).isdisjoint(words_of("நய"))


SPACE = Space("words", "tiny", 4)


def store(catalog: Catalog, captions: list[str]) -> list[int]:
    """Store a picture with each of the captions; return their ids."""
    collection = catalog.collections.open("c", SPACE)
    vectors = np.full((len(captions), SPACE.width), 0.5, np.float32)
    batch = [
        EmbeddedPicture(
            file=FileState(Path(f"/p/{number:03}.jpg"), 1, 1, bytes([number]), b"h"),
            facts=PictureFacts("JPEG", 8, 8),
            vector=vectors[number],
            captions=EmbeddedCaptions((Caption(text),), vectors[number : number + 1]),
        )
        for number, text in enumerate(captions)
    ]
    catalog.writer.store(collection, batch)
    with database_of(catalog).read_transaction() as sql:
        return list(sql.scalars(sa.text("SELECT id FROM picture ORDER BY path")))


def test_both_databases_find_every_script_by_the_same_words(catalog: Catalog) -> None:
    ids = store(catalog, [text for _, text, _ in TEXTS])
    [collection] = catalog.collections.all()
    for picture_id, (script, _, asked) in zip(ids, TEXTS, strict=True):
        for word in set(asked.split()) - ABSENT:
            wanted = query_words(word)
            found = catalog.words.find(wanted, [collection.id])
            assert picture_id in found.words, (script, word)
            assert set(wanted) <= set(found.words[picture_id])
            assert all(found.frequency.values()), (script, word, found.frequency)


def test_words_are_found_as_they_are_and_not_without_their_marks(catalog: Catalog) -> None:
    store(catalog, ["कत", "कुत्ता", "क"])
    [collection] = catalog.collections.all()
    found = catalog.words.find(query_words("कुत्ता"), [collection.id])
    assert list(found.words.values()) == [["कुत्ता"]]
    assert found.frequency == {"कुत्ता": 1}


@pytest.mark.slow
def test_a_text_of_megabytes_is_found_by_its_first_words(catalog: Catalog) -> None:
    long = " ".join(f"wort{number:07}" for number in range(100_000))
    ids = store(catalog, [long, "สวัสดี " * 60_000])
    [collection] = catalog.collections.all()
    assert catalog.words.find(("wort0000001",), [collection.id]).words.keys() == {ids[0]}
    assert catalog.words.find(query_words("สวัสดี"), [collection.id]).words.keys() == {ids[1]}


def test_a_database_with_words_of_before_is_cut_anew_once(database_url: str) -> None:
    database = Database(database_url)
    ensure_schema(database)
    catalog = Catalog(database)
    ids = store(catalog, ["2只狗在草地上奔跑", "कुत्ता", "a dog"])
    [collection] = catalog.collections.all()
    head = current_revision(database)
    downgrade(database, "0007")
    with database.write_transaction() as sql:  # as the old version split it
        sql.execute(sa.text("DELETE FROM picture_words"))
        sql.execute(
            sa.text("INSERT INTO picture_words VALUES (:id, '2只狗在草地上奔跑')"), {"id": ids[0]}
        )
        sql.execute(sa.text("INSERT INTO picture_words VALUES (:id, 'क त त')"), {"id": ids[1]})
    assert not catalog.words.find(query_words("狗"), [collection.id]).words
    ensure_schema(database)
    assert current_revision(database) == head
    assert catalog.words.find(query_words("狗"), [collection.id]).words.keys() == {ids[0]}
    assert catalog.words.find(query_words("कुत्ता"), [collection.id]).words.keys() == {ids[1]}
    assert catalog.words.find(query_words("dogs"), [collection.id]).words.keys() == {ids[2]}
    catalog.collections.remove(collection)
    assert not catalog.words.find(query_words("狗"), [collection.id]).words
    database.close()


LETTERS = st.sampled_from("".join(text for _, text, _ in TEXTS) + " 2T-.,\u0301\u200d")
ANY_TEXT = st.text(st.one_of(LETTERS, st.characters()), max_size=60)


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_any_text_is_found_by_itself_and_in_every_form_of_unicode(text: str) -> None:
    held = words_of(text)
    assert set(query_words(text)) <= set(held)
    for word in held:
        assert word.split() == [word] and "\0" not in word, ascii(word)
        assert word.encode()
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert words_of(unicodedata.normalize(form, text)) == held


# Scripts with blanks between words, in samples where no digit or other script touches a word.
SPACED = "abcdéñü αβγ δεζ абвгд हिन्दी कुत्ता কুকুর தமிழ் ქართ հայ"


@given(st.lists(st.sampled_from(SPACED.split()), min_size=1, max_size=8))
def test_where_blanks_part_words_they_are_those_of_unicode_s_word_boundaries(
    words: list[str],
) -> None:
    text = " ".join(words)
    bounds = regex.split(r"(?V1w)\b", text)
    assert [each for each in bounds if each.strip()] == words
    assert len(words_of(text)) == len(words)


def test_the_command_finds_words_in_captions_of_every_script(limn: Limn, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, (_, text, _) in enumerate(TEXTS):
        Image.new("RGB", (8, 8), (number * 7 % 256, number, 99)).save(pictures / f"{number}.png")
        (pictures / f"{number}.txt").write_text(text, "utf-8")
    limn("index", pictures, "-c", "c")
    for word, number in (("狗", 6), ("恤", 7), ("कुत्ते", 21), ("犬", 11)):
        listed = limn("search", word, "--by", "words", "-c", "c").stdout
        assert f"/{number}.png" in listed, word
        assert len(listed.splitlines()) == 1, listed
