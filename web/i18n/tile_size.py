"""The size of the pictures in a grid, as a reader chose it."""

from flask import Flask

from web.i18n.reader_choice import ReaderChoice

USUAL = "usual"
SCALES = {"small": 2 / 3, USUAL: 1.0, "large": 1.5}
"""The height of a row against the usual, by the name of the size; tokens.css has the same."""

# The script sets the cookie too: another size asks nothing of the server.
CHOICE = ReaderChoice("size", "limn_size", SCALES, is_for_scripts=True)


def register_tile_size(app: Flask) -> None:
    """Make `app` remember the size that an address chooses, and tell the templates of it."""
    app.jinja_env.globals.update(tile_size=tile_size, in_tile_size=CHOICE.address)
    CHOICE.remember_in(app)


def tile_size() -> str:
    """Return the name of the size of the current answer's pictures."""
    return CHOICE.value or USUAL
