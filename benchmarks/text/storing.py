"""Texts that are stored as if they had been read."""

from collections.abc import Mapping, Sequence

from search.catalog.text_records import TextRecord
from search.engine import Engine
from search.records import TextLine

READER = "benchmark"

Texts = Mapping[str, Sequence[str]]
"""The lines of pictures by their files' names."""


def store_texts(engine: Engine, collection_name: str, texts: Texts) -> dict[int, str]:
    """Store texts by the names of their pictures; return the names of all pictures by id."""
    collection = engine.catalog.collections.one(collection_name)
    pictures = list(engine.catalog.text.pictures_to_read(collection, READER))
    readings = [
        TextRecord(picture, "read", tuple(TextLine(line, 0.9, (0, 0, 1, 1)) for line in lines))
        for picture in pictures
        if (lines := texts.get(picture.path.name))
    ]
    engine.catalog.text.store(collection, READER, readings)
    return {picture.id: picture.path.name for picture in pictures}
