"""The check of a specification before its encoder is opened, and the error for an unknown one."""

import difflib

from search import plugins
from search.encoders import backend_of
from search.errors import BadSetting


def check_encoder(spec: str) -> None:
    """Refuse a specification that names no encoder, without opening the pair.

    Raises:
        BadSetting: the specification names no encoder; the message lists similar names.
        EncoderUnavailable: its files are missing, and can't be downloaded.
    """
    backend_of(spec).check(spec)


def unknown(spec: str) -> BadSetting:
    """Return the error for a specification of no registered form."""
    found = _near(spec)
    meant = f"; did you mean {' or '.join(found)}?" if found else ""
    return BadSetting(
        "unknown-encoder",
        "unknown encoder {spec!r}{hint}; choose one of: {plugins};"
        " limn encoders lists those on this machine",
        spec=spec,
        hint=meant,
        plugins=", ".join(plugins.choices("encoders")),
    )


def _near(spec: str) -> list[str]:
    """Return the names of encoders that resemble the given text."""
    whole = [name for name in plugins.choices("encoders") if plugins.head(name) == name]
    close = difflib.get_close_matches(spec.lower(), whole, n=1)
    if close or not any(letter.isalnum() for letter in spec):
        return close or whole[:1]
    for backend in plugins.backends("encoders"):
        if suggested := backend().suggest(spec):
            return list(suggested)
    return []
