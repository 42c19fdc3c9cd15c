"""From what was asked to ranked candidates: those of pictures, captions and words, then fused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.catalog import caption_ids
from search.catalog.full_text import FoundWords
from search.query.limits import EVERY_EVIDENCE
from search.query.records import Hit, Match, Measure, Query, TextTerm
from search.ranking import fusion
from search.ranking.calibration import Background
from search.ranking.embedding import Asked
from search.ranking.relevance_feedback import Bent
from search.records import Ids, Picture, QueryKind, Scores, Vectors
from search.stores import VectorStore
from search.text.analysis import best_caption, rarity, words_score


@dataclass(frozen=True, slots=True)
class Shelf:
    """One collection's stores, and the pictures that pass the filter, ascending; None is all."""

    pictures: VectorStore
    captions: VectorStore | None
    allowed: Ids | None


@dataclass(frozen=True, slots=True)
class Place:
    """A picture's place on a page: where it stands in the ranking, and what is folded into it."""

    picture_id: int
    row: int
    copies: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates, best first: ids, scores and, where there is any telling, confidences, all (n,).

    `evidence` and `shares` (n, 4) are in the same order, and None where pictures alone were asked.
    `asked` is None where nothing was, and the newest come first.
    """

    measure: Measure
    ids: Ids
    scores: Scores
    confidence: Scores | None
    evidence: fusion.Evidence | None
    shares: NDArray[np.float32] | None
    asked: Asked | None
    shelves: Sequence[Shelf]


Ranker = Callable[[int], Ranking]
"""Ranks about so many candidates: whoever lays out a page asks for more where it needs them."""


def by_words(query: Query) -> bool:
    """Whether captions may speak: there are words, and evidence other than pictures is wanted."""
    told = any(isinstance(term, TextTerm) and term.weight > 0 for term in query.terms)
    return told and any(each != "picture" for each in query.by)


def ranker(
    query: Query,
    asked: Asked,
    shelves: Sequence[Shelf],
    words: FoundWords | None,
    background: Callable[[], Background],
    bent: Bent | None = None,
) -> Ranker:
    """How candidates of these shelves are ranked: fused where captions speak, else by cosine.

    `bent` is the question as marks have bent it.
    """
    captioned = any(shelf.captions for shelf in shelves) or "picture" not in query.by
    if captioned and by_words(query) and asked.text is not None:
        return lambda depth: _fused(query, asked, shelves, words, background(), bent, depth)
    return lambda depth: _by_cosine(asked, shelves, background, bent, depth)


def newest_first(ids: Ids, shelves: Sequence[Shelf]) -> Ranking:
    """Pictures as they are, in the order of `ids`: nothing was asked that could rank them."""
    return Ranking("none", ids, np.zeros(len(ids), np.float32), None, None, None, None, shelves)


def hit_of(place: Place, picture: Picture, rank: int, ranking: Ranking) -> Hit:
    """A place with its picture, and what matched."""
    row = place.row
    return Hit(
        rank=rank,
        score=min(1.0, max(-1.0, float(ranking.scores[row]))),
        picture=picture,
        measure=ranking.measure,
        confidence=None if ranking.confidence is None else float(ranking.confidence[row]),
        matches=_matches(row, picture, ranking),
        copies=place.copies,
    )


def vectors_of(shelves: Sequence[Shelf], ids: Ids) -> Vectors:
    """The pictures' vectors (n, width), in the order of `ids`; zeros for one that is gone."""
    width = shelves[0].pictures.width
    rows = np.zeros((len(ids), width), np.float32)
    order = np.argsort(ids)
    for shelf in shelves:
        found, vectors = shelf.pictures.rows(ids)
        rows[order[np.searchsorted(ids, found, sorter=order)]] = vectors
    return rows


def _by_cosine(
    asked: Asked,
    shelves: Sequence[Shelf],
    background: Callable[[], Background],
    bent: Bent | None,
    depth: int,
) -> Ranking:
    ids, scores = _nearest_pictures(asked, bent, shelves, depth)
    confidence = None
    if asked.plain and bent is None and len(ids):
        above = background().text_picture.above(scores)
        confidence = fusion.sureness(fusion.of_picture_alone(above), fusion.SURE)
    return Ranking("cosine", ids, scores, confidence, None, None, asked, shelves)


def _nearest_pictures(
    asked: Asked, bent: Bent | None, shelves: Sequence[Shelf], depth: int
) -> tuple[Ids, Scores]:
    vector = bent.vector if bent else asked.vector
    kind: QueryKind = "text" if bent else asked.kind
    parts = [shelf.pictures.search(vector, depth, shelf.allowed, kind) for shelf in shelves]
    ids = np.concatenate([part[0][0] for part in parts])
    scores = np.concatenate([part[1][0] for part in parts])
    held = ids >= 0
    ids, scores = ids[held], scores[held]
    order = np.lexsort((ids, -scores))[:depth]
    return ids[order], scores[order]


def _fused(
    query: Query,
    asked: Asked,
    shelves: Sequence[Shelf],
    words: FoundWords | None,
    background: Background,
    bent: Bent | None,
    depth: int,
) -> Ranking:
    proposed = [np.array(list(words.words) if words else [], np.int64)]
    if "picture" in query.by or bent is not None:
        proposed.append(_nearest_pictures(asked, bent, shelves, depth)[0])
    if "caption" in query.by:
        proposed.append(_nearest_captions(asked, shelves, depth))
    ids = np.unique(np.concatenate(proposed))
    evidence = _evidence(ids, query, asked, shelves, words, background, bent)
    odds, parts = fusion.log_odds(evidence, asked.told)
    order = np.lexsort((evidence.ids, -odds))
    telling = asked.plain and bent is None and set(query.by) == set(EVERY_EVIDENCE)
    return Ranking(
        measure="relevance",
        ids=evidence.ids[order],
        scores=fusion.sureness(odds, fusion.ORDER)[order],
        confidence=_confidence(evidence, asked)[order] if telling else None,
        evidence=evidence.in_order(order),
        shares=fusion.shares(parts)[order],
        asked=asked,
        shelves=shelves,
    )


def _confidence(evidence: fusion.Evidence, asked: Asked) -> Scores:
    odds, _ = fusion.log_odds(evidence, asked.told, fusion.SURE)
    return fusion.sureness(odds, fusion.SURE)


def _nearest_captions(asked: Asked, shelves: Sequence[Shelf], depth: int) -> Ids:
    """The pictures of the nearest captions."""
    assert asked.text is not None
    found = []
    for shelf in shelves:
        if shelf.captions:
            allowed = shelf.allowed
            if allowed is not None:
                allowed = caption_ids.captions_of(shelf.captions.ids(), allowed)
            # A picture's captions are often found together: twice as many, to find enough pictures.
            ids, _ = shelf.captions.search(asked.text, 2 * depth, allowed)
            found.append(caption_ids.owners(ids[0][ids[0] >= 0]))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _evidence(
    ids: Ids,
    query: Query,
    asked: Asked,
    shelves: Sequence[Shelf],
    words: FoundWords | None,
    background: Background,
    bent: Bent | None,
) -> fusion.Evidence:
    rows = vectors_of(shelves, ids)
    picture = (rows @ asked.vector[0]).astype(np.float32)
    chance = background.text_picture if asked.plain else background.of_picture(asked.vector)
    above = chance.above(picture)
    if "picture" not in query.by:
        above = np.zeros_like(above)
    caption, nearest = np.full(len(ids), np.nan, np.float32), np.full(len(ids), -1)
    caption_above = caption.copy()
    if "caption" in query.by:
        assert asked.text is not None
        caption, nearest = _best_captions(ids, asked.text, shelves)
        chance = background.text_caption if asked.plain else background.of_caption(asked.text)
        caption_above = chance.above(caption)
    mass, coverage = _words(ids, words, sum(len(shelf.pictures) for shelf in shelves))
    marks, marks_above = np.zeros((2, len(ids)), np.float32)
    if bent is not None:
        marks = (rows @ bent.direction[0]).astype(np.float32)
        marks_above = np.float32(bent.weight) * background.of_picture(bent.direction).above(marks)
    return fusion.Evidence(
        ids,
        *(picture, above, caption, caption_above, nearest),
        *(mass, coverage, marks, marks_above),
    )


def _best_captions(ids: Ids, text: Vectors, shelves: Sequence[Shelf]) -> tuple[Scores, Ids]:
    """For each picture the cosine and the id of its nearest caption; NaN and -1 without any."""
    best, best_ids = np.full(len(ids), np.nan, np.float32), np.full(len(ids), -1)
    for shelf in shelves:
        if not shelf.captions:
            continue
        held, vectors = shelf.captions.rows(caption_ids.captions_of(shelf.captions.ids(), ids))
        cosines = (vectors @ text[0]).astype(np.float32)
        order = np.argsort(cosines, kind="stable")  # of several, the last written is the nearest
        rows = np.searchsorted(ids, caption_ids.owners(held[order]))
        best[rows], best_ids[rows] = cosines[order], held[order]
    return best, best_ids


def _words(ids: Ids, found: FoundWords | None, pictures: int) -> tuple[Scores, Scores]:
    """BM25 and coverage of each picture (n,) each; zeros where no word was found."""
    mass, coverage = np.zeros(len(ids), np.float32), np.zeros(len(ids), np.float32)
    if found is None or not found.words:
        return mass, coverage
    rarities = {word: rarity(count, pictures) for word, count in found.frequency.items()}
    usual = sum(map(len, found.words.values())) / len(found.words)
    for row, picture_id in enumerate(ids.tolist()):
        if picture_id in found.words:
            mass[row], coverage[row] = words_score(rarities, found.words[picture_id], usual)
    return mass, coverage


def _matches(row: int, picture: Picture, ranking: Ranking) -> tuple[Match, ...]:
    evidence, shares = ranking.evidence, ranking.shares
    if ranking.asked is None:
        return ()
    if evidence is None or shares is None:
        return (Match("picture", float(ranking.scores[row]), 1.0),)
    captions = picture.facts.captions
    by_picture, by_caption, by_words_, by_marks = (float(share) for share in shares[row])
    found = [Match("picture", float(evidence.picture[row]), by_picture)]
    if evidence.caption_ids[row] >= 0:
        place = int(caption_ids.places(evidence.caption_ids[row]))
        told = captions[place] if place < len(captions) else None  # it may have changed since
        found.append(Match("caption", float(evidence.caption[row]), by_caption, told))
    if evidence.words[row] > 0:
        caption = best_caption(ranking.asked.words, captions)
        found.append(Match("words", float(evidence.coverage[row]), by_words_, caption))
    if evidence.marks_above[row]:
        found.append(Match("marks", float(evidence.marks[row]), by_marks))
    return tuple(found)
