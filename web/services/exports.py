"""Exports of selected pictures, as a table or as a zip of their files."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from typing import Literal

from zipstream import ZipStream

from search.documents.from_records import picture_document
from search.documents.picture import Picture as PictureDocument
from search.engine import Engine
from search.errors import BadPicture, NotFound
from search.picture_facts import FACTS, SCALARS
from search.pictures import Limits
from search.pictures.containers import container_of
from search.records import Picture
from search.text.printable import one_line, printable
from web.services.confined import ConfinedFiles
from web.services.downloads import file_of, name_of

CELLS = (
    *("id", "collection", "path", "size_bytes", "content_hash"),
    *(fact.name for fact in FACTS if fact.type in SCALARS),
)
COLUMNS = tuple(name for name in PictureDocument.__struct_fields__ if name in CELLS)

# Characters that begin a formula in a spreadsheet.
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file to download: its content, its media type, and its name."""

    content: str | Iterator[bytes]
    content_type: str
    name: str


class Exports:
    """Exports of an engine's pictures."""

    def __init__(self, engine: Engine, confined_files: ConfinedFiles) -> None:
        self._engine = engine
        self._confined_files = confined_files

    def pictures(self, ids: Sequence[int]) -> list[Picture]:
        """Return the pictures with these ids, in their order; raise NotFound if one is missing."""
        by_id = self._engine.catalog.pictures.by_id(ids)
        missing = next((picture_id for picture_id in ids if picture_id not in by_id), None)
        if missing is not None:
            raise NotFound(
                "unknown-picture", "there is no picture {id}; it may have been removed", id=missing
            )
        return [by_id[picture_id] for picture_id in ids]

    def still_there(self, ids: Sequence[int]) -> list[int]:
        """Return the ids of pictures that were not removed since they were selected.

        If none is left, all ids are returned, so that whatever takes them can say so.
        """
        by_id = self._engine.catalog.pictures.by_id(ids)
        return [picture_id for picture_id in ids if picture_id in by_id] or list(ids)

    def of(self, pictures: Sequence[Picture], kind: Literal["csv", "zip"]) -> ExportFile:
        """Return pictures as a table or as a zip; raise NotFound if no file exists."""
        return self._table(pictures) if kind == "csv" else self._files(pictures)

    def zip_without_paths(self, pictures: Sequence[Picture]) -> ExportFile:
        """Return a zip that tells no folder of this machine; raise NotFound if no file exists."""
        return self._files(pictures, name_of)

    def _table(self, pictures: Sequence[Picture]) -> ExportFile:
        """Return a table with one row for each picture; a cell lists the captions, one a line."""
        table = StringIO()
        rows = csv.writer(table)
        rows.writerow((*COLUMNS, "captions"))
        for picture in pictures:
            document = picture_document(picture)
            captions = [caption.text for caption in document.captions]
            facts = [getattr(document, column) for column in COLUMNS]
            rows.writerow([_cell(value) for value in (*facts, captions)])
        return ExportFile(table.getvalue(), "text/csv; charset=utf-8", "pictures.csv")

    def _files(
        self,
        pictures: Sequence[Picture],
        tell: Callable[[Picture], str] = lambda picture: str(picture.path),
    ) -> ExportFile:
        """Return a zip, read from the files while it is sent; `tell` names the missing ones in it.

        Raises:
            NotFound: none of the files exists any more.
        """
        there = [picture for picture in pictures if self._is_there(picture)]
        if not there:
            raise NotFound(
                "originals-missing",
                "none of these pictures' files is there any more; index their folder again",
            )
        stream = ZipStream()
        for picture in there:
            # The id distinguishes files of the same name in two folders.
            name = f"{picture.id}-{name_of(picture)}"
            if picture.path.is_file():
                stream.add_path(picture.path, arcname=name)
            else:
                stream.add(_member(picture, self._engine.limits), name)
        present_ids = {picture.id for picture in there}
        missing_pictures = [picture for picture in pictures if picture.id not in present_ids]
        if missing_pictures:
            listing = "\n".join(one_line(printable(tell(picture))) for picture in missing_pictures)
            stream.add(f"These files were not found:\n{listing}\n", "missing.txt")
        return ExportFile(iter(stream), "application/zip", "pictures.zip")

    def _is_there(self, picture: Picture) -> bool:
        with suppress(NotFound):
            path = self._confined_files.check_file(picture)
            return path.is_file() or container_of(path) is not None
        return False


def _member(picture: Picture, limits: Limits) -> Iterator[bytes]:
    """Yield a picture of an archive or a film at its turn; nothing if it can't be read."""
    with suppress(BadPicture):
        yield file_of(picture, limits)


def _cell(value: object) -> object:
    """Return a value for a spreadsheet; text that looks like a formula is quoted.

    Control characters are escaped; line breaks separate the captions.
    """
    if isinstance(value, list):
        value = "\n".join(one_line(line) for line in value)
    elif isinstance(value, str):
        value = one_line(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
