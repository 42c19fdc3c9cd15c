"""The documents of completion: what the words in the box may become."""

from typing import Annotated

from msgspec import Struct

from search.documents.members import Hits, about
from search.query.limits import MAX_COMPLETIONS


class Completion(Struct, frozen=True, kw_only=True):
    """One completion of a question."""

    kind: Annotated[str, about("recent, saved, concept, camera, column, folder, year or name")]
    text: Annotated[str, about("what it adds, for people")]
    q: Annotated[str, about("the whole question with it")]
    pictures: Annotated[int | None, about("how many pictures have it, where that is known")] = None
    address: Annotated[str | None, about("of a saved search, after the ?")] = None


class Completions(Struct, frozen=True, kw_only=True):
    """The completions of a question, the likeliest first."""

    completions: tuple[Completion, ...]
    did_you_mean: Annotated[str | None, about("the question with misspelt words corrected")]


class CompleteFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that is being typed."""

    q: Annotated[str, about("the words in the box")] = ""
    collection: Annotated[tuple[str, ...], about("names of collections; usually all")] = ()
    k: Annotated[Hits, about("how many completions", maximum=MAX_COMPLETIONS)] = 8
