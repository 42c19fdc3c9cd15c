"""The documents that the examples of several answers have."""

from typing import Any

HASH = "521808203e79cf34b1a2c7d09e5f6a88d1f0c3b2a4958677c0d1e2f3a4b5c6d7"
CAPTION = {"text": "A dog bounds across the sand.", "language": "en", "kind": "caption"}

PICTURE: dict[str, Any] = {
    "id": 412,
    "collection": "holidays",
    "path": "/srv/pictures/holidays/beach.jpg",
    "width_px": 4032,
    "height_px": 3024,
    "format": "JPEG",
    "size_bytes": 3104512,
    "taken_at": "2021-05-14T16:20:00",
    "latitude": 43.3623,
    "longitude": -8.4115,
    "camera": "FUJIFILM X100V",
    "content_hash": HASH,
    "colours": ["#c9a86a", "#3b6d8c"],
    "fields": {"rating": 5.0},
    "captions": [CAPTION],
    "thumbnail": "/api/v1/pictures/412/thumbnail?side=320&v=521808203e79",
    "original": "/api/v1/pictures/412/original",
    "similar": "/api/v1/search?similar=412",
}

HIT = {
    **PICTURE,
    "rank": 1,
    "score": 0.971204,
    "measure": "relevance",
    "cosine": 0.548172,
    "confidence": 0.9712,
    "matches": [
        {"by": "picture", "score": 0.548172, "share": 0.38, "caption": None, "line": None},
        {"by": "caption", "score": 0.702911, "share": 0.62, "caption": CAPTION, "line": None},
    ],
    "copies": [],
    "group": None,
}

SECOND = {"encoder": "balanced", "space": "siglip2-base-512", "state": "ready"}

COLLECTION: dict[str, Any] = {
    "name": "holidays",
    "encoder": "builtin",
    "space": "builtin-2-256",
    "second": None,
    "pictures": 1842,
    "captions": 310,
    "failures": 4,
    "missing": 0,
    "size_bytes": 9103445120,
    "created_at": "2024-03-02T09:15:00Z",
    "updated_at": "2024-06-21T18:40:12Z",
}

JOB: dict[str, Any] = {
    "id": 7,
    "collection": "holidays",
    "kind": "index",
    "source": "/srv/pictures/holidays",
    "pair": None,
    "state": "running",
    "cancelled": False,
    "total": 1846,
    "found": 900,
    "added": 896,
    "changed": 0,
    "moved": 0,
    "unchanged": 0,
    "removed": 0,
    "missing": 0,
    "failed": 4,
    "total_bytes": None,
    "received_bytes": None,
    "rate": 41.5,
    "left_s": 22.8,
    "current": "/srv/pictures/holidays/beach.jpg",
    "message": None,
    "started_at": "2024-06-21T18:38:50Z",
    "updated_at": "2024-06-21T18:39:12Z",
    "finished_at": None,
}
DOWNLOAD = {
    **JOB,
    **{"collection": None, "kind": "download", "source": "balanced", "pair": "balanced"},
    **{"total": None, "found": 0, "added": 0, "failed": 0, "current": None},
    **{"total_bytes": 812_000_000, "received_bytes": 203_000_000, "rate": 9_800_000.0},
    **{"left_s": 62.1},
}

SUMMARY = {
    "name": "our-dog",
    "words": [{"text": "a brown dog", "weight": 1.0}],
    "more": 2,
    "less": 1,
    "spaces": ["builtin-2-256"],
}

SEARCH = {
    "id": 2,
    "name": "Doors",
    "address": "q=a+red+door&where=date+%3E%3D+2021",
    "created_at": "2024-05-01T12:00:00Z",
}
BOARD = {
    **{"id": 3, "name": "For the wall", "created_at": "2024-05-02T10:30:00Z"},
    **{"pictures": 2, "missing": 0, "cover": 412},
}

LINK = {
    **{"id": 5, "created_at": "2024-05-02T10:30:00+00:00"},
    "expires_at": "2024-06-01T10:30:00+00:00",
}

QUERY = {
    "terms": [{"text": "a dog on the beach", "weight": 1.0}],
    **{"collections": [], "k": 1, "offset": 0, "where": None},
    "by": ["picture", "caption", "words", "name", "text"],
    **{"cutoff": 0.0, "fold": False, "diverse": 0.0, "more": [], "less": []},
    **{"sort": "relevance", "strictness": None},
}

BOX = [43.36, -8.42, 43.37, -8.4]
