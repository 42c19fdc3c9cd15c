"""A query's terms as one embedding, and the words that are searched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from search.encoders import Encoder
from search.errors import BadQuery
from search.query.records import ConceptTerm, Cut, IndexedTerm, PictureTerm, Term, TextTerm
from search.records import Pixels, QueryKind, Vectors
from search.text.analysis import query_words

# Terms whose weighted sum is shorter than this point nowhere: rounding alone would choose.
SHORTEST_SUM = 1e-3


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's terms as the stores and the words index take them.

    `vector` (1, width) is the weighted sum of all terms, `text` that of the words alone, None where
    there are none or they cancel out. `words` are those of the terms that lead towards something.
    `told` is the words' part in the weights, from 0 to 1. `plain` tells that there are only such
    words: of these it is known how high cosines stand. `kind` is "picture" where only pictures lead
    there, and all of them towards it.
    """

    vector: Vectors
    text: Vectors | None
    words: tuple[str, ...]
    told: float
    plain: bool
    kind: QueryKind = "text"


def understand(
    terms: Sequence[Term],
    encoder: Encoder,
    read_pixels: Callable[[PictureTerm], Pixels],
    known_vector: Callable[[IndexedTerm | ConceptTerm], Vectors],
    adapter: Callable[[Vectors], Vectors] | None = None,
) -> Asked:
    """Embed the terms and add them up, each as a unit vector times its weight.

    `adapter` moves the words' vectors nearer to the pictures that are meant by them; captions are
    compared with the words as the encoder has them.

    Raises:
        BadQuery: the terms cancel out.
        BadPicture: a picture can't be read.
        NotFound: an indexed picture or a concept is gone.
    """
    texts = [term for term in terms if isinstance(term, TextTerm)]
    pixels = [read_pixels(term) for term in terms if isinstance(term, PictureTerm)]
    plain = encoder.encode_texts([term.text for term in texts]) if texts else None
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
        raise BadQuery("the query's terms cancel out; change a weight or leave one out")
    wanted = [term for term in texts if term.weight > 0]
    return Asked(
        vector=vector,
        text=_sum(texts, list(plain)) if wanted and plain is not None else None,
        words=query_words(" \n ".join(term.text for term in wanted)),
        told=sum(abs(term.weight) for term in texts) / sum(abs(term.weight) for term in terms),
        plain=len(wanted) == len(terms),
        kind="picture" if all(map(_shows, terms)) else "text",
    )


def _shows(term: Term) -> bool:
    return isinstance(term, PictureTerm | IndexedTerm) and term.weight > 0


def cuts(terms: Sequence[Term], encoder: Encoder) -> tuple[Cut, ...]:
    """Which of the words the encoder does not read to their end."""
    texts = [term.text for term in terms if isinstance(term, TextTerm)]
    read = ((text, encoder.characters_read(text)) for text in texts)
    return tuple(Cut(text, len(text), count) for text, count in read if count < len(text))


def _sum(terms: Sequence[Term], rows: Sequence[Vectors]) -> Vectors | None:
    """The weighted sum of unit rows, of unit length (1, width); None where they cancel out."""
    weights = np.array([term.weight for term in terms])
    total = weights @ np.array(rows, dtype=np.float64)
    length = float(np.linalg.norm(total))
    if not length > SHORTEST_SUM * float(np.abs(weights).sum()):
        return None
    return np.ascontiguousarray((total / length)[None], dtype=np.float32)
