"""The words of text in pictures, as they are written, and the misreadings of them.

A recogniser misreads letters, so a word of five letters or more is found by any spelling that
differs in one. Digits are never misread for other digits here: another number is another number.
"""

import unicodedata

from search.text.analysis import EMPTY, LONGEST_WORD, PIECES, RUNS, readable, word_pieces

SHORTEST_MISREAD = 5
"""Letters of the shortest word that may have been misread."""


def written_words(text: str) -> tuple[str, ...]:
    """Return the words of a text, each once: as they are written but for case, or pieces of runs.

    Scripts without blanks are divided into pieces, as `search.text.analysis` does.
    """
    words: list[str] = []
    for run in RUNS.finditer(readable(text)):
        words += word_pieces(run, shortest=1) if run.lastgroup in PIECES else _run_words(run[0])
    return tuple(dict.fromkeys(words))


def asked_words(text: str) -> tuple[str, ...]:
    """Return the words of a query as `written_words` does, of pieces the longest alone."""
    words: list[str] = []
    for run in RUNS.finditer(readable(text)):
        if run.lastgroup in PIECES:
            words += word_pieces(run, shortest=PIECES[run.lastgroup])
        else:
            words += _run_words(run[0])
    return tuple(dict.fromkeys(words))


def is_spelled(word: str) -> bool:
    """Return whether a word is letters with blanks around them, and no piece of a run."""
    run = RUNS.match(word)
    return run is not None and run.lastgroup not in PIECES


def is_misread(word: str, other: str) -> bool:
    """Return whether one letter of a word, of five or more, was misread, left out or put in."""
    if len(word) < SHORTEST_MISREAD or word == other:
        return False
    if abs(len(word) - len(other)) > 1:
        return False
    start = _common_length(word, other)
    end = _common_length(word[start:][::-1], other[start:][::-1])
    left, right = word[start : len(word) - end], other[start : len(other) - end]
    if len(left) > 1 or len(right) > 1:
        return False
    return not (left + right).isdigit()


def _common_length(word: str, other: str) -> int:
    """Return how many letters the beginnings of two words share."""
    count = 0
    for one, two in zip(word, other, strict=False):
        if one != two:
            break
        count += 1
    return count


def _run_words(run: str) -> tuple[str, ...]:
    word = unicodedata.normalize("NFKC", run.casefold())[:LONGEST_WORD]
    return () if word in EMPTY or not word else (word,)
