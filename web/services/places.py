"""Places of a picture, with their evidence for a query."""

from dataclasses import replace

from search.encoders.places import places_of, places_that_speak
from search.engine import Engine
from search.query.records import Query
from search.ranking.indexed_vectors import pixels_of
from search.records import Picture, Scores
from web.services.confined import ConfinedFiles


def tells_places(engine: Engine, picture: Picture) -> bool:
    """Return whether the pair of a picture's collection can tell places.

    Raises:
        EncoderUnavailable, SpaceMismatch: the pair can't be opened, or has changed.
        NotFound: the collection was removed a moment ago.
    """
    collection = engine.catalog.collections.one(picture.collection)
    return places_of(engine.encoder_of(collection)) is not None


def places_for(
    engine: Engine, confined_files: ConfinedFiles, query: Query, picture: Picture
) -> Scores | None:
    """Return the evidence of each place of a picture for a query, (rows, columns) from 0 to 1.

    None where the pair of the picture's collection can't tell.

    Raises:
        BadPicture: the picture's file can't be read, or has changed.
        BadQuery: the query names nothing that a picture could show.
        NotFound: the file lies outside the allowed folders.
    """
    collection = engine.catalog.collections.one(picture.collection)
    encoder = engine.encoder_of(collection)
    reader = places_of(encoder)
    if reader is None:
        return None
    path = confined_files.check_file(picture)
    own_query = replace(query, collections=(collection.name,))
    vector = engine.vectors_of(own_query)[collection.space.id]
    pixels = pixels_of(path, picture.content_hash, encoder.preparation, engine.limits)
    return places_that_speak(reader, pixels, vector)
