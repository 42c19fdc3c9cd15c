"""The documents of collections and their maps."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct

from search.documents.members import MISSING, about, in_schema

Name = Annotated[str, in_schema(minLength=1, maxLength=200)]


class SecondPair(Struct, frozen=True, kw_only=True):
    """The second encoder pair of a collection, which reads its pictures too."""

    encoder: str
    space: str
    state: Annotated[
        str,
        about(
            "filling: it is reading the pictures; ready: it can be switched to; former: it "
            "answered before, and can be gone back to; freed: what it has read is being deleted"
        ),
    ]


class Collection(Struct, frozen=True, kw_only=True):
    """A collection, with its counts."""

    name: str
    encoder: str
    space: str
    second: Annotated[SecondPair | None, about("null where no pair is changed")]
    pictures: int
    captions: int
    failures: int
    missing: Annotated[int, about(MISSING)]
    size_bytes: int
    created_at: str
    updated_at: str | None


class Collections(Struct, frozen=True):
    """The collections that can be searched."""

    collections: tuple[Collection, ...]


class MapRegion(Struct, frozen=True, kw_only=True):
    """A dense part of a map."""

    x: Annotated[float, about("0 to 1, from the left")]
    y: Annotated[float, about("0 to 1, from the bottom")]
    pictures: int
    level: Annotated[int, about("0: the few large regions; 1: the many small ones")]
    names: Annotated[Mapping[str, str], about("by language")]
    typical: tuple[int, ...]


class PictureMap(Struct, frozen=True, kw_only=True):
    """The map of a collection."""

    pictures: int
    stale: Annotated[bool, about("the collection has changed since")]
    regions: tuple[MapRegion, ...]
    points: Annotated[str, about("the address of the places")]


class PointsFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for the places of a map."""

    v: Annotated[str, about("its version, as in links: a client may then store it for good")] = ""


class NewCollection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new collection of a folder on the server."""

    name: Annotated[Name, about("1 to 200 characters, no slash")]
    folder: Annotated[str, about("the whole path of a folder that may be indexed")]
    encoder: Annotated[str, about("a pair on the server's machine, if the collection is new")] = ""


class SentCollection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new collection of files in the same request."""

    name: Name
    files: Annotated[tuple[str, ...], about("pictures, films, zip or tar archives, captions.csv")]
    encoder: Annotated[str, about("a pair on the server's machine, if the collection is new")] = ""


class SentFiles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files to add to a collection."""

    files: tuple[str, ...]


class Renamed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another name of a collection."""

    name: Annotated[Name, about("the new one")]


class Again(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to index a collection again."""

    retry: Annotated[bool, about("read files that failed again, changed or not")] = False


class Upgraded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to change the encoder pair of a collection."""

    encoder: Annotated[
        str,
        about("a short name, or a pair on the server; without it, its second pair goes on"),
    ] = ""


class Switched(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to answer by the other pair of a collection."""

    incomplete: Annotated[
        bool, about("leave out pictures that it has not read, until their files can be read")
    ] = False


class Removed(Struct, frozen=True):
    """The answer to the removal of a collection."""

    removed: str


class MissingFolder(Struct, frozen=True):
    """A folder whose pictures are missing."""

    path: Annotated[str, about("a folder or a container")]
    pictures: Annotated[int, about("how many are missing of it")]


class Missing(Struct, frozen=True):
    """The pictures of a collection that are missing, by folder."""

    missing: Annotated[int, about("pictures whose files were not found")]
    folders: tuple[MissingFolder, ...]
    more: Annotated[int, about("how many folders there are beyond these")]


class Forgotten(Struct, frozen=True):
    """The answer to the removal of missing pictures."""

    forgotten: Annotated[int, about("how many pictures were forgotten")]


class Failure(Struct, frozen=True):
    """A file that could not be indexed, with the reason."""

    path: str
    reason: str
    detail: str


class Failures(Struct, frozen=True):
    """Files of a collection that could not be indexed."""

    failures: tuple[Failure, ...]
    more: Annotated[int, about("how many there are beyond these")]


class FolderFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for the folders that may be indexed."""

    path: Annotated[str, about("a folder; without it, the roots are listed")] = ""


class Folders(Struct, frozen=True):
    """Folders that may be indexed: the roots, or the folders in one."""

    path: str | None
    above: str | None
    folders: tuple[str, ...]
    pictures: Annotated[
        int, about("pictures and archives in it, those in folders below not counted")
    ]
