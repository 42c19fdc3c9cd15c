"""The sources of errors that several routes have, in the form of `web.api.openapi.problems`."""

from collections.abc import Mapping

from search import errors
from web.route import ErrorSource

Sources = tuple[ErrorSource, ...]

# Reading a request: members, a JSON document, a list's page, values, a name, a list of ids.
MEMBERS: Sources = ("search.documents.reading",)
JSON_BODY: Sources = ("web.requests.json_body", *MEMBERS)
PAGES: Sources = ("web.requests.pagination:page_of",)
TEXT: Sources = ("search.catalog.database.values",)
NAME: Sources = ("search.catalog.database.values:_check_text",)
IDS: Sources = ("web.requests.query_form:identities",)

COLLECTIONS: Sources = ("search.catalog.collection:with_last_changes",)
CONCEPTS: Sources = ("search.catalog.concepts:one",)
PICTURES: Sources = ("search.catalog.picture_reader",)
FILES: Sources = (*PICTURES, "web.services.confined")
BUSY: Sources = ("search.catalog.database.writer_lock:_busy",)

# The parts of addresses; "collections" have a <name>.
OF_PATH: Mapping[str, Sources] = {
    "board_id": ("search.catalog.board_pins:unknown_board",),
    "collections": COLLECTIONS,
    "job_id": ("search.catalog.jobs:one",),
    "search_id": ("search.catalog.saved_searches:_check_found",),
}

ENCODERS: Sources = (
    errors.EncoderUnavailable,
    "search.encoders.pool",
    "search.encoders.suggestions",
)
FILTERS: Sources = (
    "search.query.filters.grammar",
    "search.catalog.filters",
    "search.catalog.conditions",
    *TEXT,
)
SEARCH: Sources = (
    "search.query.checks",
    "search.query.syntax",
    "search.query.sorting",
    "search.catalog.sorting",
    "search.ranking.embedding",
    "search.ranking.query_vectors",
    "search.ranking.indexed_vectors",
    "web.requests.pagination:parse_cursor",
    errors.IndexDamaged,
    *COLLECTIONS,
    *CONCEPTS,
    *FILTERS,
    *ENCODERS,
)
# A search in a body: its pictures, its terms, and its media type.
SENT_SEARCH: Sources = (
    errors.BadPicture,
    "web.requests.query_form:query_of_request",
    "web.requests.query_form:_term",
)

UPLOADS: Sources = (
    "web.services.uploads",
    "web.requests.multipart",
    "search.catalog.collection:check_name",
)
NAMES: Sources = ("web.requests.saved_search:name_of",)
PINS: Sources = ("search.catalog.boards:_add", *IDS)
BOARDS: Sources = ("search.catalog.boards:_check_free", *PINS, *NAMES)
ADDRESSES: Sources = (
    "web.requests.saved_search:saved_address",
    "web.requests.search_url",
    "search.query.filters.grammar",
)
SAVED: Sources = ("search.catalog.saved_searches:_check_free", *ADDRESSES, *NAMES)
MARKS: Sources = (
    "search.query.checks:check_marks",
    "search.query.checks:check_weight",
    "search.query.filters.grammar",
    "web.requests.query_form:_term",
)

# The steps of a change of encoder pairs.
STEPS: Sources = (*BUSY, "search.catalog.second_space_errors")
SWITCHES: Sources = (*STEPS, "search.catalog.second_spaces:exchange")

# The modules that open an encoder pair, whose errors a search can meet.
ENCODER_MODULES = (
    "search.encoders.hub",
    "search.encoders.hub_pair.graphs",
    "search.encoders.hub_pair.int8",
    "search.encoders.hub_pair.pair",
    "search.encoders.hub_pair.refusals",
    "search.encoders.hub_pair.transfer",
    "search.encoders.onnx_pair.backends",
    "search.encoders.onnx_pair.exported",
    "search.encoders.onnx_pair.pair_folder",
    "search.encoders.openclip.registry",
    "search.encoders.openclip.specification",
    "search.encoders.openclip.weights",
)
