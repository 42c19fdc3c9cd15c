"""Example questions for a user's own pictures, from captions, folders and class names."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

import numpy as np

from indexer.training.builtin.named import COMMON_NAMES, glossary
from search.engine import Engine
from search.facets.records import Folder
from search.records import Collection
from search.text.analysis import describes

# Enough to choose from; the demo is not to wait for all of a large collection.
MAX_LOOKED_AT = 2_000

# The length of a query that a person would type.
MAX_WORDS, MAX_CHARACTERS = 8, 60

# Names of folders that do not describe their pictures.
PLAIN_FOLDERS = {
    "image",
    "images",
    "picture",
    "pictures",
    "photo",
    "photos",
    "img",
    "train",
    "test",
}


def questions(engine: Engine, collection: Collection, most: int = 3) -> list[str]:
    """Return questions for a collection: its captions and folders, then the nearest class names."""
    candidates = chain(_captions(engine, collection), _folders(engine, collection))
    picks = list(islice(dict.fromkeys(candidates), most))
    if len(picks) < most:
        picks += [name for name in _looks(engine, collection, most) if name not in picks]
    return picks[:most]


def _captions(engine: Engine, collection: Collection) -> Iterator[str]:
    """Captions that only one picture has, so that it is known what should come first."""
    pictures = islice(engine.catalog.pictures.with_captions(collection), MAX_LOOKED_AT)
    texts = Counter(picture.facts.captions[0].text for picture in pictures)
    alone = [text for text, count in texts.items() if count == 1 and describes(text)]
    yield from map(_shorten, alone[:: max(1, len(alone) // 3)])


def _folders(engine: Engine, collection: Collection) -> Iterator[str]:
    for folder in _below(engine.facets([collection.name]).folders):
        name = re.sub(r"[\W_]+", " ", folder.path.rstrip("/").rpartition("/")[2]).strip()
        if name.lower() not in PLAIN_FOLDERS and not re.search(r"\d", name) and len(name) > 2:
            yield name


def _below(folders: Iterable[Folder]) -> Iterator[Folder]:
    """Yield the folders that contain no folders; a single one is the source itself."""
    for folder in folders:
        if len(folder.folders) > 1:
            yield from (each for each in folder.folders if not each.folders)
        yield from _below(folder.folders)


def _looks(engine: Engine, collection: Collection, most: int) -> list[str]:
    """Return the class names that most of the pictures are nearest to."""
    _, vectors = engine.store(collection).items()
    if not len(vectors):
        return []
    names = [english for english, _ in glossary()[:COMMON_NAMES]]
    words = engine.encoder_of(collection).encode_texts(names)
    nearest = (vectors[:MAX_LOOKED_AT] @ (words - words.mean(axis=0)).T).argmax(axis=1)
    counts = np.bincount(nearest, minlength=len(names))
    return [names[place] for place in np.argsort(-counts, kind="stable")[:most] if counts[place]]


def _shorten(text: str) -> str:
    words = text.split()[:MAX_WORDS]
    return " ".join(words)[:MAX_CHARACTERS].rstrip(" ,.;:")
