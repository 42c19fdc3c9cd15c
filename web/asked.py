"""What the search page was asked: all of it stands in the page's address."""

from dataclasses import dataclass, replace
from typing import Any

from search.records import IndexedTerm, PictureTerm, Query, Term, TextTerm
from web.forms import DEFAULT_K, Fields, count, identity, number, words
from web.held import HeldPictures


@dataclass(frozen=True, slots=True)
class Asked:
    """Words, a picture, or both: an indexed one by its id or one that was sent, by its token."""

    q: str = ""
    similar: int | None = None
    picture: str = ""
    weight: float = 1.0
    collection: str = ""
    k: int = DEFAULT_K

    @classmethod
    def of(cls, fields: Fields) -> "Asked":
        """Read an address or a form; fields of others, such as trackers', are passed over.

        Raises:
            BadQuery: a field has a value that is not allowed.
        """
        similar = fields.get("similar")
        return cls(
            q=words(fields.get("q", "")),
            similar=identity("similar", similar) if similar else None,
            picture=fields.get("picture", ""),
            weight=number("weight", fields.get("weight") or 1),
            collection=fields.get("collection", ""),
            k=count(fields.get("k") or DEFAULT_K),
        )

    @property
    def by_picture(self) -> bool:
        return self.similar is not None or bool(self.picture)

    @property
    def anything(self) -> bool:
        return bool(self.q) or self.by_picture

    def query(self, held: HeldPictures) -> Query:
        """The query; raises NotFound where its picture is no longer held."""
        terms: list[Term] = [TextTerm(self.q)] if self.q else []
        if self.similar is not None:
            terms.append(IndexedTerm(self.similar, self.weight))
        elif self.picture:
            terms.append(PictureTerm(held.get(self.picture).data, self.weight))
        return Query(tuple(terms), (self.collection,) if self.collection else (), self.k)

    def address(self, **changes: Any) -> dict[str, Any]:
        """The fields of the address that asks this, with `changes`; what is usual is left out."""
        asked = replace(self, **changes)
        return {
            "q": asked.q or None,
            "similar": asked.similar,
            "picture": asked.picture or None,
            "weight": f"{asked.weight:g}" if asked.by_picture and asked.weight != 1 else None,
            "collection": asked.collection or None,
            "k": asked.k if asked.k != DEFAULT_K else None,
        }
