"""Films: one picture for each shot, by its time code, read through FFmpeg."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from search.errors import BadPicture
from search.packages.installing import install_extra
from search.pictures.containers.members import check_length
from search.pictures.faults import absent
from search.pictures.limits import DEFAULT_LIMITS, Limits
from search.pictures.memory import check_bytes
from search.pictures.metadata.dates import read_date
from search.pictures.metadata.embedded_captions import captions_of
from search.pictures.metadata.places import read_iso_6709
from search.pictures.metadata.reading import camera_name
from search.records import PictureFacts

TIME_CODE = re.compile(r"(\d+):([0-5]\d):([0-5]\d)\.(\d{3})")

# A frame whose brightest hundredth is darker than this (of 255) is black: a fade, a pause
# between shots. Video black is 16, and noise lifts it a little.
BLACK = 24

# Two frames belong to one shot while their colours, in 4 by 4 fields, differ by less than this
# (mean absolute difference, of 255).
SAME_SHOT = 20.0

# A long shot gets another picture after this time: a lecture, a drive, a static camera.
LONGEST_SHOT_S = 60.0

# Key frames closer than this are looked at only once: some films have nothing but key frames.
MIN_STEP_S = 0.5

MAX_SHOTS = 5_000

# A time code has milliseconds; frames are farther apart.
TOLERANCE_S = 0.001

# The starts of the search for a frame: its own time, further and further before it, 0.
STEPS_BACK_S = (0.0, 2.0, 20.0, None)

# DVDs have 64:45 at most; far more is damage.
MAX_OBLONG = 4

# Formats whose names differ from their suffixes.
FORMATS = {".mpg": "MPEG"}

# The names in QuickTime, Matroska and RIFF, the local time first.
DATES = ("com.apple.quicktime.creationdate", "creation_time", "date", "icrd")
PLACE = re.compile(r"(?:com\.apple\.quicktime\.)?location(?:\.iso6709|-[a-z]+)?")
MAKERS = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
MODELS = ("com.apple.quicktime.model", "com.android.model", "model")
CAPTIONS = (
    ("title", "title"), ("com.apple.quicktime.title", "title"), ("description", "description"),
    ("com.apple.quicktime.description", "description"), ("synopsis", "description"),
    ("keywords", "keywords"), ("com.apple.quicktime.keywords", "keywords"),
)  # fmt: skip

CLOCKS_BEGIN = ("1904-01-01T00:00:00", "1970-01-01T00:00:00")

# Bytes a pixel of a frame: those that its decoder keeps for others, and the copies to a file.
FRAME_BYTES = 20


class Film:
    """An open film. A picture's name is its time code: hours:minutes:seconds.milliseconds."""

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        try:
            import av
        except ImportError as error:
            raise BadPicture(
                "unsupported",
                "picture-package-missing-film",
                "films are read with PyAV, whose wheels have GPL parts: {install}",
                install=install_extra("sources"),
            ) from error
        self._error: type[Exception] = av.FFmpegError
        self._path, self._limits = path, limits
        self._open()

    def _open(self) -> None:
        import av

        try:
            self._film = av.open(str(self._path))
        except self._error as error:
            raise BadPicture(
                "truncated",
                "picture-film-unreadable",
                "the film can't be read: {error}",
                error=error,
            ) from error
        if not self._film.streams.video:
            self._film.close()
            raise BadPicture(
                "not an image", "picture-film-without-frames", "it has sound, but no pictures"
            )
        self._stream = self._film.streams.video[0]
        width_px, height_px = self._stream.width or 0, self._stream.height or 0
        self._check(width_px * height_px)
        self._stream.thread_type = "SLICE"  # threads by frame would read far ahead of a seek

    def shots(self) -> Iterator[str]:
        """Yield the time codes of the first key frame of each shot; black frames are skipped.

        A film that ends in mid-frame yields the shots before its end.

        Raises:
            BadPicture: no frame can be read.
        """
        shot: Any = None
        shot_s = looked_s = -1e9
        shots = frames = 0
        for frame, at_s in self._key_frames():
            frames += 1
            if at_s - looked_s < MIN_STEP_S or shots >= MAX_SHOTS:
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
        if not frames:
            raise BadPicture(
                "truncated",
                "picture-film-frames-unreadable",
                "not one frame of the film can be read",
            )

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return the frame at a time code; where it is damaged, a frame shortly before it."""
        at_s = seconds(name)
        if at_s is None:
            raise absent(name)
        error: Exception | None = None
        for back_s in STEPS_BACK_S:
            try:
                frame = self._frame(at_s, back_s)
            except self._error as failure:
                error = failure
                continue
            if frame is not None:
                return self._bytes(frame, name, most_bytes)
        if error is not None:
            raise BadPicture(
                "truncated",
                "picture-film-frame-unreadable",
                "the film can't be read at {moment}: {error}",
                moment=name,
                error=error,
            ) from error
        raise absent(name)

    def facts(self) -> PictureFacts:
        """Return the film's format, date, place, camera and captions."""
        tags = {**self._stream.metadata, **self._film.metadata}
        suffix = self._path.suffix.lower()
        return film_facts(FORMATS.get(suffix, suffix.lstrip(".").upper()), tags)

    def close(self) -> None:
        """Close the file and its decoder."""
        self._film.close()

    def _check(self, pixels: int) -> None:
        try:
            check_bytes(pixels * FRAME_BYTES, "a frame of the film", self._limits)
        except BadPicture:
            self._film.close()
            raise

    def _key_frames(self) -> Iterator[tuple[Any, float]]:
        try:
            self._stream.codec_context.skip_frame = "NONKEY"
            for frame in self._film.decode(self._stream):
                if frame.time is not None:
                    yield frame, max(0.0, frame.time)
        except self._error:
            return  # it ends in mid-frame: earlier frames are good

    def _frame(self, at_s: float, back_s: float | None) -> Any | None:
        """Return the first frame that is not before a moment, searched from `back_s` before it.

        None where the search begins past the moment: some formats, MPEG's streams among them,
        have no index, and seek only approximately.
        """
        if back_s is None:  # from the beginning
            self._film.close()
            self._open()
        else:
            base = self._stream.time_base or Fraction(1, 1000)
            start = int((max(0.0, at_s - back_s) + TOLERANCE_S / 2) / base)
            self._film.seek(start, stream=self._stream)
        self._stream.codec_context.skip_frame = "DEFAULT"
        exact = back_s is None
        for frame in self._film.decode(self._stream):
            if frame.time is None:
                continue
            if frame.time >= at_s - TOLERANCE_S:
                return frame if exact or frame.time <= at_s + TOLERANCE_S else None
            exact = True
        return None

    def _bytes(self, frame: Any, name: str, most_bytes: int) -> bytes:
        width_px, height_px = self._display_size(frame)
        check_length(width_px * height_px * 3, name, most_bytes)
        image: Image.Image = frame.to_image(width=width_px, height=height_px)
        if turn := getattr(frame, "rotation", 0):
            image = image.rotate(turn, expand=True)
        buffer = BytesIO()
        image.save(buffer, "BMP")  # the pixels alone: nothing is compressed in between
        return buffer.getvalue()

    def _display_size(self, frame: Any) -> tuple[int, int]:
        """Return the width and height that players show: pixels need not be square."""
        ratio = self._stream.sample_aspect_ratio or 1
        if not 1 / MAX_OBLONG <= ratio <= MAX_OBLONG:
            ratio = 1
        return max(1, round(frame.width * ratio)), frame.height


def film_facts(name: str, tags: Mapping[str, str]) -> PictureFacts:
    """Return the facts in a film's tags, with `name` as its format.

    The local time that phones write has priority over the time in UTC that formats require.
    """
    lower = {key.lower(): value for key, value in tags.items()}
    dates = (_date(lower.get(key, "")) for key in DATES)
    places = (read_iso_6709(value) for key, value in lower.items() if PLACE.fullmatch(key))
    latitude, longitude = next(filter(None, places), None) or (None, None)
    maker, model = (
        next((lower[key] for key in keys if key in lower), "") for keys in (MAKERS, MODELS)
    )
    captions = ((f"film.{kind}", lower[key], None) for key, kind in CAPTIONS if key in lower)
    return PictureFacts(
        format=name,
        width_px=0,
        height_px=0,
        taken_at=next(filter(None, dates), None),
        latitude=latitude,
        longitude=longitude,
        camera=camera_name({ExifTags.Base.Make: maker, ExifTags.Base.Model: model}),
        captions=captions_of(captions, "file"),
    )


def _date(text: str) -> str | None:
    """Return a date; None for the epochs of clocks, which programs write in place of a date."""
    date = read_date(text)
    return None if date is None or date.startswith(CLOCKS_BEGIN) else date


def time_code(at_s: float) -> str:
    """Return seconds as hours:minutes:seconds.milliseconds."""
    milliseconds = round(at_s * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def seconds(name: str) -> float | None:
    """Return a time code's seconds; None for other texts."""
    match = TIME_CODE.fullmatch(name)
    if match is None:
        return None
    hours, minutes, whole, thousandths = map(int, match.groups())
    return hours * 3600 + minutes * 60 + whole + thousandths / 1000
