"""Ids of captions in a vector store: the picture's id and the caption's place in one number."""

from collections.abc import Sequence

import numpy as np

from search.records import Ids

# A picture's id is shifted by this many bits; captions past the 64th of one picture have no vector
# in the index. SQL ids would have to pass 144 million billion to run out.
PLACE_BITS = 6
MAX_CAPTIONS = 1 << PLACE_BITS


def caption_id(picture_id: int, place: int) -> int:
    """Return the id of a picture's caption at `place`, from 0, in `PictureFacts.captions`."""
    return picture_id << PLACE_BITS | place


def every_caption(picture_ids: Sequence[int] | Ids) -> Ids:
    """Return all the ids that captions of these pictures may have, (n * 64,)."""
    first = np.asarray(picture_ids, dtype=np.int64) << PLACE_BITS
    return (first[:, None] + np.arange(MAX_CAPTIONS)).ravel()


def owners(caption_ids: Ids) -> Ids:
    """Return the ids of the captions' pictures."""
    return caption_ids >> PLACE_BITS


def places(caption_ids: Ids) -> Ids:
    """Return the places of captions among their pictures' captions."""
    return caption_ids & (MAX_CAPTIONS - 1)


def captions_of(caption_ids: Ids, picture_ids: Ids) -> Ids:
    """Return those of the ascending `caption_ids` that belong to the pictures."""
    first_ids = np.unique(picture_ids) << PLACE_BITS
    starts = np.searchsorted(caption_ids, first_ids)
    counts = np.searchsorted(caption_ids, first_ids + MAX_CAPTIONS) - starts
    # Where each picture's run begins in the answer, and from there one by one.
    begins = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return caption_ids[begins + np.arange(len(begins))] if len(begins) else caption_ids[:0]
