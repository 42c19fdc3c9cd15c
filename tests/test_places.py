"""Where a picture shows a query: the places that speak for it, and the shade over the others."""

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from search.encoders import open_encoder
from search.encoders.places import places_of, places_that_speak
from search.engine import Engine
from search.pictures.shade import shade
from search.records import Vectors
from tests.colour_web import store

SHADE = re.compile(r'<image class="places" href="data:image/png;base64,([^"]+)"')


def halves() -> Image.Image:
    """Return a picture that is red on the left and blue on the right."""
    picture = Image.new("RGB", (96, 64), "blue")
    picture.paste(Image.new("RGB", (48, 64), "red"), (0, 0))
    return picture


@pytest.mark.parametrize("spec", ["tiny", "tiny:96", "builtin"])
def test_the_shares_of_places_add_up_to_the_pictures_vector(spec: str) -> None:
    encoder = open_encoder(spec, "cpu")
    pixels = np.stack(
        [encoder.preparation.pixels(each) for each in (halves(), halves().rotate(90))]
    )
    reader = places_of(encoder)
    assert reader is not None
    summed: Vectors = reader.shares_of_places(pixels).sum((2, 3))
    # The built-in pair's querybank corrects the sum a little.
    assert (summed * encoder.encode_pixels(pixels)).sum(1).min() > 0.9


def test_the_first_edition_tells_no_places() -> None:
    assert places_of(open_encoder("builtin:first", "cpu")) is None


def test_the_half_that_is_asked_for_speaks() -> None:
    encoder = open_encoder("tiny", "cpu")
    reader = places_of(encoder)
    assert reader is not None
    for words, column in (("red", 0), ("blue", 1)):
        query = encoder.encode_texts([words])[0]
        places = places_that_speak(reader, encoder.preparation.pixels(halves()), query)
        assert places.shape == (2, 2) and places.dtype == np.float32
        assert places[:, column].min() > 0.9 and places[:, 1 - column].max() == 0


def test_a_picture_without_a_difference_has_no_place_that_speaks() -> None:
    encoder = open_encoder("tiny", "cpu")
    reader = places_of(encoder)
    assert reader is not None
    plain = encoder.preparation.pixels(Image.new("RGB", (64, 64), "red"))
    places = places_that_speak(reader, plain, encoder.encode_texts(["red"])[0])
    assert np.isfinite(places).all() and places.max() <= 1


def test_the_shade_is_clear_where_most_speaks_and_dark_where_nothing_does() -> None:
    places = np.zeros((8, 8), np.float32)
    places[2:5, 2:5] = 1
    alpha = np.asarray(Image.open(BytesIO(shade(places))))[..., 3]
    assert alpha[42, 42] < 10 and alpha[90, 90] > 150


def test_the_page_shades_what_does_not_show_the_words(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    changed = store(engine.catalog, tmp_path / "halves.png", "red")
    halves().save(tmp_path / "halves.png")
    green = store(engine.catalog, tmp_path / "green.png", "green")
    page = client.get(f"/pictures/{green}?q=green&look=places").text
    found = SHADE.search(page)
    assert found and Image.open(BytesIO(base64.b64decode(found[1]))).mode == "RGBA"
    for without in (f"/pictures/{green}?look=places", f"/pictures/{green}?q=green"):
        assert not SHADE.search(client.get(without).text)
    assert "data-look" not in client.get(f"/pictures/{green}").text, "nothing is asked"
    since = client.get(f"/pictures/{changed}?q=blue&look=places")
    assert since.status_code == 200 and not SHADE.search(since.text), "the file is another now"
