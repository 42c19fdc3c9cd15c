"""The documents of pictures, and of requests for their files."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from search.documents.members import ALWAYS, PictureId, about
from search.query.limits import MAX_HITS

Side = Literal[160, 320, 480, 960, 1600]
"""The longest side of a thumbnail in pixels: of a chip, of a grid at single and double density, and
of the page of a picture at both."""

ExportFormat = Literal["json", "csv", "zip"]


class Caption(Struct, frozen=True):
    """A caption of a picture."""

    text: str
    language: str | None
    kind: str


class Captions(Struct, frozen=True):
    """The captions of a picture, alone."""

    captions: tuple[Caption, ...]


class WrittenCaption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A caption that somebody writes in a language; an empty text takes it back."""

    text: str
    language: Annotated[str, about("its code, such as zh or pt-BR")] = "en"


class Picture(Struct, frozen=True, kw_only=True):
    """A picture of the server; `path` is the path of its file there.

    Answers of the API include the addresses of its files; documents of the command line do not.
    """

    id: int
    collection: str
    path: Annotated[str, about("where its file is; bytes that are no UTF-8 are U+FFFD")]
    width_px: int
    height_px: int
    format: str
    size_bytes: int
    taken_at: Annotated[str | None, about("ISO 8601, local time")]
    latitude: float | None
    longitude: float | None
    camera: str | None
    content_hash: str
    colours: Annotated[tuple[str, ...], about("main ones, #rrggbb")]
    fields: Annotated[Mapping[str, str | float], about("further columns of its source, by name")]
    captions: tuple[Caption, ...]
    thumbnail: Annotated[str | UnsetType, about("its address"), ALWAYS] = UNSET
    original: Annotated[str | UnsetType, about("its address"), ALWAYS] = UNSET
    similar: Annotated[str | UnsetType, about("the address of a search by it"), ALWAYS] = UNSET


class ThumbnailFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a thumbnail."""

    side: Annotated[Side, about("its longest side in pixels")] = 320
    v: Annotated[str, about("its version, as in links: a client may then store it for good")] = ""


class OriginalFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for the file of a picture."""

    download: Annotated[str | UnsetType, about("any value: a browser saves the file")] = UNSET


class ExportFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a selection of pictures."""

    id: Annotated[
        tuple[PictureId, ...],
        about("the pictures, in the order in which they are wanted", minItems=1, maxItems=MAX_HITS),
        ALWAYS,
    ] = ()
    format: Annotated[ExportFormat, about("the form of the answer")] = "json"


class Export(Struct, frozen=True):
    """A selection of pictures."""

    pictures: tuple[Picture, ...]


def picture_of(picture: Picture) -> Picture:
    """Return the members that every picture has, without those of a hit or a board."""
    return Picture(**{name: getattr(picture, name) for name in Picture.__struct_fields__})
