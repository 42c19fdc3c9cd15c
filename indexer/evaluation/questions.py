"""Questions that people asked of a collection: words of saved searches and of marks."""

from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import parse_qs

from search.catalog.catalog import Catalog
from search.query.syntax import CONCEPT
from search.records import Collection


def asked_questions(catalog: Catalog, collection: Collection, most: int) -> list[str]:
    """Return up to `most` questions, each once; concepts among words are left out."""
    texts = chain(_saved_words(catalog, collection), _marked_words(catalog, collection))
    words = (text for text in texts if text and not CONCEPT.search(text))
    return list(islice(dict.fromkeys(words), most))


def _saved_words(catalog: Catalog, collection: Collection) -> Iterator[str]:
    """Yield the words of saved searches in this collection alone."""
    for search in catalog.saved_searches.all():
        fields = parse_qs(search.address)
        if fields.get("collection") == [collection.name]:
            yield " ".join(fields.get("q", [""])[0].split())


def _marked_words(catalog: Catalog, collection: Collection) -> Iterator[str]:
    """Yield the words whose marks name a picture of the collection, the newest first."""
    marks = catalog.marks.all()[::-1]
    here = catalog.pictures.with_contents([mark.content_hash for mark in marks], [collection.id])
    yield from (mark.words for mark in marks if mark.content_hash in here)
