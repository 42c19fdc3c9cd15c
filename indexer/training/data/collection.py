"""Captioned pictures out of an indexed collection, in the form that training reads."""

from indexer.captioned_pictures import CaptionedPicture, captioned
from search.catalog.catalog import Catalog
from search.errors import BadSource


def from_collection(catalog: Catalog, name: str) -> tuple[list[CaptionedPicture], int]:
    """The captioned pictures of a collection, and how many more have no file any longer.

    Raises:
        NotFound: there is no such collection.
        BadSource: none of its pictures has a caption, or none of their files is there.
    """
    collection = catalog.collections.one(name)
    pairs, gone = [], 0
    for picture in catalog.pictures.captioned(collection):
        if not picture.path.is_file():
            gone += 1
            continue
        rows = [
            {"caption": each.text, "language": each.language or "", "kind": each.kind}
            for each in picture.facts.captions
        ]
        pairs.append(captioned(picture.path, rows))
    if not pairs:
        missing = f", and the files of {gone:,} that had some are gone" if gone else ""
        raise BadSource(
            f"no picture of collection {name!r} has a caption{missing}; put captions.csv beside "
            "the pictures and index them again, or name a file of captions with --pairs"
        )
    return pairs, gone
