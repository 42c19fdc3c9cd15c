"""Pairs without weights, for tests and demonstrations: colours and their places, in NumPy."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from search.encoders import EncoderBackend, EncoderInfo
from search.encoders.fingerprint import space_id
from search.encoders.preparation import Preparation
from search.encoders.text_limits import longest, usual_letters
from search.encoders.tiny_words import ANYWHERE, COLOUR_OF, COLOURS, PALETTE, PLACE_OF
from search.errors import BadSetting
from search.records import Pixels, Space, Vectors

VERSION = 1
"""Increased whenever the vectors change, so that old and new ones have different spaces."""

WIDTH = 64
MAX_WIDTH = 2_048
SIDE_PX = 32
MAX_WORDS = 256

_ROWS = np.arange(len(ANYWHERE))[:, None]

CLAUSES = re.compile(r"[,.;:\uff0c\u3002\uff1b\uff1a\u3001]|\band\b|和")
WORDS = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")


class TinyEncoder:
    """An encoder of twelve colours and the four sides, in English and Chinese.

    With a `width` over 64, vectors are rotated into a wider space: another space, which ranks the
    same, to change a collection's pair with.

    A picture becomes the share of each colour in its quarters; a text becomes those of the picture
    that it describes: "red left and blue right". Other words add a direction chosen by their
    hash, so texts that share words are alike, and no vector is zero.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._width = width
        self._rotation = None if width == WIDTH else _rotation(width)

    @property
    def space(self) -> Space:
        """Return the space of this pair, which depends on its version and width."""
        parts = [("version", str(VERSION).encode())]
        if self._rotation is None:
            return Space(space_id("tiny", parts), "tiny", WIDTH)
        parts.append(("width", str(self._width).encode()))
        return Space(space_id("tiny", parts), f"tiny:{self._width}", self._width)

    @property
    def preparation(self) -> Preparation:
        """Return the preparation to a small square: quarters and colours need no more."""
        half = (0.5, 0.5, 0.5)
        return Preparation(SIDE_PX, SIDE_PX, "squash", "bilinear", mean=half, std=half)

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, 32, 32, 3) uint8 -> (n, width); n may be 0."""
        return self._rotated([_layout(_shares(picture), _light(picture)) for picture in pixels])

    @property
    def places(self) -> "TinyEncoder":
        """Return the pair itself: each quarter has its own share of the vector."""
        return self

    def shares_of_places(self, pixels: Pixels) -> Vectors:
        """Return what each quarter adds to the vectors, (n, width, 2, 2)."""
        parts = []
        for picture in pixels:
            shares, light = _shares(picture), _light(picture) / len(ANYWHERE)
            quarters = [_layout(np.where(q == _ROWS, shares, 0), light) for q in ANYWHERE]
            rows = np.array(quarters) / np.linalg.norm(np.sum(quarters, axis=0))
            rows = rows if self._rotation is None else rows @ self._rotation
            parts.append(rows.T.reshape(self._width, 2, 2))
        return np.array(parts, np.float32).reshape(len(pixels), self._width, 2, 2)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0. Text past 256 words is cut."""
        return self._rotated([_describe(usual_letters(text)) for text in texts])

    def characters_read(self, text: str) -> int:
        """How many characters of a text hold its first 256 words."""
        return longest(text, lambda part: len(WORDS.findall(part)) <= MAX_WORDS)

    def _rotated(self, vectors: list[NDArray[np.float64]]) -> Vectors:
        rows = _unit(vectors)
        if self._rotation is None:
            return rows
        # One by one: the last bits of a product depend on how many rows it has.
        turned = [row @ self._rotation for row in rows]
        return np.array(turned, np.float32).reshape(len(rows), self._width)


class TinyBackend(EncoderBackend):
    """The backend of the tiny pairs."""

    names: ClassVar[tuple[str, ...]] = ("tiny", "tiny:WIDTH")

    def open(self, spec: str, device: str) -> TinyEncoder:
        """Open a pair on the CPU, whatever the device; raise BadSetting for an odd width."""
        return TinyEncoder(_width_of(spec))

    def check(self, spec: str) -> None:
        """Refuse a width that no pair can have; raise as `open` does."""
        _width_of(spec)

    def list_installed(self) -> Iterable[EncoderInfo]:
        """Yield the pair, which is always there."""
        space = TinyEncoder().space
        yield EncoderInfo("tiny", "ships", space.id, space.width, 0, "fast", ("en", "zh"))


def _width_of(spec: str) -> int:
    """Return the width that a specification names."""
    text = spec.partition(":")[2]
    if spec == "tiny":
        return WIDTH
    if not (text.isascii() and text.isdecimal() and WIDTH < int(text) <= MAX_WIDTH):
        raise BadSetting(
            "tiny-width-invalid",
            "the tiny pair {spec!r} can't be; write tiny, or tiny:WIDTH, a width of {least} to "
            "{most}",
            spec=spec,
            least=WIDTH + 1,
            most=MAX_WIDTH,
        )
    return int(text)


def _rotation(width: int) -> Vectors:
    """Return (64, width), whose rows are orthonormal."""
    columns = np.random.default_rng(width).normal(size=(width, WIDTH))
    return np.ascontiguousarray(np.linalg.qr(columns)[0].T, np.float32)


def _shares(picture: Pixels) -> NDArray[np.float64]:
    """Return (4, colours): the part of each quarter that is nearest to each colour."""
    distances = np.square(picture[:, :, None, :].astype(np.int32) - PALETTE).sum(axis=-1)
    nearest = distances.argmin(axis=-1)
    half = SIDE_PX // 2
    quarters = (nearest[y : y + half, x : x + half] for y in (0, half) for x in (0, half))
    counts = [np.bincount(quarter.ravel(), minlength=len(COLOURS)) for quarter in quarters]
    return np.array(counts) / half**2


def _light(picture: Pixels) -> NDArray[np.float64]:
    """Return (4,): mean red, green, blue and the contrast, faint, to separate like pictures."""
    values = picture / 255.0
    return 0.05 * np.append(values.mean(axis=(0, 1)), values.std())


def _describe(text: str) -> NDArray[np.float64]:
    canvas = np.zeros((4, len(COLOURS)))
    others: list[str] = []
    left = MAX_WORDS
    for clause in CLAUSES.split(text.lower()):
        words = WORDS.findall(clause)[:left]
        left -= len(words)
        quarters = set(ANYWHERE)
        for word in words:
            quarters &= PLACE_OF.get(word, ANYWHERE)
        for word in words:
            if word in COLOUR_OF:
                canvas[sorted(quarters), COLOUR_OF[word]] += 1
            elif word not in PLACE_OF:
                others.append(word)
    canvas /= np.maximum(canvas.sum(axis=1, keepdims=True), 1)
    vector = _layout(canvas, np.zeros(4)) + 0.05 * _direction(text)
    for word in others:
        vector += 0.2 / len(others) ** 0.5 * _direction(word)
    return vector


def _layout(shares: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one vector (64,) of the shares of the whole, of the quarters and the light."""
    return np.concatenate([shares.mean(axis=0), 0.5 * shares.ravel(), light])


def _direction(word: str) -> NDArray[np.float64]:
    """Return the unit vector (64,) that the hash of `word` chooses."""
    seed = hashlib.sha512(word.encode("utf-8", "surrogatepass")).digest()
    direction = np.frombuffer(seed, np.uint8) - 127.5  # never 0, so neither is its length
    return direction / np.linalg.norm(direction)


def _unit(vectors: list[NDArray[np.float64]]) -> Vectors:
    rows = np.array(vectors).reshape(len(vectors), WIDTH)
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
