"""Notes about words of a query that an encoder does not know."""

from collections.abc import Sequence

from search.errors import Message
from search.ranking.context import SearchContext

MOST_NAMED = 8
"""Unknown words that a note names; a pasted page may have hundreds."""

NO_WORD_KNOWN = Message("no-word-known", "no word of this is known to the built-in pair")


def unknown_words_notes(contexts: Sequence[SearchContext]) -> tuple[Message, ...]:
    """Return notes about words that the encoders of a query's contexts do not know, each once.

    The built-in pair's editions are the encoders that know their words.
    """
    notes = dict.fromkeys(note for context in contexts for note in _notes(context))
    return tuple(notes)


def _notes(context: SearchContext) -> Sequence[Message]:
    if not context.is_understood:
        return (NO_WORD_KNOWN,)
    contexts = (context, *(exclusion.context for exclusion in context.exclusions))
    readings = [each.embedded_query.reading for each in contexts]
    unknown_words = [word for each in readings if each is not None for word in each.unknown_words]
    if not unknown_words:
        return ()
    words = ", ".join(unknown_words[:MOST_NAMED])
    more = ", ..." if len(unknown_words) > MOST_NAMED else ""
    return (
        Message(
            "words-unknown", "the built-in pair does not know: {words}", words=f"{words}{more}"
        ),
    )
