"""Conversion of records to documents: the same for the command line and the API."""

import os
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from search import records
from search.catalog.records import CollectionSummary
from search.documents.collection import Collection, SecondPair
from search.documents.picture import Caption, Captions, Picture
from search.documents.search import (
    Answer,
    AskedQuery,
    AskedTerm,
    Counts,
    Cut,
    Hit,
    Match,
    Reading,
    TextLine,
)
from search.query import reading as query_reading
from search.query import records as query_records
from search.query.filters.grammar import format_filter
from search.query.records import ConceptTerm, IndexedTerm, Query, Term, TextTerm
from search.text.printable import printable


def hit_document(hit: query_records.Hit, **links: Any) -> Hit:
    """Return a hit with its picture, and with the addresses of its files if given."""
    return Hit(
        rank=hit.rank,
        score=round(hit.score, 6),
        measure=hit.measure,
        cosine=None if hit.cosine is None else round(hit.cosine, 6),
        confidence=_confidence(hit.confidence),
        matches=tuple(_match(match) for match in hit.matches),
        copies=hit.copies,
        group=None if hit.group is None else printable(hit.group),
        **_facts(hit.picture),
        **links,
    )


def picture_document(picture: records.Picture, **links: Any) -> Picture:
    """Return a picture, and the addresses of its files if given.

    A path that is not UTF-8 has U+FFFD in its place.
    """
    return Picture(**_facts(picture), **links)


def captions_document(picture: records.Picture) -> Captions:
    """Return the captions of a picture alone."""
    return Captions(_captions(picture))


def answer_document(
    query: Query,
    answer: query_records.Answer,
    hits: Iterable[Hit],
    next_cursor: str | None,
    took_ms: float,
) -> Answer:
    """Return an answer with its query, and with the cursor of the next page."""
    counts = answer.counts
    return Answer(
        query=_query(query),
        hits=tuple(hits),
        confidence=_confidence(answer.confidence),
        more=answer.more,
        notes=tuple(str(note.outside) for note in answer.notes),
        cuts=tuple(
            Cut(cut_text.text, cut_text.characters, cut_text.read) for cut_text in answer.cuts
        ),
        counts=None if counts is None else Counts(counts.strict, counts.usual, counts.wide),
        understood=tuple(map(reading_document, answer.readings)),
        next=next_cursor,
        took_ms=took_ms,
    )


def reading_document(reading: query_reading.Reading) -> Reading:
    """Return what was read of a question."""
    return Reading(
        kind=reading.kind,
        text=reading.text,
        start=reading.start,
        end=reading.end,
        means=str(reading.means),
        where=reading.where or None,
        minus=reading.minus,
        applied=reading.is_applied,
    )


def collection_document(summary: CollectionSummary) -> Collection:
    """Return a collection, and its counts."""
    return Collection(
        name=summary.name,
        encoder=summary.space.encoder,
        space=summary.space.id,
        second=_second_pair(summary.second),
        pictures=summary.pictures,
        captions=summary.captions,
        failures=summary.failures,
        missing=summary.missing,
        size_bytes=summary.size_bytes,
        created_at=summary.created_at,
        updated_at=summary.updated_at,
    )


def _second_pair(second: records.SecondSpace | None) -> SecondPair | None:
    if second is None:
        return None
    return SecondPair(encoder=second.space.encoder, space=second.space.id, state=second.state)


# The facts that documents have as they are, in their own members.
OWN_FACTS = tuple(
    fact.name
    for fact in fields(records.PictureFacts)
    if fact.name in Picture.__struct_fields__ and fact.name != "captions"
)


def _facts(picture: records.Picture) -> dict[str, Any]:
    """Return the members of a picture, without the addresses of its files."""
    facts = picture.facts
    return {
        "id": picture.id,
        "collection": picture.collection,
        "path": printable(os.fspath(picture.path)),
        "size_bytes": picture.size_bytes,
        "content_hash": picture.content_hash,
        **{name: getattr(facts, name) for name in OWN_FACTS},
        "fields": picture.fields,
        "captions": _captions(picture),
    }


def _captions(picture: records.Picture) -> tuple[Caption, ...]:
    return tuple(_caption(caption) for caption in picture.facts.captions)


def _caption(caption: records.Caption) -> Caption:
    return Caption(caption.text, caption.language, caption.kind)


def _match(match: query_records.Match) -> Match:
    caption = None if match.caption is None else _caption(match.caption)
    line = None if match.line is None else _text_line(match.line)
    return Match(match.by, round(match.score, 6), round(match.share, 4), caption, line)


def _text_line(line: records.TextLine) -> TextLine:
    return TextLine(line.text, round(line.confidence, 2), line.box)


def _confidence(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)


def _query(query: Query) -> AskedQuery:
    return AskedQuery(
        terms=tuple(_term(term) for term in query.terms),
        collections=query.collections,
        k=query.k,
        offset=query.offset,
        where=None if query.where is None else format_filter(query.where),
        by=query.by,
        cutoff=query.cutoff,
        fold=query.fold,
        diverse=query.diverse,
        more=query.more,
        less=query.less,
        sort=query.sort,
        strictness=query.strictness,
    )


def _term(term: Term) -> AskedTerm:
    """Return a term; for a query image only that it was sent."""
    match term:
        case TextTerm():
            return AskedTerm(text=term.text, weight=term.weight)
        case IndexedTerm():
            return AskedTerm(picture_id=term.picture_id, weight=term.weight)
        case ConceptTerm():
            return AskedTerm(concept=term.name, weight=term.weight)
    return AskedTerm(image="sent", weight=term.weight)
