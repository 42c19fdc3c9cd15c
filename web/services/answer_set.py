"""The pictures of a ranked answer without its filters, to count what filters would leave."""

import numpy as np

from search.facets.records import NO_IDS, AnswerSet
from search.query.records import Query
from search.query.sorting import AT_LEAST
from search.ranking.pagination import RankedResults, left_out_ids


def answer_set(query: Query, results: RankedResults) -> AnswerSet:
    """Return the set of a query without a filter: its pictures that are sure enough.

    Where no confidence is known, some of the best are in the set under any filter.
    """
    ranking = results.ranking
    left_out = np.array(sorted(left_out_ids(query)), np.int64)
    if ranking is None:  # nothing is indexed, or no word is known
        return AnswerSet(NO_IDS)
    cutoff = query.set_cutoff
    if cutoff is None and ranking.confidence is not None:
        cutoff = query.cutoff or None
    if ranking.measure == "none" or cutoff is None:
        return AnswerSet(None, left_out)
    sure_ids = np.sort(ranking.ids[ranking.certainty >= np.float32(cutoff)])
    name = query.strictness or (None if query.cutoff else "usual")
    at_least = AT_LEAST[name] if ranking.confidence is None and name is not None else 0
    return AnswerSet(sure_ids, left_out, at_least)
