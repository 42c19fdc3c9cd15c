"""The application factory, which joins pages, API, errors and guards around one engine."""

from threading import Event

from flask import Flask

from search.catalog.tokens import Tokens
from search.engine import Engine
from search.packages import plugins
from search.query.limits import MAX_CHARACTERS, MAX_HITS, MAX_PICTURES
from search.settings import Settings
from web.api.board_links import boards_api
from web.api.collection_files import collections
from web.api.encoders import encoders
from web.api.films import films
from web.api.health import health
from web.api.jobs import jobs
from web.api.maps import maps
from web.api.marks_and_concepts import feedback
from web.api.pair_changes import pair_changes
from web.api.pictures import api
from web.api.reference import reference
from web.api.saved_searches import saved_searches
from web.auth import admit
from web.i18n.languages import LANGUAGES, speak
from web.i18n.messages import in_english
from web.i18n.theme import register_theme
from web.i18n.tile_size import register_tile_size
from web.middleware.compression import compress
from web.middleware.documents import DocumentsApp
from web.middleware.errors import ErrorTexts, handle_errors
from web.middleware.etags import tell_unchanged
from web.middleware.file_responses import RangedResponse
from web.middleware.metrics import measure, metrics
from web.middleware.rate_limit import USUAL, limit
from web.middleware.request_log import follow
from web.middleware.security import guard, is_loopback
from web.middleware.static_files import serve_static
from web.pages import template_filters
from web.pages.boards import boards
from web.pages.collection import collection_pages
from web.pages.compare import compare_pages
from web.pages.encoders import encoder_pages
from web.pages.error_page import error_page
from web.pages.facets import facet_pages
from web.pages.home import home_pages
from web.pages.map import map_page
from web.pages.pair_change import pair_pages
from web.pages.refused_forms import show_refusals
from web.pages.saved import saved_pages
from web.pages.search import pages
from web.pages.shared import shared_pages
from web.pages.sign_in import sign_in
from web.pages.tiles import tile_pages
from web.route import check_routes
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
from web.state import State

# Room for the fields of a form, in addition to its pictures.
FORM_BYTES = 1 << 20

# The query image cache holds this many of the largest pictures; usual ones are a tenth as large.
CACHED_IMAGES = 4


def create_app(
    engine: Engine,
    settings: Settings,
    host: str = "127.0.0.1",
    *,
    want_tokens: bool = False,
    usual_rate: str = USUAL,
) -> Flask:
    """Return the application that answers with `engine`, served at the address `host`.

    Clients must show a token where other machines can reach `host`, or with `want_tokens`. The
    factory starts nothing; the first request for /readyz, or `State.warmup.start`, loads the
    encoder.
    """
    app = DocumentsApp(__name__)
    app.config["MAX_UPLOAD_BYTES"] = settings.max_upload_bytes
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + FORM_BYTES
    app.config["MAX_SENT_BYTES"] = settings.max_sent_bytes
    app.config["MAX_SENT_LENGTH"] = settings.max_sent_bytes + FORM_BYTES
    app.response_class = RangedResponse
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        most_characters=MAX_CHARACTERS, most_selected=MAX_HITS, most_on_board=MAX_PICTURES
    )
    tokens = engine.catalog.tokens if want_tokens or not is_loopback(host) else None
    app.extensions["limn"] = _state(engine, settings, tokens)
    serve_static(app)
    compress(app)
    tell_unchanged(app)
    template_filters.register(app)
    speak(app)
    register_theme(app)
    register_tile_size(app)
    show_refusals(app)
    follow(app)
    measure(app)
    guard(app, host)
    admit(app)
    handle_errors(app, ErrorTexts(error_page, in_english))
    for part in (
        *(
            pages,
            home_pages,
            facet_pages,
            tile_pages,
            collection_pages,
            pair_pages,
            compare_pages,
            encoder_pages,
        ),
        *(saved_pages, boards, shared_pages, map_page, health, sign_in, metrics),
        *(api, collections, pair_changes, encoders, jobs, maps, films, feedback),
        *(saved_searches, boards_api, reference),
        *plugins.load_added("routes"),
    ):
        app.register_blueprint(part)
    check_routes(app)
    limit(app, usual_rate)
    return app


def _state(engine: Engine, settings: Settings, tokens: Tokens | None) -> State:
    """Return the services around an engine, not yet started."""
    shutdown = Event()
    roots = ServerFolders(settings.roots)
    uploads = Uploads(settings.data_dir / "uploads")
    workers = WorkerProcesses(engine, shutdown)
    query_images = QueryImages(CACHED_IMAGES * settings.max_upload_bytes, engine.limits)
    confined_files = ConfinedFiles(engine, roots, uploads)
    pairs = PairService(engine, workers, settings.encoder)
    recent_questions = RecentQuestions()
    pair_choices = PairChoices(engine, settings.encoder)
    examples = ExampleQuestions(engine)
    queries = PageQueries(engine, query_images, confined_files)
    result_cache = ResultCache(engine)
    return State(
        engine=engine,
        settings=settings,
        tokens=tokens,
        shutdown=shutdown,
        warmup=Warmup(engine, lambda: examples.prepare(LANGUAGES)),
        roots=roots,
        uploads=uploads,
        workers=workers,
        query_images=query_images,
        result_cache=result_cache,
        answer_facets=AnswerFacets(engine, result_cache),
        confined_files=confined_files,
        pairs=pairs,
        collections=CollectionAdmin(engine, roots, uploads, workers, confined_files, pairs),
        exports=Exports(engine, confined_files),
        originals=Originals(engine, confined_files),
        maps=Maps(engine, workers, result_cache),
        queries=queries,
        pair_choices=pair_choices,
        pair_changes=PairChanges(engine, workers, pair_choices),
        recent_questions=recent_questions,
        completer=Completer(engine, recent_questions),
        overview=Overview(engine, queries),
        examples=examples,
        map_cards=MapCards(engine),
    )
