"""The reading of one picture's file: decoded, looked at by the gate, and recognised."""

import numpy as np

from indexer.text_reading.edges import edge_features
from indexer.text_reading.gate import may_hold_text
from indexer.text_reading.outcomes import (
    LooksPlain,
    NotNow,
    NotReadable,
    Outcome,
    ReadText,
    TextTask,
)
from indexer.text_reading.recogniser import MAX_SIDE_PX, Recogniser
from search.errors import BadPicture, Message
from search.pictures import Limits, content_hash, load_file, read_picture

# A JPEG is decoded so that its shorter side has this at least: small print stays readable.
DECODED_SIDE_PX = 1_100


# Reasons that another day may be gone: a disk that is not there, a file that others read.
PASSING = ("missing", "unreadable", "timed out")


class TextReader:
    """The recogniser, and what comes before it. For one thread."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recogniser = Recogniser()

    def read(self, task: TextTask) -> Outcome:
        """Read a picture; raise nothing."""
        name = repr(str(task.path))
        try:
            return self._read(task, name)
        except BadPicture as error:
            if error.reason in PASSING:
                return NotNow()
            return NotReadable(error.message.about(name))
        except Exception as error:  # one file must never end a run of a million
            return NotReadable(_fails(name, error))

    def _read(self, task: TextTask, name: str) -> Outcome:
        data = load_file(task.path, self._limits)
        if content_hash(data) != task.content_hash:
            return NotNow()
        picture, _ = read_picture(
            data, limits=self._limits, target_px=DECODED_SIDE_PX, name=name, drawings=True
        )
        if task.is_gated and not may_hold_text(edge_features(picture)):
            return LooksPlain()
        if max(picture.size) > MAX_SIDE_PX:
            picture.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
        return ReadText(self._recogniser.read(np.asarray(picture)))


def _fails(name: str, error: Exception) -> Message:
    return Message(
        "text-reading-fails",
        "reading the text in {name}: {kind}: {error}",
        name=name,
        kind=type(error).__name__,
        error=error,
    )
