"""Captions that people write in Limn, next to those that came with a picture."""

import re

import numpy as np

from search.catalog.records import EmbeddedCaptions
from search.engine import Engine
from search.errors import BadQuery
from search.records import Caption

MAX_CAPTION = 2_000
"""The characters of a caption: no text tower reads more than a part of that."""

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def write_caption(engine: Engine, picture_id: int, text: str, language: str) -> None:
    """Replace what was written here about a picture in a language; an empty text removes it.

    The captions that came with the picture stay. The next search finds the picture by the new one.

    Raises:
        BadQuery: the text is too long, or the language is no code.
        NotFound: there is no such picture.
        EncoderUnavailable, SpaceMismatch: the pair of the picture's collection can't be opened.
    """
    if len(text) > MAX_CAPTION:
        raise BadQuery(
            "caption-too-long",
            "the caption has {count:,} characters; it may have {most:,}",
            count=len(text),
            most=MAX_CAPTION,
        )
    if not LANGUAGE.fullmatch(language):
        raise BadQuery(
            "caption-language-invalid",
            "{language!r} is no code of a language; write one such as en, zh or pt-BR",
            language=language[:40],
        )
    collection = engine.catalog.collections.one(engine.picture(picture_id).collection)
    captions = (Caption(text, language, origin="written"),) if text else ()
    vectors = np.zeros((0, collection.space.width), np.float32)
    if text:
        vectors = engine.encoder_of(collection).encode_texts([text])
    item = EmbeddedCaptions(captions, vectors)
    engine.catalog.writer.write_caption(collection, picture_id, language, item)
