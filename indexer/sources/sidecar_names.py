"""Names of sidecars, and the pictures they belong to: a.txt, a.jpg.xmp, and Google Takeout's."""

import os
import re
from collections.abc import Callable, Iterator

from indexer.sources.sidecars import JSON_SUFFIX
from search.text.characters import compose

# Google cuts the names of its documents to this many characters, before the suffix.
TAKEOUT_NAME_LENGTH = 46
TAKEOUT_ENDING = ".supplemental-metadata"

# The second picture of a name is IMG_1(1).jpg, and its document IMG_1.jpg(1).json.
NUMBERED = re.compile(r"(?P<stem>.+)(?P<number>\(\d+\))")

# The suffixes that Google Photos appends to edited pictures, by language; an edited picture has
# the original's document.
EDITED = (
    "-edited", "-effects", "-bearbeitet", "-modifié", "-edytowane", "-editado", "-editada",
    "-modificato", "-modificata", "-bewerkt", "-redigerad", "-redigert", "-muokattu", "-düzenlendi",
    "-已修改", "-已編輯", "-已编辑", "-編集済み", "-수정됨", "-измененный",
)  # fmt: skip


def _fold(name: str) -> str:
    return compose(name).casefold()


# Comparisons of a picture's name and a sidecar's: by bytes, by Unicode form, without case.
KEYS: tuple[Callable[[str], str], ...] = (str, compose, _fold)


class SidecarNames:
    """The sidecars of one folder by their names without the suffix."""

    def __init__(self) -> None:
        self._names: tuple[dict[str, dict[str, str]], ...] = tuple({} for _ in KEYS)

    def __bool__(self) -> bool:
        return bool(self._names[0])

    def add(self, name: str) -> None:
        """Add a file."""
        stem, suffix = os.path.splitext(name)
        for names, key in zip(self._names, KEYS, strict=True):
            names.setdefault(key(stem), {}).setdefault(suffix.lower(), name)

    def beside(self, picture: str) -> dict[str, str]:
        """Return a picture's sidecars, by suffix; a.jpg.xmp takes precedence over a.xmp.

        Where no sidecar has the picture's exact name, Unicode form and case are ignored.
        """
        stem = os.path.splitext(picture)[0]
        sidecars: dict[str, str] = {}
        for names, key in zip(self._names, KEYS, strict=True):
            for each in (picture, stem):
                sidecars = {**names.get(key(each), {}), **sidecars}
        if JSON_SUFFIX not in sidecars:
            stems = _takeout_stems(compose(picture))
            documents = (self._names[1].get(each, {}) for each in stems)
            document = next((each[JSON_SUFFIX] for each in documents if JSON_SUFFIX in each), None)
            if document is not None:
                sidecars[JSON_SUFFIX] = document
        return sidecars


def _takeout_stems(picture: str) -> Iterator[str]:
    """Yield the possible stems of a picture's document from Google, likely ones first."""
    for name, number in _originals(picture):
        yield name + number
        whole = name + TAKEOUT_ENDING
        # Longer forms first: each version of Takeout cuts names at its own length.
        for length in range(len(whole), len(name), -1):
            yield whole[:length] + number
        if len(name) > TAKEOUT_NAME_LENGTH:
            yield name[:TAKEOUT_NAME_LENGTH] + number


def _originals(picture: str) -> Iterator[tuple[str, str]]:
    """Yield a picture's possible original names, each with its number: ("IMG_1.jpg", "(1)")."""
    stem, suffix = os.path.splitext(picture)
    number = ""
    if match := NUMBERED.fullmatch(stem):
        stem, number = match["stem"], match["number"]
        yield picture, ""
    yield stem + suffix, number
    for tail in EDITED:
        if stem.casefold().endswith(tail):
            yield stem[: -len(tail)] + suffix, number
