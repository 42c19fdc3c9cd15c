"""The words of file names: IMG_2019_03, HolidayRome2019, DSC00042."""

import regex

from search.text.analysis import words_of

# Between a small letter and a capital, and between letters and digits.
JOINTS = regex.compile(r"(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})")


def name_words(text: str) -> list[str]:
    """Return the words of a name, whole and split where it changes its kind of letter.

    >>> name_words("HolidayRome2019")
    ['holidayrome2019', 'holiday', 'rome', '2019']
    """
    words = words_of(text)
    return [*words, *(part for part in words_of(JOINTS.sub(" ", text)) if part not in words)]
