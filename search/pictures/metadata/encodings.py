"""Decoding of bytes of metadata and sidecars as text, in any encoding that programs write."""

import codecs
import re
from collections.abc import Callable
from itertools import groupby

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Lead bytes of the characters of everyday text: level 1 of GB 2312 and of JIS X 0208, the
# frequent part of Big5. Text in other encodings decodes to rare characters here.
COMMON_LEADS = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "shift_jis": (0x88, 0x97)}

# How much of a text must be common characters. Chinese and Japanese sentences have 0.85 and more,
# names 0.7; Latin-1 and Cyrillic letters taken for pairs stay under 0.5.
MIN_COMMON = 0.6

# A text that is cut in mid-character must have three whole ones to be told by.
MIN_CUT_BYTES = 6

# A document of megabytes is judged by its beginning.
SAMPLE_BYTES = 4_000

# As Windows-1252 this would be a word of accented letters alone, which no language has.
CYRILLIC_WORD = re.compile(r"\b[А-яЁё][а-яё]{3,}\b")


def decode(raw: bytes) -> str:
    """Return bytes as text: UTF-8, UTF-16 with its mark, or the encoding of old Windows.

    GB 18030, Big5 and Shift JIS are chosen only if they give everyday characters,
    Windows-1251 only for whole Cyrillic words; everything else is Windows-1252.
    """
    if raw.startswith(UTF16_MARKS):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Fields of a fixed length cut a text in mid-character.
        head = raw[: error.start]
        if error.reason == "unexpected end of data" and not head.isascii():
            return head.decode("utf-8-sig")
    sample = raw[:SAMPLE_BYTES]
    shares = [(rate(sample), encoding) for encoding, rate in EAST_ASIAN.items()]
    share, encoding = max(shares, key=lambda pair: pair[0])
    if share >= MIN_COMMON:
        return raw.decode(encoding, "ignore")
    cyrillic = raw.decode("cp1251", "ignore")
    return cyrillic if CYRILLIC_WORD.search(cyrillic) else raw.decode("cp1252", "ignore")


def _commonness(charset: str, encoding: str) -> Callable[[bytes], float]:
    """Return the measure of an encoding: the share of common characters, from 0 to 1."""

    def rate(raw: bytes) -> float:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < max(len(raw) - 1, MIN_CUT_BYTES):
                return 0.0
            text = raw[: error.start].decode(encoding)
        foreign = [character for character in text if not character.isascii()]
        common = sum(_is_common(character, charset) for character in foreign)
        if not common or _single_between_letters(text):
            return 0.0
        return common / len(foreign)

    return rate


def _is_common(character: str, charset: str) -> bool:
    if character in "，。！？、：；“”（）《》·…—　「」":
        return True
    if "\u3041" <= character <= "\u30fe":  # kana
        return charset == "shift_jis"
    first, last = COMMON_LEADS[charset]
    try:
        code = character.encode(charset)
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and first <= code[0] <= last


def _single_between_letters(text: str) -> bool:
    """Return whether each foreign character is single and next to a Latin letter, as in "CRÉÉ"."""
    runs = [
        (kind, "".join(run)) for kind, run in groupby(text, lambda character: character.isascii())
    ]
    lonely = [
        len(run) == 1
        and (
            (place > 0 and runs[place - 1][1][-1].isalpha())
            or (place + 1 < len(runs) and runs[place + 1][1][0].isalpha())
        )
        for place, (is_ascii, run) in enumerate(runs)
        if not is_ascii
    ]
    return all(lonely)


EAST_ASIAN: dict[str, Callable[[bytes], float]] = {
    "gb18030": _commonness("gb2312", "gb18030"),
    "big5": _commonness("big5", "cp950"),
    "shift_jis": _commonness("shift_jis", "cp932"),
}


def utf16(raw: bytes, byte_order: str | None = None) -> str:
    """Return UTF-16 as text; without a mark the byte order is the one that gives one script.

    `byte_order` ("<" or ">") decides where both orders do.
    """
    if raw.startswith(UTF16_MARKS):
        return raw.decode("utf-16", "ignore")
    orders = ("utf-16-be", "utf-16-le") if byte_order == ">" else ("utf-16-le", "utf-16-be")
    texts = [raw.decode(order, "ignore") for order in orders]
    return max(texts, key=lambda text: (_one_script(text), _latin(text)))  # the first of equals


# The borders between scripts: the last letter of each.
SCRIPT_ENDS = (0x24F, 0x52F, 0x6FF, 0xDFF, 0x1EFF, 0x2E7F, 0x9FFF, 0xA97F, 0xD7AF, 0xFEFF, 0xFFEF)


def _one_script(text: str) -> float:
    """Return the share of the characters that the most frequent script has, from 0 to 1."""
    text = text.strip("\0 ")
    if not text:
        return 0.0
    scripts = [
        next((place for place, end in enumerate(SCRIPT_ENDS) if ord(character) <= end), -1)
        for character in text
    ]
    return max(map(scripts.count, set(scripts))) / len(scripts)


def _latin(text: str) -> int:
    return sum(ord(character) <= SCRIPT_ENDS[0] for character in text)
