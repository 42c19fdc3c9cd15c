"""Collections of one space, and what is asked of each space of a search."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from search.encoders.pool import ENCODER_ERRORS
from search.errors import BadQuery, LimnError, Message
from search.indexes.collection_indexes import CollectionIndexes
from search.ranking.calibration import MIN_CAPTIONS
from search.records import Collection

# Errors of one space's encoder, or of a query that this encoder alone can't embed.
ERRORS_OF_ONE_SPACE = (*ENCODER_ERRORS, BadQuery)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpaceGroup:
    """The collections of one space that a query searches, and their indexes."""

    collections: Sequence[Collection]
    indexes: Sequence[CollectionIndexes]

    @property
    def space_id(self) -> str:
        """Return the id of the space."""
        return self.collections[0].space.id

    @property
    def has_queries(self) -> bool:
        """Return whether there are captions enough to take the place of people's queries."""
        return sum(index.caption_count for index in self.indexes) >= MIN_CAPTIONS

    @property
    def has_pictures(self) -> bool:
        """Return whether there is anything to search."""
        return any(index.picture_count for index in self.indexes)


def in_each_space(
    groups: Sequence[SpaceGroup], answer: Callable[[SpaceGroup], T]
) -> tuple[list[T], tuple[Message, ...]]:
    """Return the answers of the groups, and a note for each group that can't answer.

    Raises what `answer` raises if none can.
    """
    answers, errors = [], []
    for group in groups:
        try:
            answers.append(answer(group))
        except ERRORS_OF_ONE_SPACE as error:
            errors.append((group, error))
    if not answers:
        raise errors[0][1]
    return answers, tuple(_left_out(group, error) for group, error in errors)


def _left_out(group: SpaceGroup, error: LimnError) -> Message:
    """Return the note about collections that are left out, and its text for clients."""
    names = ", ".join(collection.name for collection in group.collections)
    note, outside = (_note(names, reason) for reason in (error.message, error.outside))
    return note.with_outside(outside)


def _note(names: str, reason: Message) -> Message:
    return Message(
        "collections-left-out",
        "{collections} could not be searched: {reason}",
        collections=names,
        reason=reason,
    )
