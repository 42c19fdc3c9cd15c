"""The editions of the built-in pair that ship, and the specification that opens each."""

BUILTIN = "builtin"

EDITIONS = {"first": "builtin-17a882b47714", "second": "builtin-027cca1fd464"}
"""Each edition's space, by the name of its folder in `search/encoders/onnx_pair/editions`.

The last is the current one, which `builtin` opens; `builtin:NAME` opens an earlier one. The files
of an edition stay as they are once Limn was released with them: collections are in its space.
"""

CURRENT = [*EDITIONS][-1]

EDITION_OF = {BUILTIN if name == CURRENT else f"{BUILTIN}:{name}": name for name in EDITIONS}
"""The edition that a specification opens."""

EARLIER = tuple(spec for spec in EDITION_OF if spec != BUILTIN)

PRESENT_NAMES = {(BUILTIN, EDITIONS[name]): spec for spec, name in EDITION_OF.items()}


def present_name(encoder: str, space_id: str) -> str:
    """Return the specification that opens a space now, by the recorded encoder and space.

    `builtin` was recorded for the edition that was the current one then.
    """
    return PRESENT_NAMES.get((encoder, space_id), encoder)


def in_words(spec: str) -> str:
    """Return a specification for people: that of an earlier edition says so."""
    return f"{spec} (an earlier edition of {BUILTIN})" if spec in EARLIER else spec
