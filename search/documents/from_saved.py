"""From records of what people save to documents: marks, concepts, saved searches and boards."""

from dataclasses import asdict

from msgspec import structs

from search.catalog.board_links import BoardLink as BoardLinkRecord
from search.catalog.boards import Board as BoardRecord
from search.catalog.marks import Mark as MarkRecord
from search.catalog.records import Concept
from search.catalog.saved_searches import SavedSearch as SavedSearchRecord
from search.documents.feedback import ConceptSummary, Mark, Words
from search.documents.picture import Picture
from search.documents.saved_and_boards import Board, BoardLink, Pinned, SavedSearch


def pinned_document(picture: Picture, place: int, note: str) -> Pinned:
    """Return a picture on a board: its place from 0, and what is noted of it."""
    return Pinned(**structs.asdict(picture), place=place, note=note)


def mark_document(mark: MarkRecord) -> Mark:
    """Return a mark."""
    return Mark(mark.words, mark.content_hash, mark.more, mark.made_at)


def concept_document(concept: Concept) -> ConceptSummary:
    """Return a concept as lists show it."""
    more = sum(mark.more for mark in concept.marks)
    return ConceptSummary(
        name=concept.name,
        words=tuple(Words(term.text, term.weight) for term in concept.words),
        more=more,
        less=len(concept.marks) - more,
        spaces=tuple(sorted(concept.vectors)),
    )


def saved_search_document(search: SavedSearchRecord) -> SavedSearch:
    """Return a saved search."""
    return SavedSearch(search.id, search.name, search.address, search.created_at)


def link_document(link: BoardLinkRecord) -> BoardLink:
    """Return a link of a board."""
    return BoardLink(link.id, link.created_at, link.expires_at)


def board_document(board: BoardRecord) -> Board:
    """Return a board, and how many pictures are on it."""
    return Board(**asdict(board))
