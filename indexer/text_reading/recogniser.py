"""The recogniser of text: rapidocr's networks, with the settings that were measured."""

import importlib.util
import logging
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from indexer.text_reading.lines import useful_lines
from search.errors import BadSetting
from search.packages.installing import install_extra
from search.records import Pixels, TextLine

PACKAGE = "rapidocr"

# The longer side at which lines are detected. With rapidocr's own setting, at least 736 for the
# shorter one, a small photograph is enlarged: 0.7 s in place of 0.06 s, and no line more.
DETECTION_SIDE_PX = 736

# Lines are recognised at up to this size of the picture.
MAX_SIDE_PX = 2000

# So many of the lines upright make a picture a page that lies on its side.
TURNED_SHARE = 0.6

# Lines that stand right are read with more than this mean confidence.
SURE = 0.9

# A line so many times higher than wide is upright: rapidocr's own limit.
UPRIGHT = 1.5

SETTINGS: dict[str, Any] = {
    "Global.log_level": "critical",
    "Global.max_side_len": MAX_SIDE_PX,
    "Det.limit_type": "max",
    "Det.limit_side_len": DETECTION_SIDE_PX,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def is_installed(package: str = PACKAGE) -> bool:
    """Return whether the extra `ocr`, which installs the package, is installed."""
    return importlib.util.find_spec(package) is not None


def check_installed(package: str = PACKAGE) -> None:
    """Raise BadSetting where the extra `ocr`, which installs the package, is not installed."""
    if not is_installed(package):
        raise BadSetting(
            "ocr-not-installed",
            "reading the text in pictures needs the package {package}; install it with: {install}",
            package=package,
            install=install_extra("ocr"),
        )


def reader_version() -> str:
    """Return the name of what reads, which is stored with each reading."""
    return f"{PACKAGE} {version(PACKAGE)}"


@dataclass(frozen=True, slots=True)
class _Pass:
    """The lines of one pass over a picture: boxes (n, 4, 2) in pixels, texts and their scores."""

    boxes: Any
    texts: tuple[str, ...]
    scores: tuple[float, ...]

    @property
    def confidence(self) -> float:
        """Return the mean confidence of a letter; 0 without any."""
        return self.score / max(1, sum(map(len, self.texts)))

    @property
    def score(self) -> float:
        """Return the letters that are read, each weighed by its line's confidence."""
        return sum(len(text) * score for text, score in zip(self.texts, self.scores, strict=True))


class Recogniser:
    """The opened networks. For one thread."""

    def __init__(self) -> None:
        check_installed()
        logging.getLogger("RapidOCR").disabled = True
        from rapidocr import RapidOCR

        self._networks = RapidOCR(params=SETTINGS)

    def read(self, pixels: Pixels) -> tuple[TextLine, ...]:
        """Return the lines of an upright RGB picture (height, width, 3), from top to bottom.

        A page that lies on its side or on its head is turned and read again.
        """
        first = self._look(pixels)
        best, best_turn = first, 0
        for turn in _turns(first):
            again = self._look(np.ascontiguousarray(np.rot90(pixels, turn)))
            if again.score > best.score:
                best, best_turn = again, turn
            if best.confidence >= SURE:
                break
        return useful_lines(self._lines(best, best_turn, pixels.shape[:2]))

    def _look(self, pixels: Pixels) -> _Pass:
        result = self._networks(pixels[:, :, ::-1])  # it takes BGR
        if result.boxes is None or result.txts is None:
            return _Pass(np.zeros((0, 4, 2)), (), ())
        return _Pass(np.asarray(result.boxes), tuple(result.txts), tuple(map(float, result.scores)))

    def _lines(self, best: _Pass, turn: int, shape: tuple[int, ...]) -> list[TextLine]:
        height, width = shape[:2] if turn % 2 == 0 else (shape[1], shape[0])
        lines = []
        for corners, text, score in zip(best.boxes, best.texts, best.scores, strict=True):
            left, top = corners.min(axis=0) / (width, height)
            right, bottom = corners.max(axis=0) / (width, height)
            box = _turned_back((float(left), float(top), float(right), float(bottom)), turn)
            lines.append(TextLine(text, score, box))
        return lines


def _turns(first: _Pass) -> tuple[int, ...]:
    """Return the quarter turns, against the clock, by which a picture may be a page upright.

    Lines on their side or head are turned by rapidocr, each alone. Where that goes wrong, they are
    read with little confidence.
    """
    if not first.scores or first.confidence >= SURE:
        return ()
    sides = np.ptp(first.boxes, axis=1)  # (n, 2): the width and the height of each line
    upright_share = (sides[:, 1] > UPRIGHT * sides[:, 0]).mean()
    return (1, 3) if upright_share >= TURNED_SHARE else (2,)


def _turned_back(
    box: tuple[float, float, float, float], turn: int
) -> tuple[float, float, float, float]:
    """Return a box of a picture that was turned by quarters, in the picture as it was."""
    left, top, right, bottom = box
    for _ in range(turn % 4):  # one quarter against the clock took (x, y) to (y, 1 - x)
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return left, top, right, bottom
