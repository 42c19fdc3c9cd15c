"""Words that are read only by themselves: a camera, a colour, an orientation, films, places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search.query.filters.colours import NAMED
from search.query.filters.fields import ORIENTATIONS, SPELLINGS
from search.query.reading import ReadingKind
from search.query.understanding import conditions
from search.query.understanding.records import IsTaken, Vocabulary, word_set

DELIMITER = re.compile(r"[,，;；、]")

FILMS = frozenset(("videos", "video clips", "movies", "videos only", "视频", "影片", "录像"))
FILMS_OF = re.compile(r"(?:videos|video\s+clips)\s+of\s+", re.IGNORECASE)
UPRIGHT = {
    **dict.fromkeys(("portrait orientation", "portrait format", "vertical photos"), "portrait"),
    **dict.fromkeys(("landscape orientation", "landscape format"), "landscape"),
    **dict.fromkeys(("竖拍", "竖版", "竖构图", "竖屏"), "portrait"),
    **dict.fromkeys(("横拍", "横版", "横构图", "横屏"), "landscape"),
    **dict.fromkeys(("square format", "方形照片"), "square"),
}

# Makers whose names are things to see: alone, they are offered and not read.
THINGS = word_set("apple nothing palm red honor essential google light sharp canon-ball")

SHOT_ON = re.compile(
    r"(?:shot|taken|photographed|captured)\s+(?:on|with|by)\s+(?:(?:an?|my|the)\s+)?"
    r"(?P<camera>[\w.-]+(?:\s+[\w.-]+){0,3})",
    re.IGNORECASE,
)
SHOT_ON_CHINESE = re.compile(
    r"用\s*(?P<camera>[\w.-]+?(?:\s+[\w.-]+?){0,3})\s*(?:拍摄的|拍的|拍摄|拍)"
)
PLACED = re.compile(r"(?<!\w)(?<!made )in\s+(?=\S)", re.IGNORECASE)
PLACED_CHINESE = re.compile("在(?P<place>[\u3400-\u9fff]{2,8})")
WORD = re.compile(r"[^\s,，;；]+")
MAX_PLACE_WORDS = 4
FILLERS = word_set(
    "photo photos picture pictures image images pic pics shot shots snapshots taken the all any my"
    " 照片 图片 相片 的照片 的图片 所有照片 全部照片 的"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece with its possible meaning: a condition, and whether it is sure."""

    kind: ReadingKind
    start: int
    end: int
    field: str
    sign: str
    value: str
    is_sure: bool = True


def phrases(text: str, is_taken: IsTaken, vocabulary: Vocabulary) -> Iterator[Piece]:
    """Yield places after "in", cameras after "shot on", and "videos of"."""
    for match in PLACED.finditer(text):
        result = _place_at(text, match.end(), vocabulary)
        if result and not is_taken(match.start(), result[0]):
            yield Piece("place", match.start(), result[0], result[1], "=", result[2])
    for match in PLACED_CHINESE.finditer(text):
        for length in range(len(match["place"]), 1, -1):
            place = vocabulary.place(match["place"][:length])
            end = match.start() + 1 + length
            if place and not is_taken(match.start(), end):
                yield Piece(
                    "place",
                    match.start(),
                    end + text.startswith("的", end),
                    place[0],
                    "=",
                    place[1],
                )
                break
    for match in (*SHOT_ON.finditer(text), *SHOT_ON_CHINESE.finditer(text)):
        yield from _camera_in(match, is_taken, vocabulary)
    films = FILMS_OF.match(text, len(text) - len(text.lstrip()))
    if films and not is_taken(films.start(), films.end()):
        yield Piece("films", films.start(), films.end(), "has", "=", "film")


def pieces(text: str, is_taken: IsTaken, vocabulary: Vocabulary) -> Iterator[Piece]:
    """Yield the comma-separated pieces that, apart from what was read, are one such word."""
    remains = list(_remains(text, is_taken))
    several = len(remains) > 1
    for start, end in remains:
        piece = _meaning(text, start, end, several, vocabulary)
        if piece is not None:
            yield piece


def fillers(text: str, is_taken: IsTaken) -> Iterator[tuple[int, int]]:
    """Yield the words that are left over where all of them say nothing, such as "photos"."""
    remains = list(_remains(text, is_taken))
    if all(set(text[start:end].lower().split()) <= FILLERS for start, end in remains):
        yield from remains


def _remains(text: str, is_taken: IsTaken) -> Iterator[tuple[int, int]]:
    """Yield each comma-separated piece without what was read."""
    edges = [
        match for match in DELIMITER.finditer(text) if not is_taken(match.start(), match.end())
    ]
    starts = [0, *(match.end() for match in edges)]
    ends = [*(match.start() for match in edges), len(text)]
    for start, end in zip(starts, ends, strict=True):
        left = [
            at for at in range(start, end) if not text[at].isspace() and not is_taken(at, at + 1)
        ]
        if left:
            yield left[0], left[-1] + 1


def _meaning(
    text: str, start: int, end: int, several: bool, vocabulary: Vocabulary
) -> Piece | None:
    words = " ".join(text[start:end].split())
    lower = words.lower()
    if lower in FILMS:
        return Piece("films", start, end, "has", "=", "film")
    if lower in UPRIGHT:
        return Piece("orientation", start, end, "orientation", "=", UPRIGHT[lower])
    if lower in ORIENTATIONS:
        return Piece("orientation", start, end, "orientation", "=", lower, several)
    colour = SPELLINGS.get(lower, conditions.COLOURS.get(lower, lower))
    if colour in NAMED:
        return Piece("colour", start, end, "colour", "=", colour, several)
    if _names_camera(words, vocabulary):
        return Piece("camera", start, end, "camera", "~", words, several or lower not in THINGS)
    if place := vocabulary.place(words):
        return Piece("place", start, end, place[0], "=", place[1], several)
    return None


def _names_camera(words: str, vocabulary: Vocabulary) -> bool:
    is_name = len(words) > 1 and len(words.split()) <= 6 and any(map(str.isalpha, words))
    return is_name and vocabulary.has_camera(words)


def _camera_in(match: re.Match[str], is_taken: IsTaken, vocabulary: Vocabulary) -> Iterator[Piece]:
    """Yield the longest beginning of the matched words that names a camera."""
    words = list(WORD.finditer(match["camera"]))
    for last in reversed(words):
        camera = match["camera"][: last.end()]
        end = match.start("camera") + last.end()
        if last is words[-1]:
            end = max(end, match.end())
        if _names_camera(camera, vocabulary) and not is_taken(match.start(), end):
            yield Piece("camera", match.start(), end, "camera", "~", camera)
            return


def _place_at(text: str, at: int, vocabulary: Vocabulary) -> tuple[int, str, str] | None:
    """Return the end of the longest place that begins there, with its column and its value."""
    words = []
    for match in WORD.finditer(text, at):
        words.append(match)
        if len(words) == MAX_PLACE_WORDS or DELIMITER.match(text, match.end()):
            break
    for last in reversed(words):
        place = vocabulary.place(" ".join(text[at : last.end()].split()))
        if place:
            return last.end(), place[0], place[1]
    return None
