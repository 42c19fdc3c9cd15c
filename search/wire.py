"""How records look as JSON: the same for the command line, the API and whoever reads them."""

import os
from typing import Any

from search.records import Caption, CollectionSummary, Hit, Picture


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit with its picture; `score` is the cosine."""
    return {"rank": hit.rank, "score": round(hit.score, 6), **picture_json(hit.picture)}


def picture_json(picture: Picture) -> dict[str, Any]:
    """A picture's id, place and facts. A path that is not UTF-8 is shown with marks instead."""
    facts = picture.facts
    return {
        "id": picture.id,
        "collection": picture.collection,
        "path": printable(os.fspath(picture.path)),
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "format": facts.format,
        "size_bytes": picture.size_bytes,
        "taken_at": facts.taken_at,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "camera": facts.camera,
        "content_hash": picture.content_hash,
        "colours": list(facts.colours),
        "fields": dict(picture.fields),
        "captions": [_caption_json(caption) for caption in facts.captions],
    }


def collection_json(summary: CollectionSummary) -> dict[str, Any]:
    """A collection and how much it holds."""
    return {
        "name": summary.name,
        "encoder": summary.space.encoder,
        "space": summary.space.id,
        "pictures": summary.pictures,
        "captions": summary.captions,
        "failures": summary.failures,
        "size_bytes": summary.size_bytes,
        "created_at": summary.created_at,
        "updated_at": summary.updated_at,
    }


def printable(text: str) -> str:
    """The text as any terminal or JSON reader takes it: bytes that are no UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _caption_json(caption: Caption) -> dict[str, Any]:
    return {"text": caption.text, "language": caption.language, "kind": caption.kind}
