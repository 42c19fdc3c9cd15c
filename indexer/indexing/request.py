"""What somebody asked to have indexed: the command line's words, or a queued job's JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.sources import Source
from indexer.sources.columns import AskedColumns
from indexer.sources.globs import Selection
from indexer.sources.registry import Asked, open_source, shards
from search.catalog.catalog import Catalog
from search.catalog.collection import check_name
from search.documents.from_records import printable
from search.errors import BadSetting, BadSource
from search.settings import user_path
from search.text.characters import composed


@dataclass(frozen=True, slots=True)
class Request:
    """Sources and how they are to be read; paths are kept as they were written."""

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
    # Folders that no link may lead out of, for what is asked for over the network. None are named
    # by who types a command: their links are their own.
    confined_to: tuple[str, ...] = ()

    @classmethod
    def of(cls, sources: tuple[str, ...], name: str | None, **more: Any) -> "Request":
        """A request whose collection takes its first source's name where it was given none.

        Raises:
            BadSetting: that name can't name a collection.
            BadSource: braces in a source stand for too many files.
        """
        paths = tuple(str(path) for each in sources for path in shards(each))
        if not paths:
            raise BadSource("there is nothing to index: name a folder or a file")
        named = name if name is not None else collection_name(Path(paths[0]))
        request = cls(paths, composed(named), **more)
        check_name(request.name)
        return request

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Request":
        """A queued job's request; raises BadSetting for what this version does not know."""
        tuples = ("sources", "include", "exclude", "caption_columns", "confined_to")
        values: dict[str, Any] = {
            name: tuple(value) if name in tuples else value for name, value in document.items()
        }
        try:
            return cls(**values)
        except TypeError as error:
            raise BadSetting(
                f"the job asks for what this version does not know: {error}"
            ) from error

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def open(self, catalog: Catalog) -> list[Source]:
        """The sources, without those that lie within others.

        Raises:
            BadSource: one can't be read.
        """
        asked = Asked(
            Selection(self.include, self.exclude, self.recursive),
            AskedColumns(self.image_column, self.caption_columns),
            user_path(Path(self.pictures_in)) if self.pictures_in else None,
            tuple(map(Path, self.confined_to)),
        )
        paths = list(dict.fromkeys(Path(each) for each in self.sources))
        folders = {path for path in paths if path.is_dir()} if self.recursive else set()
        paths = [path for path in paths if folders.isdisjoint(path.parents)]
        return [open_source(path, asked, _outermost(catalog, self.name, path)) for path in paths]


def collection_name(path: Path) -> str:
    """The name of a collection that was given none: its folder's."""
    return printable(path.name) or "pictures"


def _outermost(catalog: Catalog, name: str, path: Path) -> Path | None:
    """The highest folder above `path` that its collection was indexed from: captions files there
    name these pictures too.
    """
    above = [source for source in catalog.jobs.sources(name) if source in path.parents]
    return min(above, key=lambda source: len(source.parts), default=None)
