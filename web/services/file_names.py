"""File names that are valid on any system."""

import os
import re
import unicodedata

from search.pictures import PICTURE_SUFFIXES
from search.pictures.containers import FILM_SUFFIXES
from search.text.printable import printable

KNOWN = PICTURE_SUFFIXES.union(FILM_SUFFIXES)

# Characters that Windows forbids in a name, or that trouble a shell's user.
UNFIT = re.compile(r'[<>:"/\\|?*]')

# Names that Windows reserves for devices, whatever follows the first dot.
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.I)

# File systems take 255 bytes; a number, an id or "(2)" may come beside it.
MAX_BYTES = 200

# Joiners of letters and of the parts of an emoji, though Unicode counts them as not printable.
JOINERS = "\u200c\u200d"


def portable(name: str, suffix: str) -> str:
    """Return a name that is valid on any system: shortened, cleaned, with a suffix.

    `suffix` is added to a name that does not end in a picture's or a film's suffix.
    """
    stem, own = os.path.splitext(_plain(name).strip(". "))
    if own.lower() not in KNOWN:
        stem, own = stem + own, suffix
    room = MAX_BYTES - len(own.encode())
    base = stem.encode()[:room].decode("utf-8", "ignore").strip(". ")
    whole = (base or "picture") + own
    return f"_{whole}" if DEVICES.fullmatch(whole) else whole


def _plain(text: str) -> str:
    """Return the text without forbidden characters; a line break becomes a blank."""
    characters = unicodedata.normalize("NFC", printable(text))
    with_blanks = (" " if each.isspace() else each for each in characters)
    return UNFIT.sub(
        "_", "".join(each for each in with_blanks if each.isprintable() or each in JOINERS)
    )
