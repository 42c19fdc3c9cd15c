"""Indexed pictures as people name them: by id, by place in the last answer, by file."""

import json
import os
import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from search.catalog.catalog import Catalog
from search.errors import BadQuery, NotFound
from search.files.atomic_file import write_atomic
from search.query.records import Hit, IndexedTerm
from search.query.syntax import split_weight
from search.text.path_names import user_path
from search.text.printable import one_line, printable

FORMS = (
    "it may be a picture's id, such as 412, its place in the last answer, such as @1, or the path "
    "of an indexed picture"
)

PLACE, ID = re.compile(r"@(\d{1,9})"), re.compile(r"[1-9]\d{0,17}")

SIDES = {"--more": "more like", "--less": "less like", "--id": "like"}


def is_named(text: str) -> bool:
    """Return whether a text names an indexed picture other than by its path."""
    return bool(PLACE.fullmatch(text) or ID.fullmatch(text))


class NamedPictures:
    """A resolver of pictures in options to ids, which stores the last answer for the next command.

    The last answer is a file in the data folder, next to the catalog.
    """

    def __init__(self, catalog: Catalog, data_dir: Path, collections: Sequence[str] = ()) -> None:
        self._catalog = catalog
        self._collections = collections
        self._file = data_dir / "last-answer.json"
        self._places: dict[int, int] | None = None

    def ids(self, option: str, texts: Sequence[str]) -> tuple[int, ...]:
        """Return the ids of the pictures that an option names, and list them on stderr.

        Raises:
            BadQuery: a text is no id, place or path of an indexed picture.
            NotFound: a file is not indexed.
        """
        ids = [self._id(option, text) for text in texts]
        pictures = self._catalog.pictures.by_id(ids)
        for text, picture_id in zip(texts, ids, strict=True):
            # A removed picture is reported where its id is used, after other errors of the query.
            picture = pictures.get(picture_id)
            path = "no picture" if picture is None else one_line(printable(str(picture.path)))
            if picture is not None or self._perhaps(text):
                click.echo(f"{SIDES[option]} {picture_id}: {path}{self._perhaps(text)}", err=True)
        return tuple(dict.fromkeys(ids))

    def terms(self, texts: Sequence[str]) -> list[IndexedTerm]:
        """Return the terms of --id, each with its weight; raises what `ids` raises."""
        parts = [(text, 1.0) if os.path.exists(text) else split_weight(text) for text in texts]
        return [IndexedTerm(self.ids("--id", [text])[0], weight) for text, weight in parts]

    def remember(self, hits: Sequence[Hit]) -> None:
        """Save an answer's places for the next command; an answer without a hit changes none."""
        if not hits:
            return
        places = {hit.rank: hit.picture.id for hit in hits}
        with suppress(OSError):  # an unwritable folder must not stop a search
            text = json.dumps({"catalog": self._catalog.identity(), "places": places})
            write_atomic(self._file, text.encode())

    def _id(self, option: str, text: str) -> int:
        if place := PLACE.fullmatch(text):
            return self._at_place(option, int(place[1]))
        if ID.fullmatch(text):
            return int(text)
        path = user_path(Path(text))
        ids = self._catalog.pictures.ids_at(_spellings(path), self._collections)
        if ids:
            return ids[0]
        if text and os.path.lexists(path):
            raise NotFound(
                "picture-not-indexed",
                "{path!r} is not indexed; index it, or search by the file itself with --image",
                path=str(path),
            )
        raise BadQuery(
            "picture-name-unreadable",
            "{option} is {text!r}; {forms}",
            option=option,
            text=text,
            forms=FORMS,
        )

    def _at_place(self, option: str, place: int) -> int:
        places = self._last()
        if place in places:
            return places[place]
        if not places:
            raise BadQuery(
                "no-last-answer",
                "{option} is '@{place}', but there is no last answer; search first",
                option=option,
                place=place,
            )
        raise BadQuery(
            "place-out-of-answer",
            "{option} is '@{place}', but the last answer has the places @{first} to @{last}",
            option=option,
            place=place,
            first=min(places),
            last=max(places),
        )

    def _perhaps(self, text: str) -> str:
        """Return a hint for an id that may be meant as a place in the last answer."""
        places = self._last()
        if not ID.fullmatch(text) or places.get(int(text), int(text)) == int(text):
            return ""
        return f" ({text} is an id; for the place in the last answer write @{text})"

    def _last(self) -> dict[int, int]:
        """Return the ids of the last answer by place; {} without one of this catalog."""
        if self._places is None:
            self._places = {}
            with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
                document = json.loads(self._file.read_text(encoding="utf-8"))
                if document["catalog"] == self._catalog.identity():
                    self._places = {
                        int(at): int(picture_id) for at, picture_id in document["places"].items()
                    }
        return self._places


def _spellings(path: Path) -> list[Path]:
    """Return a path as it was written, without links, and with é as one character or as two."""
    paths = (str(path), os.path.realpath(path))
    forms = [unicodedata.normalize(form, text) for text in paths for form in ("NFC", "NFD")]
    return [Path(text) for text in dict.fromkeys((*paths, *forms))]
