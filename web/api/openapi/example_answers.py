"""Examples of answers, by the name of their class; some endpoints have one of their own."""

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

QUERY = {
    "terms": [{"text": "a dog on the beach", "weight": 1.0}],
    **{"collections": [], "k": 1, "offset": 0, "where": None},
    "by": ["picture", "caption", "words", "name", "text"],
    **{"cutoff": 0.0, "fold": False, "diverse": 0.0, "more": [], "less": []},
    **{"sort": "relevance", "strictness": None},
}

BOX = [43.36, -8.42, 43.37, -8.4]

ANSWERS: dict[str, Any] = {
    "Answer": {
        "query": QUERY,
        "hits": [HIT],
        "confidence": 0.9712,
        "more": True,
        "notes": [],
        "cuts": [],
        "counts": {"strict": 3, "usual": 7, "wide": 12},
        "understood": [],
        "next": "WzEsICI1ZjM1YzU0ODk2Y2UiXQ==",
        "took_ms": 21.4,
    },
    "Completions": {
        "completions": [
            {
                **{"kind": "camera", "text": "FUJIFILM X100V", "pictures": 214, "address": None},
                "q": 'dog camera:"FUJIFILM X100V"',
            }
        ],
        "did_you_mean": None,
    },
    "Picture": PICTURE,
    "Captions": {"captions": [CAPTION]},
    "Export": {"pictures": [PICTURE]},
    "text/csv": "id,collection,path,width_px,height_px\n412,holidays,beach.jpg,4032,3024\n",
    "Collections": {"collections": [COLLECTION]},
    "Collection": COLLECTION,
    "pair_changes.switch Collection": {**COLLECTION, "second": {**SECOND, "state": "former"}},
    "Facets": {
        "pictures": 1842,
        "dates": {
            **{"unit": "year", "first": "2019-07-02", "last": "2024-06-20"},
            "values": [{"value": "2021", "pictures": 640}],
        },
        "cameras": [{"value": "FUJIFILM X100V", "pictures": 214}],
        "formats": [{"value": "JPEG", "pictures": 1842}],
        "orientations": [{"value": "landscape", "pictures": 1320}],
        "megapixels": [{"least": 8.0, "most": 16.0, "pictures": 1500}],
        "sizes_bytes": [{"least": 1e6, "most": 4e6, "pictures": 1722}],
        "colours": [{"value": "blue", "pictures": 812}],
        "folders": [{"path": "/srv/pictures/holidays", "pictures": 1842, "folders": []}],
        "languages": [{"value": "en", "pictures": 310}],
        "with_text": 96,
        "columns": [
            {
                **{"name": "rating", "pictures": 310, "different": 5, "least": 1.0, "most": 5.0},
                "values": [{"value": "5", "pictures": 120}],
            }
        ],
        "places": {
            **{"pictures": 640, "box": BOX},
            "points": [{"latitude": 43.3623, "longitude": -8.4115, "box": BOX, "pictures": 640}],
        },
    },
    "QueuedJob": {**JOB, "refused": [{"name": "notes.docx", "reason": "kind"}]},
    "Removed": {"removed": "holidays"},
    "JobList": {"jobs": [JOB]},
    "Failures": {
        "failures": [
            {
                **{"path": "/srv/pictures/holidays/half.jpg", "reason": "truncated"},
                "detail": "half.jpg is cut short: its end is missing",
            }
        ],
        "more": 0,
    },
    "Missing": {
        "missing": 15,
        "folders": [{"path": "/srv/pictures/holidays/old", "pictures": 15}],
        "more": 0,
    },
    "Forgotten": {"forgotten": 15},
    "Folders": {
        **{"path": "/srv/pictures", "above": None, "pictures": 3},
        "folders": ["/srv/pictures/holidays", "/srv/pictures/work"],
    },
    "EncoderPairs": {
        "offered": [
            {
                **{"name": "balanced", "encoder": "hub:example/balanced", "here": False},
                "good_for": "most collections, in many languages",
                **{"languages": ["many"], "size_bytes": 812_000_000, "memory_bytes": None},
                "recall": [{"language": "en", "percent": 81.2, "measure": "recall@1, COCO"}],
                **{"source": "https://example.org/balanced", "source_read_on": "2024-06-01"},
                **{"estimate_s": 340.0, "job": None},
            }
        ],
        "installed": [
            {
                **{"encoder": "builtin", "name": "builtin", "where": "ships", "there": True},
                **{"space": "builtin-2-256", "width": 256, "size_bytes": 42_000_000},
                **{"speed": "fast", "languages": ["en", "zh"], "collections": ["holidays"]},
                **{"pictures_per_s": None, "text_ms": None},
            }
        ],
        "pictures": 1842,
    },
    "Job": JOB,
    "encoders.download Job": DOWNLOAD,
    "mapping.make Job": {**JOB, "kind": "map", "source": "holidays", "current": None},
    "pair_changes.begin Job": {**JOB, "kind": "upgrade", "source": "balanced"},
    "jobs.cancel Job": {**JOB, "cancelled": True, "state": "cancelled"},
    "Jobs": {"jobs": [JOB], "next": "7"},
    "text/event-stream": 'retry: 1000\ndata: {"id": 7, "state": "running", "added": 896, ...}\n\n',
    "PictureMap": {
        **{"pictures": 1842, "stale": False},
        "regions": [
            {
                **{"x": 0.31, "y": 0.72, "pictures": 214, "level": 0},
                **{"names": {"en": "beaches", "zh": "海滩"}, "typical": [412, 40]},
            }
        ],
        "points": "/api/v1/collections/holidays/map/points",
    },
    "Marks": {
        "marks": [
            {
                **{"words": "a red door", "content_hash": HASH, "more": True},
                "made_at": "2024-05-03T08:00:00Z",
            }
        ]
    },
    "Stored": {"stored": 2},
    "Concepts": {"concepts": [SUMMARY]},
    "ConceptSummary": SUMMARY,
    "SharedConcept": {
        **{"kind": "limn concept", "version": 1, "name": "our-dog"},
        "words": [{"text": "a brown dog", "weight": 1.0}],
        "marks": [{"content_hash": HASH, "more": True, "file": "beach.jpg"}],
        "vectors": [],
    },
    "SavedSearches": {"saved": [SEARCH], "next": None},
    "SavedSearch": SEARCH,
    "Boards": {"boards": [BOARD], "next": None},
    "Board": BOARD,
    "PinnedPictures": {
        "pictures": [{**PICTURE, "place": 0, "note": "as a poster"}],
        "next": None,
    },
    "Added": {"added": 2},
}
