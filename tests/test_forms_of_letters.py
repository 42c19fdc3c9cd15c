"""Unicode forms of letters that no tokenizer knows: every tower gets the usual forms."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.encoders import open_encoder
from search.encoders.text_limits import clip_text, encodable

FORMS = [
    ("ａ ｄｏｇ　ｏｎ，ｔｈｅ ｂｅａｃｈ", "a dog on,the beach"),
    ("Ｔ－ｓｈｉｒｔ", "T-shirt"),
    ("２匹の犬", "2匹の犬"),
    ("ﾈｺとｶﾞﾗｽ", "ネコとガラス"),
    ("𝐝𝐨𝐠 𝓬𝓪𝓽", "dog cat"),
    ("ﬁre", "fire"),
    ("ﻛﻠﺐ", "كلب"),
    ("cafe\u0301", "café"),
    ("ㅎㅏㄴ 한", "ㅎㅏㄴ 한"),
]

# Everyday text, which the towers were trained on as it is.
COMMON = [
    "A dog — on the “beach”… it’s 20 °C, ½ full, 3 m² ™",
    "一只狗，在草地（上）奔跑！真的？",
    "犬、猫。「東京」〜ー・",
    "หมาดำสองตัว",
    "ㅋㅋㅋ 강아지",
    "café naïve ÅÉ ß Ω",
    "कुत्ता كَلْب שלום",
    "🐶❤️👨‍👩‍👧 №5 ①②",
]


@pytest.mark.parametrize(("text", "usual"), FORMS)
def test_letters_get_their_usual_forms(text: str, usual: str) -> None:
    assert encodable(text) == usual
    assert clip_text(f" {text} ", 77) == usual


@pytest.mark.parametrize("text", COMMON)
def test_common_texts_stay_as_they_are_so_that_their_vectors_do(text: str) -> None:
    assert encodable(text) == unicodedata.normalize("NFC", text) == text


@pytest.mark.parametrize("name", ["builtin", "tiny"])
def test_the_vector_of_a_text_does_not_hang_on_the_forms_of_its_letters(name: str) -> None:
    encoder = open_encoder(name, "cpu")
    odd, usual = (encoder.encode_texts([pair[which] for pair in FORMS]) for which in (0, 1))
    np.testing.assert_allclose(odd, usual, atol=1e-6)
    for text, _ in FORMS:
        assert encoder.characters_read(text) == len(text)


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_text_can_be_encoded_and_is_settled_once(text: str) -> None:
    settled = encodable(text)
    settled.encode()
    assert unicodedata.is_normalized("NFC", settled)
    assert encodable(settled) == settled
