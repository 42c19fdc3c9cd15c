"""Examples of fields, bodies and answers; a test reads each as its document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from web.api.openapi.example_answers import ANSWERS

FIELDS: Mapping[str, Any] = {
    "by": ["picture", "caption"],
    "collection": ["holidays"],
    "concept": ["our-dog"],
    "cutoff": 0.25,
    "diverse": 0.3,
    "download": "1",
    "fold": True,
    "format": "csv",
    "id": [412, 7],
    "k": 5,
    "less": [7],
    "minus": ["people"],
    "more": [12],
    "offset": 20,
    "path": "/srv/pictures",
    "pictures": 10_000,
    "plain": ["in 2021"],
    "q": ["a dog on the beach"],
    "seconds": 10,
    "side": 320,
    "similar": [412],
    "sort": "-date",
    "strictness": "usual",
    "understand": True,
    "v": "521808203e79",
    "weight": 0.7,
    "where": "date >= 2021 and camera ~ canon",
}

# Parts of addresses; `name` is a collection's, unless the path begins as one of these.
PARTS: Mapping[str, Any] = {
    "board_id": 3,
    "job_id": 7,
    "link_id": 5,
    "name": "holidays",
    "picture_id": 412,
    "search_id": 2,
}
CONCEPT = "our-dog"

# The fields that the example of a request has.
ASKED: Mapping[str, tuple[str, ...]] = {
    "api.search": ("q", "k"),
    "api.complete": ("q",),
    "api.export": ("id", "format"),
    "api.thumbnail": ("side",),
    "collections.facets": ("q", "where"),
    "jobs.events": ("seconds",),
    "jobs.listed": ("k",),
    "saved.search": ("k",),
}

BODIES: Mapping[str, Any] = {
    "SearchDocument": {
        "terms": [{"text": "a red door"}, {"text": "people", "weight": -0.5}],
        "k": 5,
    },
    "SearchForm": {"image": ["photo.jpg"], "q": ["in the snow"], "weight": 0.7},
    "WrittenCaption": {"text": "Our dog on the beach of Nazaré", "language": "en"},
    "ExportFields": {"id": [412, 7], "format": "zip"},
    "NewCollection": {"name": "holidays", "folder": "/srv/pictures/holidays"},
    "SentCollection": {"name": "holidays", "files": ["holidays.zip", "captions.csv"]},
    "SentFiles": {"files": ["more.zip"]},
    "Renamed": {"name": "summer holidays"},
    "Again": {"retry": True},
    "WantedPair": {"name": "balanced"},
    "Upgraded": {"encoder": "balanced"},
    "Switched": {"incomplete": False},
    "MarkDocument": {"terms": [{"text": "a red door"}], "more": [412], "less": [7]},
    "ConceptDocument": {"name": CONCEPT, "more": [412, 40], "less": [7]},
    "SharedConcept": ANSWERS["SharedConcept"],
    "NewSearch": {"name": "Doors", "address": "q=a+red+door&where=date+%3E%3D+2021"},
    "SearchChange": {"name": "Red doors"},
    "NewBoard": {"name": "For the wall", "ids": [412, 7]},
    "BoardChange": {"order": [7, 412]},
    "NewBoardLink": {"days": 30},
    "Ids": {"ids": [40, 41]},
    "PinnedChange": {"note": "as a poster", "place": 0},
}

# Bodies whose members are files; curl takes these from the disk.
FILES = frozenset({"image", "files"})


@dataclass(frozen=True, slots=True)
class RequestExamples:
    """The examples of requests and answers; `own` has other parts of addresses."""

    own: Mapping[str, Any]

    def part(self, path: str, name: str) -> Any:
        """Return the example of a part of an address; in `own`, a concept's name is `concept`."""
        if name == "name" and "/concepts/" in path:
            return self.own.get("concept", CONCEPT)
        return self.own.get(name, PARTS.get(name, name))

    def field(self, name: str) -> dict[str, Any]:
        """Return the example of a field, as a member of its parameter."""
        if name == "id" and "picture_id" in self.own:
            return {"example": [self.own["picture_id"]]}
        return {"example": FIELDS[name]} if name in FIELDS else {}

    def request_fields(self, endpoint: str) -> dict[str, Any]:
        """Return the fields of the example of a request."""
        return {name: self.field(name)["example"] for name in ASKED.get(endpoint, ())}

    def body(self, kind: type[Struct]) -> Any:
        """Return the example of a body."""
        return BODIES.get(kind.__name__, {})

    def answer(self, endpoint: str, kind: "type[Struct] | str") -> Any:
        """Return the example of an answer of a class or a media type; None without one."""
        name = kind if isinstance(kind, str) else kind.__name__
        return ANSWERS.get(f"{endpoint} {name}", ANSWERS.get(name))


def examples_of(own: Mapping[str, Any]) -> RequestExamples:
    """Return the examples, with these for parts of addresses."""
    return RequestExamples(own)
