"""Films: one picture a shot, by its time code, read through FFmpeg."""

import re
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from search.errors import BadPicture
from search.installing import install_extra
from search.pictures.containers import absent, check_length

TIME_CODE = re.compile(r"(\d+):([0-5]\d):([0-5]\d)\.(\d{3})")

# A frame whose brightest hundredth is darker than this (of 255) shows nothing: a fade, a pause
# between shots. Video black is 16, and noise lifts it a little.
BLACK = 24

# Two frames are of one shot while their colours, in 4 by 4 fields, differ by less than this (mean
# absolute difference, of 255).
SAME_SHOT = 20.0

# A shot that goes on gets another picture after this time: a lecture, a drive, a static camera.
LONGEST_SHOT_S = 60.0

# Key frames closer than this are looked at only once: some films have nothing but key frames.
LEAST_STEP_S = 0.5

MOST_SHOTS = 5_000


class Film:
    """An open film. A picture's name is its time code: hours:minutes:seconds.milliseconds."""

    def __init__(self, path: Path) -> None:
        try:
            import av
        except ImportError as error:
            raise BadPicture(
                "films are read with PyAV, whose wheels hold GPL parts: "
                f"{install_extra('sources')}",
                "unsupported",
            ) from error
        self._error: type[Exception] = av.FFmpegError
        try:
            self._film = av.open(str(path))
        except av.FFmpegError as error:
            raise BadPicture(f"the film can't be read: {error}", "truncated") from error
        if not self._film.streams.video:
            self._film.close()
            raise BadPicture("it has sound, but no pictures", "not an image")
        self._stream = self._film.streams.video[0]
        self._stream.thread_type = "SLICE"  # threads by frame would read far ahead of a seek

    def shots(self) -> Iterator[str]:
        """The time codes of the first key frame of each shot; black frames count for none.

        A film that ends in mid-frame yields the shots before its end.

        Raises:
            BadPicture: not one frame can be read.
        """
        shot: Any = None
        shot_s = looked_s = -1e9
        shots = seen = 0
        for frame, at_s in self._key_frames():
            seen += 1
            if at_s - looked_s < LEAST_STEP_S or shots >= MOST_SHOTS:
                continue
            looked_s = at_s
            small = frame.reformat(32, 32, "rgb24").to_ndarray()
            if np.percentile(small, 99) < BLACK:
                continue
            fields = small.reshape(4, 8, 4, 8, 3).mean(axis=(1, 3))
            same = shot is not None and np.abs(fields - shot).mean() < SAME_SHOT
            if same and at_s - shot_s < LONGEST_SHOT_S:
                continue
            shot, shot_s = fields, at_s
            shots += 1
            yield time_code(at_s)
        if not seen:
            raise BadPicture("not one frame of the film can be read", "truncated")

    def read(self, name: str, most_bytes: int) -> bytes:
        at_s = seconds(name)
        if at_s is None:
            raise absent(name)
        base = self._stream.time_base or Fraction(1, 1000)
        try:
            self._stream.codec_context.skip_frame = "DEFAULT"
            self._film.seek(int((at_s + 0.0005) / base), stream=self._stream)
            for frame in self._film.decode(self._stream):
                if frame.time is not None and frame.time >= at_s - 0.001:
                    return self._bytes(frame, name, most_bytes)
        except self._error as error:
            raise BadPicture(f"the film can't be read at {name}: {error}", "truncated") from error
        raise absent(name)

    def close(self) -> None:
        self._film.close()

    def _key_frames(self) -> Iterator[tuple[Any, float]]:
        try:
            self._stream.codec_context.skip_frame = "NONKEY"
            for frame in self._film.decode(self._stream):
                if frame.time is not None:
                    yield frame, max(0.0, frame.time)
        except self._error:
            return  # it ends in mid-frame: what came before is good

    def _bytes(self, frame: Any, name: str, most_bytes: int) -> bytes:
        check_length(frame.width * frame.height * 3, name, most_bytes)
        image: Image.Image = frame.to_image()
        if turn := getattr(frame, "rotation", 0):
            image = image.rotate(turn, expand=True)
        written = BytesIO()
        image.save(written, "BMP")  # no more than the pixels: nothing is compressed in between
        return written.getvalue()


def time_code(at_s: float) -> str:
    """Seconds as hours:minutes:seconds.milliseconds."""
    milliseconds = round(at_s * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def seconds(name: str) -> float | None:
    """A time code's seconds; None for what is none."""
    found = TIME_CODE.fullmatch(name)
    if found is None:
        return None
    hours, minutes, whole, thousandths = map(int, found.groups())
    return hours * 3600 + minutes * 60 + whole + thousandths / 1000
