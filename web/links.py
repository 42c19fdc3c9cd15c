"""Addresses of pictures and their thumbnails, for pages and JSON."""

from base64 import b64encode
from typing import get_args

from search.documents import picture as documents
from search.documents.from_records import picture_document
from search.records import Picture
from web.state import engine

# The prefix of the JSON API, which all these addresses share.
API = "/api/v1"

THUMBNAIL_SIDES_PX: tuple[int, ...] = get_args(documents.Side)


def thumbnail_url(picture: Picture, side_px: int = 320) -> str:
    """Return the thumbnail's address; `v` changes with the picture, so caches stay correct."""
    # url_for takes 25 µs, and a page has hundreds of thumbnails.
    version = picture.content_hash[:12]
    return f"{API}/pictures/{picture.id}/thumbnail?side={side_px}&v={version}"


def srcset(picture: Picture) -> str:
    """Return the thumbnails with their widths, so that the browser can choose by pixel density."""
    facts = picture.facts
    longest = max(facts.width_px, facts.height_px)
    widths: dict[int, int] = {}
    for side_px in THUMBNAIL_SIDES_PX[1:]:
        width = max(1, round(facts.width_px * min(1.0, side_px / longest)))
        widths.setdefault(width, side_px)
    return ", ".join(f"{thumbnail_url(picture, side)} {width}w" for width, side in widths.items())


def placeholder(picture: Picture) -> str | None:
    """Return the placeholder of a picture that is still loading, as a `data:` address."""
    small = engine().placeholder(picture)
    return f"data:image/webp;base64,{b64encode(small).decode()}" if small else None


def linked_picture(picture: Picture) -> documents.Picture:
    """Return the document of a picture, with the addresses of its files."""
    return picture_document(picture, **addresses(picture))


def addresses(picture: Picture) -> dict[str, str]:
    """Return the addresses of a picture's files and of its similar pictures."""
    return {
        "thumbnail": thumbnail_url(picture),
        "original": f"{API}/pictures/{picture.id}/original",
        "similar": f"{API}/search?similar={picture.id}",
    }
