"""How records look as JSON: the same for the command line, the API and whoever reads them."""

import os
from dataclasses import asdict
from typing import Any

from search.catalog.records import CollectionSummary
from search.facets.records import Facets, Folder
from search.query.records import Answer, Hit, Match
from search.records import Caption, Picture
from search.text.printable import printable


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit with its picture; `measure` says whether `score` is a cosine, a relevance or none."""
    return {
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "measure": hit.measure,
        "cosine": None if hit.cosine is None else round(hit.cosine, 6),
        "confidence": None if hit.confidence is None else round(hit.confidence, 4),
        "matches": [_match_json(match) for match in hit.matches],
        "copies": list(hit.copies),
        **picture_json(hit.picture),
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """What is to be said of an answer beside its hits."""
    return {
        "confidence": None if answer.confidence is None else round(answer.confidence, 4),
        "more": answer.more,
        "notes": list(answer.notes),
        "cuts": [asdict(cut) for cut in answer.cuts],
    }


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
        "missing": summary.missing,
        "size_bytes": summary.size_bytes,
        "created_at": summary.created_at,
        "updated_at": summary.updated_at,
    }


def facets_json(facets: Facets) -> dict[str, Any]:
    """What a set of pictures holds, counted."""
    told = asdict(facets)
    told["folders"] = [_folder_json(folder) for folder in facets.folders]
    return told


def _folder_json(folder: Folder) -> dict[str, Any]:
    inner = [_folder_json(each) for each in folder.folders]
    return {"path": printable(folder.path), "pictures": folder.pictures, "folders": inner}


def _match_json(match: Match) -> dict[str, Any]:
    caption = match.caption
    return {
        "by": match.by,
        "score": round(match.score, 6),
        "share": round(match.share, 4),
        "caption": None if caption is None else _caption_json(caption),
    }


def _caption_json(caption: Caption) -> dict[str, Any]:
    return {"text": caption.text, "language": caption.language, "kind": caption.kind}
