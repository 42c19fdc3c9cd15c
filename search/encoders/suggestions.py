"""Suggestions for a specification that names no encoder."""

import difflib

from search.errors import BadSetting
from search.packages import plugins


def unknown(spec: str) -> BadSetting:
    """Return the error for a specification of no registered form."""
    names = _near(spec)
    hint = f"; did you mean {' or '.join(names)}?" if names else ""
    return BadSetting(
        "unknown-encoder",
        "unknown encoder {spec!r}{hint}; choose one of: {encoders};"
        " limn encoders lists those on this machine",
        spec=spec,
        hint=hint,
        encoders=", ".join(plugins.choices("encoders")),
    )


def _near(spec: str) -> list[str]:
    """Names that open an encoder and are like what was written."""
    whole = [name for name in plugins.choices("encoders") if plugins.head(name) == name]
    close = difflib.get_close_matches(spec.lower(), whole, n=1)
    if close or not any(letter.isalnum() for letter in spec):
        return close or whole[:1]
    for backend in plugins.backends("encoders"):
        if names := backend().suggest(spec):
            return list(names)
    return []
