"""Words of captions and queries: how texts are split, and the value of a match."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer

from search.records import Caption
from search.text.analysis import best_caption, query_words, rarity, words_of, words_score


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog runs on the beaches.", ["dog", "run", "beach"]),
        ("Two DOGS, running!", ["two", "dog", "run"]),
        ("海滩上的狗", ["海", "滩", "狗", "海滩", "滩上", "上的", "的狗"]),
        ("IMG_2041 café ｗｉｄｅ", ["img", "2041", "café", "wide"]),
        ("the of a", []),
        ("\x00 \ud800 '\"; -- *", []),
        ("x" * 500, ["x" * 40]),
    ],
)
def test_captions_become_stems_and_chinese_becomes_pairs(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_many_threads_at_once_make_the_same_words() -> None:
    endings = ("ing", "ational", "fulness", "ization", "ically", "ed", "ies", "ousness")
    texts = [f"word{number}{ending}" for number in range(400) for ending in endings]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(words_of, texts))
    assert found == [[snowballstemmer.stemmer("english").stemWord(each)] for each in texts]


def test_a_query_asks_for_pairs_and_for_one_character_only_where_it_stands_alone() -> None:
    assert query_words("海滩") == ("海滩",)
    assert query_words("狗") == ("狗",)
    assert query_words("dog dogs beach") == ("dog", "beach")
    assert len(query_words(" ".join(f"word{n}" for n in range(100)))) == 32


def test_rare_words_and_repeated_ones_score_more_and_long_captions_less() -> None:
    assert rarity(1, 1000) > rarity(500, 1000) > 0
    assert rarity(10, 1) > 0, "more captions than pictures counted is no error"
    rare = {"dog": rarity(500, 1000), "zebra": rarity(1, 1000)}
    zebra, covered = words_score(rare, ["zebra"], 5)
    dog, less_covered = words_score(rare, ["dog"], 5)
    assert zebra > dog and covered > less_covered
    assert words_score(rare, ["dog", "dog"], 5)[0] > dog
    assert words_score(rare, ["dog"] + ["tree"] * 20, 5)[0] < dog
    assert words_score(rare, ["dog", "zebra"], 5)[1] == pytest.approx(1)
    assert words_score({}, ["dog"], 5) == (0, 0)


def test_the_caption_that_holds_most_of_the_words_is_the_one_that_matched() -> None:
    captions = [Caption("a dog"), Caption("dogs run"), Caption("a cat")]
    assert best_caption(query_words("running dog"), captions) == captions[1]
    assert best_caption(query_words("zebra"), captions) is None
    assert best_caption(query_words("zebra"), []) is None
