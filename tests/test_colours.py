"""Colours: CIELAB, the colours of a name, and an index whose cells miss nothing."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.query.filters.colours import NAMED, TOLERANCE, are, cells, cells_near, lab

# Every seventh step through sRGB, corners included.
STEPS = [0, 42, 85, 127, 170, 212, 255]
SRGB = lab([f"#{r:02x}{g:02x}{b:02x}" for r, g, b in product(STEPS, STEPS, STEPS)])


def test_known_colours_have_their_published_coordinates() -> None:
    found = lab(["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff"])
    assert found.tolist() == [
        [0, 0, 0], [100, 0, 0], [53, 80, 67], [88, -86, 83], [32, 79, -108],
    ]  # fmt: skip


@given(st.integers(0, 0xFFFFFF))
def test_whatever_lies_near_a_colour_lies_in_its_cells(number: int) -> None:
    colour = f"#{number:06x}"
    near = SRGB[are(colour, SRGB)]
    assert set(cells(near).tolist()) <= set(cells_near(lab([colour])[0], TOLERANCE))


def test_a_colour_is_what_people_call_it() -> None:
    told = {
        "#b22222": "red", "#87ceeb": "blue", "#191970": "blue", "#228b22": "green",
        "#ffb6c1": "pink", "#fffafa": "white", "#2b1d14": "brown", "#111111": "black",
        "#8b8b8b": "grey", "#ff8c00": "orange", "#ffd700": "yellow", "#40e0d0": "turquoise",
    }  # fmt: skip
    for colour, name in told.items():
        assert are(name, lab([colour]))[0], (colour, name)
    assert not are("red", lab(["#87ceeb", "#228b22", "#ffffff", "#111111"])).any()


def test_most_colours_of_dull_photographs_have_a_name() -> None:
    dull = SRGB[np.hypot(SRGB[:, 1], SRGB[:, 2]) < 25]
    named = np.any([are(name, dull) for name in NAMED], axis=0)
    assert named.mean() > 0.7
