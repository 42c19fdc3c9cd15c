"""Candidates for example questions: what maps, captions, places, tags and years suggest."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import regex

from search.engine import Engine
from search.library.map_file import Region
from search.query.understanding.records import PLACE_COLUMNS
from search.records import Caption, Collection
from search.text.languages import is_in_language

# Captions of so many pictures are read for short ones.
SAMPLE = 400
SHORTEST, LONGEST = 2, 36
MAX_WORDS = 7

# Values of a column, of which the commonest come first.
VALUES = 2

SEVERAL_NAMES = regex.compile(r"[,、]")
TAG_COLUMNS = ("tag", "tags", "keyword", "keywords", "subject")

YEAR_LENGTH = len("2021")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, and the words that the page would show for it."""

    q: str
    words: str


def candidates(engine: Engine, language: str) -> Iterator[Candidate]:
    """Yield questions of maps, captions and facets by turns, in a language of the page."""
    collections = engine.collections()
    sources = (
        _region_names(engine, collections, language),
        _short_captions(engine, collections, language),
        chain([None], _facet_values(engine)),  # what is seen is a better beginning
    )
    for turn in zip_longest(*sources):
        yield from filter(None, turn)


def _region_names(
    engine: Engine, collections: Sequence[Collection], language: str
) -> Iterator[Candidate]:
    """Yield the names of maps' regions: those of one thing first, then those of small regions."""
    maps = filter(None, map(engine.picture_map, collections))
    regions = chain.from_iterable(picture_map.regions for picture_map in maps)

    def place(region: Region) -> tuple[bool, int, int]:
        is_list = SEVERAL_NAMES.search(region.names[language]) is not None
        return is_list, -region.level, -region.pictures

    for region in sorted((each for each in regions if each.names.get(language)), key=place):
        yield Candidate(region.names[language], region.names[language])


def _short_captions(
    engine: Engine, collections: Sequence[Collection], language: str
) -> Iterator[Candidate]:
    """Yield short captions in the language, those of several pictures first."""
    catalog, counts = engine.catalog, Counter[str]()
    for collection in collections:
        sample = catalog.picture_samples.draw(collection, SAMPLE)
        pictures = catalog.pictures.by_id(sample)
        for picture in (pictures[each] for each in sample if each in pictures):
            captions = [each for each in picture.facts.captions if is_in_language(each, language)]
            counts.update(dict.fromkeys(map(question_of, captions), 1))
    for text, _ in counts.most_common():
        if SHORTEST <= len(text) <= LONGEST and len(text.split()) <= MAX_WORDS:
            yield Candidate(text, text)


def _facet_values(engine: Engine) -> Iterator[Candidate]:
    """Yield the commonest places and tags, and the year with the most pictures."""
    facets = engine.facets()
    for names in (PLACE_COLUMNS, TAG_COLUMNS):
        for column in facets.columns:
            if column.name.casefold() in names and column.least is None:
                for value in column.values[:VALUES]:
                    yield Candidate(f"{column.name}:{_quote(value.value)}", value.value)
    years = Counter[str]()
    for value in facets.dates.values if facets.dates else ():
        years[value.value[:YEAR_LENGTH]] += value.pictures
    for year, _ in years.most_common(1):
        yield Candidate(year, year)


def question_of(caption: Caption) -> str:
    """Return the text of a caption without its full stop."""
    return caption.text.strip().rstrip(" .。!！")


def _quote(text: str) -> str:
    return f'"{text}"' if regex.search(r"[\s,，;；]", text) else text
