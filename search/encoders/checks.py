"""The check of a specification before its encoder is opened, and the error for an unknown one."""

import difflib

from search import plugins
from search.encoders import backend_of
from search.errors import BadSetting


def check_encoder(spec: str) -> None:
    """Refuse a specification that names nothing here, without opening what it names.

    Raises:
        BadSetting: it names no encoder; the message names those that are like it.
        EncoderUnavailable: its files are missing, and can't be had.
    """
    backend_of(spec).check(spec)


def unknown(spec: str) -> BadSetting:
    """Return the error for a specification of no registered form."""
    found = _near(spec)
    meant = f"; did you mean {' or '.join(found)}?" if found else ""
    return BadSetting(
        f"unknown encoder {spec!r}{meant}; choose one of: {', '.join(plugins.choices('encoders'))};"
        " limn encoders lists those on this machine"
    )


def _near(spec: str) -> list[str]:
    """Names that open an encoder and are like what was written."""
    whole = [name for name in plugins.choices("encoders") if plugins.head(name) == name]
    close = difflib.get_close_matches(spec.lower(), whole, n=1)
    if close or not any(letter.isalnum() for letter in spec):
        return close or whole[:1]
    for backend in plugins.backends("encoders"):
        if suggested := backend().suggest(spec):
            return list(suggested)
    return []
