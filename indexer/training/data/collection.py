"""Captioned pictures of an indexed collection, in the form that training reads."""

from indexer.captioned_pictures import CaptionedPicture, from_rows
from search.catalog.catalog import Catalog
from search.errors import BadSource


def from_collection(catalog: Catalog, name: str) -> tuple[list[CaptionedPicture], int]:
    """Return the captioned pictures of a collection, and the number of those without a file.

    Raises:
        NotFound: there is no such collection.
        BadSource: none of its pictures has a caption, or none of their files exists.
    """
    collection = catalog.collections.one(name)
    pairs, absent = [], 0
    for picture in catalog.pictures.with_captions(collection):
        if not picture.path.is_file():
            absent += 1
            continue
        rows = [
            {"caption": each.text, "language": each.language or "", "kind": each.kind}
            for each in picture.facts.captions
        ]
        pairs.append(from_rows(picture.path, rows))
    if not pairs:
        missing = f", and the files of {absent:,} that had some are gone" if absent else ""
        raise BadSource(
            "collection-without-captions",
            "no picture of collection {name!r} has a caption{missing}; put captions.csv beside "
            "the pictures and index them again, or name a file of captions with --pairs",
            name=name,
            missing=missing,
        )
    return pairs, absent
