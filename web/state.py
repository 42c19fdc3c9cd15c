"""The state of one running application, and the functions that return it to views."""

from dataclasses import dataclass
from threading import Event
from typing import cast

from flask import current_app

from search.catalog.tokens import Tokens
from search.engine import Engine
from search.settings import Settings
from web.services.answer_facets import AnswerFacets
from web.services.collection_admin import CollectionAdmin
from web.services.completions import Completer
from web.services.confined import ConfinedFiles
from web.services.encoder_pairs import PairService
from web.services.example_questions import ExampleQuestions
from web.services.exports import Exports
from web.services.map_card import MapCards
from web.services.maps import Maps
from web.services.originals import Originals
from web.services.overview import Overview
from web.services.page_query import PageQueries
from web.services.pair_changes import PairChanges
from web.services.pair_choices import PairChoices
from web.services.query_images import QueryImages
from web.services.recent_questions import RecentQuestions
from web.services.result_cache import ResultCache
from web.services.server_folders import ServerFolders
from web.services.uploads import Uploads
from web.services.warmup import Warmup
from web.services.worker_process import WorkerProcesses

# The Flask extension that counts the requests that wait for a thread.
WAITING = "limn.waiting"


@dataclass(frozen=True, slots=True)
class State:
    """The engine, the settings, and the services that views share.

    `tokens` is None where no tokens are required, as only this machine can reach the server.
    `shutdown` is set when the server begins to stop, so that background work stops too.
    """

    engine: Engine
    settings: Settings
    tokens: Tokens | None
    shutdown: Event
    warmup: Warmup
    roots: ServerFolders
    uploads: Uploads
    workers: WorkerProcesses
    query_images: QueryImages
    result_cache: ResultCache
    answer_facets: AnswerFacets
    confined_files: ConfinedFiles
    pairs: PairService
    collections: CollectionAdmin
    exports: Exports
    originals: Originals
    maps: Maps
    queries: PageQueries
    pair_choices: PairChoices
    pair_changes: PairChanges
    recent_questions: RecentQuestions
    completer: Completer
    overview: Overview
    examples: ExampleQuestions
    map_cards: MapCards


def state() -> State:
    """Return the running application's state."""
    return cast(State, current_app.extensions["limn"])


def engine() -> Engine:
    """Return the running application's engine."""
    return state().engine
