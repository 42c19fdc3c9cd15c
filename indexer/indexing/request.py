"""Requests to index: from the command line, or from a queued job's JSON."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from indexer.sources.columns import ColumnOptions
from indexer.sources.globs import Selection
from indexer.sources.options import SourceOptions
from indexer.sources.registry import places
from search.catalog.collection import check_name
from search.errors import BadSetting, BadSource
from search.text.characters import compose
from search.text.path_names import user_path
from search.text.printable import printable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """Sources and the options to read them with; paths stay as the user wrote them."""

    sources: tuple[str, ...]
    name: str
    encoder: str | None = None
    workers: int | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recursive: bool = True
    image_column: str | None = None
    caption_columns: tuple[str, ...] = ()
    pictures_in: str | None = None
    retry: bool = False
    # Folders that no link may lead out of, for requests over the network. The command line names
    # none: its user's links are trusted.
    confined_to: tuple[str, ...] = ()

    @classmethod
    def of(cls, sources: tuple[str, ...], name: str | None, **more: Any) -> "Request":
        """Make a request; without a name, its collection takes the first source's name.

        Raises:
            BadSetting: that name can't name a collection.
            BadSource: braces in a source name too many files.
        """
        paths = tuple(place for source in sources for place in places(source))
        if not paths:
            raise BadSource(
                "nothing-to-index", "there is nothing to index: name a folder or a file"
            )
        if name is None:
            name = printable(Path(paths[0]).name) or "pictures"
        request = cls(paths, compose(name), **more)
        check_name(request.name)
        return request

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Request":
        """Return a queued job's request; raise BadSetting for fields unknown to this version."""
        tuples = ("sources", "include", "exclude", "caption_columns", "confined_to")
        values: dict[str, Any] = {
            name: tuple(value) if name in tuples else value for name, value in document.items()
        }
        return read_request(cls, values)

    def as_json(self) -> dict[str, Any]:
        """Return the document that a job stores."""
        return asdict(self)

    def source_options(self) -> SourceOptions:
        """Return the options to read the sources with."""
        return SourceOptions(
            selection=Selection(self.include, self.exclude, self.recursive),
            columns=ColumnOptions(self.image_column, self.caption_columns),
            pictures_in=user_path(Path(self.pictures_in)) if self.pictures_in else None,
            confined_to=tuple(map(Path, self.confined_to)),
        )


def read_request(kind: Callable[..., T], values: Mapping[str, Any]) -> T:
    """Return the request of a kind with these values; raise BadSetting for unknown fields."""
    try:
        return kind(**values)
    except TypeError as error:
        raise BadSetting(
            "job-request-unknown",
            "the job asks for what this version does not know: {error}",
            error=error,
        ) from error


def read_named_request(kind: Callable[..., T], document: Mapping[str, Any]) -> T:
    """Return the request of a job that names a collection; its sources are for people."""
    return read_request(
        kind, {name: value for name, value in document.items() if name != "sources"}
    )
