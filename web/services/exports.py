"""A selection of pictures as JSON, as a table, or as a zip of the files themselves."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import StringIO
from typing import Any

from flask import Response
from zipstream import ZipStream

from search.documents.from_records import one_line, picture_json, printable
from search.errors import BadPicture, NotFound
from search.pictures import Limits
from search.pictures.containers import container_of
from search.records import Picture
from web.services.confined import check_file
from web.services.downloads import file_of, name_of
from web.state import engine

COLUMNS = (
    "id",
    "collection",
    "path",
    "width_px",
    "height_px",
    "format",
    "size_bytes",
    "taken_at",
    "latitude",
    "longitude",
    "camera",
    "content_hash",
    "captions",
)

# What spreadsheets take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@")


def as_csv(pictures: Sequence[Picture]) -> Response:
    """A row a picture; its captions stand in one cell, one a line."""
    table = StringIO()
    rows = csv.writer(table)
    rows.writerow(COLUMNS)
    for picture in pictures:
        told = picture_json(picture)
        told["captions"] = [each["text"] for each in told["captions"]]
        rows.writerow([_cell(told[column]) for column in COLUMNS])
    return _download(table.getvalue(), "text/csv; charset=utf-8", "pictures.csv")


def as_zip(pictures: Sequence[Picture]) -> Response:
    """The files, stored as they are and sent as they are read; what is gone is listed in it.

    Raises:
        NotFound: none of the files is there any more.
    """
    there = [each for each in pictures if _is_there(each)]
    if not there:
        raise NotFound("none of these pictures' files is there any more; index their folder again")
    stream = ZipStream()
    for picture in there:
        # The id keeps names apart that are the same in two folders.
        name = f"{picture.id}-{name_of(picture)}"
        if picture.path.is_file():
            stream.add_path(picture.path, arcname=name)
        else:
            stream.add(_member(picture, engine().limits), name)
    found = {picture.id for picture in there}
    gone = [picture for picture in pictures if picture.id not in found]
    if gone:
        listed = "\n".join(one_line(printable(str(picture.path))) for picture in gone)
        stream.add(f"These files were not found:\n{listed}\n", "missing.txt")
    return _download(iter(stream), "application/zip", "pictures.zip")


def as_json(
    pictures: Sequence[Picture], told: Callable[[Picture], dict[str, Any]]
) -> dict[str, Any]:
    """One document."""
    return {"pictures": [told(picture) for picture in pictures]}


def _is_there(picture: Picture) -> bool:
    with suppress(NotFound):
        path = check_file(picture)
        return path.is_file() or container_of(path) is not None
    return False


def _member(picture: Picture, limits: Limits) -> Iterator[bytes]:
    """A picture in an archive or a film, read when its turn comes; nothing where it can't be."""
    with suppress(BadPicture):
        yield file_of(picture, limits)


def _cell(value: object) -> object:
    """A value as a spreadsheet takes it: words that look like a formula are quoted.

    Control characters are written out; the line breaks are those between captions.
    """
    if isinstance(value, list):
        value = "\n".join(one_line(each) for each in value)
    elif isinstance(value, str):
        value = one_line(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _download(body: str | Iterator[bytes], content_type: str, name: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
