"""The colours of the pages: as the system has them, unless a reader chose light or dark."""

from flask import Flask

from web.i18n.reader_choice import ReaderChoice

SYSTEM = "system"
CHOICE = ReaderChoice("theme", "limn_theme", (SYSTEM, "light", "dark"))


def register_theme(app: Flask) -> None:
    """Make `app` remember the theme that an address chooses, and tell the templates of it."""
    app.jinja_env.globals.update(theme=theme, in_theme=CHOICE.address)
    CHOICE.remember_in(app)


def theme() -> str:
    """Return the theme of the current answer."""
    return CHOICE.value or SYSTEM
