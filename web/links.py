"""Addresses of pictures and their thumbnails, as pages and JSON give them."""

from base64 import b64encode
from typing import get_args

from search.documents import picture as documents
from search.documents.from_records import picture_document
from search.records import Picture
from web.state import engine

# Where the JSON API is, which all of these are of.
API = "/api/v1"

THUMBNAIL_SIDES_PX: tuple[int, ...] = get_args(documents.Side)

# The grid's rows are this high before they are stretched to the page's width, by a quarter or so.
ROW_PX = 230
STRETCH = 1.2


def thumbnail_url(picture: Picture, side_px: int = 320) -> str:
    """Return the thumbnail's address; `v` changes with the picture, so it may be kept for good."""
    # Not by url_for, which takes 25 µs: a page has hundreds of these.
    version = picture.content_hash[:12]
    return f"{API}/pictures/{picture.id}/thumbnail?side={side_px}&v={version}"


def srcset(picture: Picture) -> str:
    """Return the thumbnails with their widths, for the browser to choose from by density."""
    facts = picture.facts
    longest = max(facts.width_px, facts.height_px)
    widths: dict[int, int] = {}
    for side_px in THUMBNAIL_SIDES_PX[1:]:
        width = max(1, round(facts.width_px * min(1.0, side_px / longest)))
        widths.setdefault(width, side_px)
    return ", ".join(f"{thumbnail_url(picture, side)} {width}w" for width, side in widths.items())


def shown_width_px(picture: Picture) -> int:
    """About how wide the grid shows the picture, for the `sizes` attribute."""
    aspect = picture.facts.width_px / picture.facts.height_px
    return round(ROW_PX * STRETCH * min(aspect, 3.0))


def placeholder(picture: Picture) -> str | None:
    """Return what stands in the picture's place until it has come, as a `data:` address."""
    small = engine().placeholder(picture)
    return f"data:image/webp;base64,{b64encode(small).decode()}" if small else None


def linked(picture: Picture) -> documents.Picture:
    """Return the document of a picture with the addresses of its files."""
    return picture_document(picture, **addresses(picture))


def addresses(picture: Picture) -> dict[str, str]:
    """Return the addresses of a picture's files, and of the pictures that are similar to it."""
    return {
        "thumbnail": thumbnail_url(picture),
        "original": f"{API}/pictures/{picture.id}/original",
        "similar": f"{API}/search?similar={picture.id}",
    }
