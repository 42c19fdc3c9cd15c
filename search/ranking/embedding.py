"""The terms of a query as one embedding, and the words that are searched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from search.encoders import Encoder
from search.encoders.knowledge import Knowledge, TextReading, knowledge_of
from search.errors import BadQuery
from search.query.records import ConceptTerm, CutText, IndexedTerm, PictureTerm, Term, TextTerm
from search.records import Pixels, QueryKind, Vectors
from search.text.analysis import query_words

# Terms whose weighted sum is shorter than this have no direction: rounding alone would choose.
SHORTEST_SUM = 1e-3


@dataclass(frozen=True, slots=True)
class EmbeddedQuery:
    """The terms of a query, in the form that the stores and the words index take.

    `vector` (1, width) is the weighted sum of all terms, `text` that of the words alone, None where
    there are none or they cancel out. `words` are those of terms with a positive weight.
    `text_share` is the words' part in the weights, from 0 to 1. `plain` is True for a query of
    such words alone: their background is known. `kind` is "picture" where all terms are pictures
    with a positive weight. `cuts` are the texts that are too long for the encoder. `knowledge` is
    the encoder's, and `reading` how it reads the words; None where there are none, or it has none.
    """

    vector: Vectors
    text: Vectors | None
    words: tuple[str, ...]
    text_share: float
    plain: bool
    kind: QueryKind = "text"
    cuts: tuple[CutText, ...] = ()
    knowledge: Knowledge | None = None
    reading: TextReading | None = None


def embed_terms(
    terms: Sequence[Term],
    encoder: Encoder,
    read_pixels: Callable[[PictureTerm], Pixels],
    known_vector: Callable[[IndexedTerm | ConceptTerm], Vectors],
    adapter: Callable[[Vectors], Vectors] | None = None,
) -> EmbeddedQuery:
    """Embed the terms and add them up, each as a unit vector times its weight.

    `adapter` moves the words' vectors nearer to the pictures they mean; captions are
    compared with the words' own vectors.

    Raises:
        BadQuery: the terms cancel out.
        BadPicture: a picture can't be read.
        NotFound: an indexed picture or a concept no longer exists.
    """
    texts = [term for term in terms if isinstance(term, TextTerm)]
    pixels = [read_pixels(term) for term in terms if isinstance(term, PictureTerm)]
    cut_texts = cuts(terms, encoder)
    plain = encoder.encode_texts([term.text for term in texts]) if texts else None
    knowledge = knowledge_of(encoder) if texts else None
    text_rows = iter(() if plain is None else plain if adapter is None else adapter(plain))
    picture_rows = iter(encoder.encode_pixels(np.stack(pixels))) if pixels else iter(())
    rows = []
    for term in terms:
        match term:
            case TextTerm():
                rows.append(next(text_rows))
            case PictureTerm():
                rows.append(next(picture_rows))
            case IndexedTerm() | ConceptTerm():
                rows.append(known_vector(term))
    vector = _sum(terms, rows)
    if vector is None:
        raise BadQuery(
            "terms-cancel-out", "the query's terms cancel out; change a weight or leave one out"
        )
    positive_texts = [term for term in texts if term.weight > 0]
    return EmbeddedQuery(
        vector=vector,
        text=_sum(texts, list(plain)) if positive_texts and plain is not None else None,
        kind="picture" if all(map(_is_wanted_picture, terms)) else "text",
        words=query_words(" \n ".join(term.text for term in positive_texts)),
        text_share=sum(abs(term.weight) for term in texts)
        / sum(abs(term.weight) for term in terms),
        plain=len(positive_texts) == len(terms),
        cuts=cut_texts,
        # Its confidence was fitted on vectors that no adapter moved.
        knowledge=knowledge if adapter is None else None,
        reading=knowledge.read([term.text for term in texts]) if knowledge else None,
    )


def _is_wanted_picture(term: Term) -> bool:
    return isinstance(term, PictureTerm | IndexedTerm) and term.weight > 0


def _sum(terms: Sequence[Term], rows: Sequence[Vectors]) -> Vectors | None:
    """Return the unit vector (1, width) of a weighted sum; None for a sum near zero."""
    weights = np.array([term.weight for term in terms])
    total = weights @ np.array(rows, dtype=np.float64)
    length = float(np.linalg.norm(total))
    if not length > SHORTEST_SUM * float(np.abs(weights).sum()):
        return None
    return np.ascontiguousarray((total / length)[None], dtype=np.float32)


def cuts(terms: Sequence[Term], encoder: Encoder) -> tuple[CutText, ...]:
    """Return the texts of a query that are too long for the encoder."""
    texts = [term.text for term in terms if isinstance(term, TextTerm)]
    counts = ((text, encoder.characters_read(text)) for text in texts)
    return tuple(CutText(text, len(text), count) for text, count in counts if count < len(text))


def join_cuts(parts: Sequence[tuple[CutText, ...]]) -> tuple[CutText, ...]:
    """Return the cut texts of several encoders, each as by the encoder that reads least of it."""
    if len(parts) == 1:
        return parts[0]
    least: dict[str, CutText] = {}
    for cut_text in sorted(chain(*parts), key=lambda each: each.read):
        least.setdefault(cut_text.text, cut_text)
    return tuple(least.values())
