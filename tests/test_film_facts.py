"""Films: every shot can be read as players show it; date and place are known."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from search.pictures.containers import container_facts
from search.pictures.containers.film import Film, film_facts

COLOURS = ("red", "lime", "blue", "yellow")
RATE = 10


def film(
    path: Path,
    codec: str,
    kind: str | None = None,
    ratio: str | None = None,
    tags: dict[str, str] | None = None,
) -> Path:
    """Return a film of four seconds, one colour each, 96 by 64 pixels."""
    with av.open(str(path), "w", format=kind) as written:
        written.metadata.update(tags or {})
        stream = written.add_stream(codec, rate=25 if "mpeg" in codec else RATE)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = 12
        if ratio:
            stream.sample_aspect_ratio = Fraction(ratio)
        for colour in COLOURS:
            still = np.asarray(Image.new("RGB", (96, 64), colour))
            for _ in range(25 if "mpeg" in codec else RATE):
                written.mux(stream.encode(av.VideoFrame.from_ndarray(still, format="rgb24")))
        written.mux(stream.encode(None))
    return path


def shots(path: Path) -> dict[str, Image.Image]:
    """Return the shots of a film, each from a newly opened file."""
    opened = Film(path)
    names = list(opened.shots())
    opened.close()
    read: dict[str, Image.Image] = {}
    for name in names:
        opened = Film(path)
        read[name] = Image.open(BytesIO(opened.read(name, 1 << 30)))
        opened.close()
    return read


KINDS = [
    ("a.mpg", "mpeg2video", "mpeg"),
    ("a.mpg", "mpeg2video", "vob"),
    ("a.mpg", "mpeg2video", "mpegts"),
    ("a.mpeg", "mpeg1video", "mpeg"),
    ("a.avi", "mpeg4", "avi"),
    ("a.avi", "mjpeg", "avi"),
    ("a.mp4", "mpeg4", "mp4"),
    ("a.mov", "mjpeg", "mov"),
    ("a.mkv", "mpeg4", "matroska"),
    ("a.3gp", "mpeg4", "3gp"),
]


@pytest.mark.parametrize(("name", "codec", "kind"), KINDS)
def test_every_shot_that_is_found_can_be_read(
    name: str, codec: str, kind: str, tmp_path: Path
) -> None:
    found = shots(film(tmp_path / name, codec, kind))
    assert len(found) >= len(COLOURS) - 1
    for at, image in found.items():
        hours, minutes, seconds = at.split(":")
        assert (hours, minutes) == ("0", "00"), "it has four seconds"
        assert image.size == (96, 64), seconds
    middles = [image.convert("RGB").getpixel((48, 32)) for image in found.values()]
    named = {tuple(round(each / 255) for each in middle) for middle in middles}  # type: ignore[union-attr]
    assert len(named) >= len(COLOURS) - 1, "each shot shows its own colour"


@pytest.mark.parametrize(
    ("ratio", "width_px"), [("2", 192), ("16/15", 102), ("1/2", 48), ("1", 96), ("99", 96)]
)
def test_oblong_pixels_are_shown_as_players_do(ratio: str, width_px: int, tmp_path: Path) -> None:
    found = shots(film(tmp_path / "a.mkv", "mpeg4", ratio=ratio))
    assert {image.size for image in found.values()} == {(width_px, 64)}


def test_a_film_says_when_and_where_it_was_taken(tmp_path: Path) -> None:
    tags = {"creation_time": "2019-07-08T09:10:11Z", "location": "+48.5000+002.2500/"}
    path = film(tmp_path / "a.mp4", "mpeg4", tags=tags)
    facts = container_facts(path / "0:00:00.000")
    assert facts is not None
    assert (facts.format, facts.taken_at) == ("MP4", "2019-07-08T09:10:11Z")
    assert (facts.latitude, facts.longitude) == (48.5, 2.25)
    assert container_facts(tmp_path / "a.jpg") is None


@pytest.mark.parametrize(
    ("tags", "taken_at"),
    [
        (
            {
                "creation_time": "2019-07-08T09:10:11.000000Z",
                "com.apple.quicktime.creationdate": "2019-07-08T11:10:11+0200",
            },
            "2019-07-08T11:10:11+02:00",
        ),
        ({"DATE": "2015-03-02"}, "2015-03-02"),
        ({"creation_time": "1904-01-01T00:00:00.000000Z", "date": "2015"}, "2015-01-01"),
        ({"creation_time": "1970-01-01T00:00:00.000000Z"}, None),
        ({"creation_time": "nonsense"}, None),
        ({}, None),
    ],
)
def test_the_local_time_of_a_film_goes_before_that_in_utc(
    tags: dict[str, str], taken_at: str | None
) -> None:
    assert film_facts("MOV", tags).taken_at == taken_at


def test_a_film_names_its_camera_and_what_people_called_it() -> None:
    facts = film_facts(
        "MOV",
        {
            "com.apple.quicktime.make": "Apple",
            "com.apple.quicktime.model": "iPhone 12",
            "com.apple.quicktime.location.ISO6709": "-33.8567+151.2100+010.000/",
            "title": "Our harbour",
        },
    )
    assert facts.camera == "Apple iPhone 12"
    assert (facts.latitude, facts.longitude) == (-33.8567, 151.21)
    assert [(each.kind, each.text) for each in facts.captions] == [("film.title", "Our harbour")]
