"""Characters as they are stored and compared: valid ones, and names in one Unicode form."""

import unicodedata


def whole(text: str) -> str:
    """Return a text that can be encoded: surrogate halves are joined, a lone one is U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def storable(text: str) -> str:
    """Return a text that every database can store: of valid characters, blanks for NULs."""
    return whole(text).replace("\0", " ")


def compose(name: str) -> str:
    """Return a name in the form in which names are compared: é as one character, not as two.

    macOS writes names decomposed, other systems as they were typed.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def forms(name: str) -> list[str]:
    """Return the forms that a name may have been written in, the given one first."""
    others = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return [name] if name.isascii() else list(dict.fromkeys((name, *others)))
