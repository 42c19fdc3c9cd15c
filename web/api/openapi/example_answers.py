"""Examples of answers, by the name of their class; some endpoints have one of their own."""

from typing import Any

from web.api.openapi.example_parts import (
    BOARD,
    BOX,
    CAPTION,
    COLLECTION,
    DOWNLOAD,
    HASH,
    HIT,
    JOB,
    LINK,
    PICTURE,
    QUERY,
    SEARCH,
    SECOND,
    SUMMARY,
)

PROBLEM = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "k is 'many'; it may be a whole number from 1",
    "request_id": "5cf0ac3f1b6e",
    "code": "member-invalid",
    "values": {"member": "k", "value": "'many'", "expected": "it may be a whole number from 1"},
}

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
    "BoardLinks": {"links": [LINK]},
    "MadeBoardLink": {**LINK, "address": "/shared/kq3Zc0yW5rDn8eXvTfLh2aBsUjM1gPiO"},
}
