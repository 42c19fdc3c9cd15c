"""Queries for the engine from the page's search URL, with the pictures of its chips."""

from search.documents.reading import read_member
from search.engine import Engine
from search.pictures import load_file
from search.query.records import IndexedTerm, PictureTerm, Query, Term, TextTerm
from search.query.sorting import RELEVANCE, Strictness
from search.query.syntax import parse_query_text
from web.requests.search_url import ALL, Chip, SearchUrl
from web.services.confined import ConfinedFiles
from web.services.query_images import QueryImage, QueryImages


class PageQueries:
    """A factory of queries, whose terms may be query images or crops of pictures."""

    def __init__(self, engine: Engine, images: QueryImages, confined_files: ConfinedFiles) -> None:
        self._engine = engine
        self._images = images
        self._confined_files = confined_files

    def query_of(self, url: SearchUrl, k: int, offset: int) -> Query:
        """Return the query for `k` hits after the first `offset`.

        Raises:
            NotFound: a query image has expired, or a picture is no longer indexed.
            BadPicture: a picture can't be read for its crop.
            BadQuery: a filter can't be read.
        """
        terms = [
            term
            for each in url.terms
            for term in (
                parse_query_text(each.text) if isinstance(each, TextTerm) else self._terms(each)
            )
        ]
        collections: tuple[str, ...] = (url.collection,) if url.collection else ()
        if not (url.ranks or url.where or collections):
            collections = tuple(each.name for each in self._engine.collections())
        where, more, less = url.filter, url.more, url.less
        strictness: Strictness | None = None
        if url.strictness not in ("", ALL):
            strictness = read_member("strictness", url.strictness, Strictness)
        elif url.ranks and url.strictness != ALL and not url.sort:
            strictness = "usual"
        return Query(
            tuple(terms),
            collections,
            k,
            offset,
            where,
            more=more,
            less=less,
            sort=url.sort or RELEVANCE,
            strictness=strictness,
            unsure=url.unsure if url.ranks else 0,
            fold=url.folds,
            understand=True,
            plain=url.plain,
        )

    def picture_of(self, chip: Chip) -> QueryImage:
        """Return a chip's picture: a query image, or a crop of one or of an indexed picture.

        Raises the errors of `query_of`.
        """
        if chip.crop is None:
            return self._images.get(chip.value)
        if chip.kind == "picture":
            return self._images.part(
                chip.value, chip.crop, lambda: self._images.get(chip.value).data
            )
        picture = self._engine.picture(chip.picture_id)
        name = f"{picture.id}-{picture.content_hash}"
        limits = self._engine.limits
        return self._images.part(
            name, chip.crop, lambda: load_file(self._confined_files.check_file(picture), limits)
        )

    def _terms(self, chip: Chip) -> list[Term]:
        if chip.kind == "text":
            return parse_query_text(chip.value, chip.weight)
        if chip.kind == "similar" and chip.crop is None:
            return [IndexedTerm(chip.picture_id, chip.weight)]
        return [PictureTerm(self.picture_of(chip).data, chip.weight)]
