"""The application factory: puts pages, API, errors and guards together around one engine."""

from threading import Event
from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

from search.catalog_tokens import Tokens
from search.engine import Engine
from search.query import MOST_CHARACTERS
from search.settings import Settings
from web import shown
from web.access import admit
from web.api import api
from web.api_boards import boards_api
from web.api_feedback import feedback
from web.api_kept import saved
from web.boards import boards
from web.collections_api import collections
from web.compression import compress
from web.conditional import tell_unchanged
from web.errors import handle_errors
from web.films import films
from web.foreman import Foreman
from web.gathering_pages import gathering_pages
from web.guard import guard, is_loopback
from web.health import health
from web.held import HeldPictures
from web.intake import Intake
from web.jobs import jobs
from web.kept import kept
from web.languages import speak
from web.limits import USUAL, limit
from web.mapping import mapping
from web.metrics import measure, metrics
from web.orders import Orders
from web.pages import pages
from web.refusals import show_refusals
from web.requestlog import follow
from web.roots import Roots
from web.scrolling import scrolling
from web.sending import RangedResponse
from web.sign_in import sign_in
from web.state import State
from web.warmup import Warmup

# What a form holds besides its pictures.
FORM_BYTES = 1 << 20

# As the standard library writes it, but for numbers that JSON has none for, which become null.
JSON_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

# How many of the largest pictures may be held to search by; usual ones are a tenth as large.
HELD_PICTURES = 4


def create_app(
    engine: Engine,
    settings: Settings,
    host: str = "127.0.0.1",
    *,
    want_tokens: bool = False,
    usual_rate: str = USUAL,
) -> Flask:
    """An application that answers with `engine`, to be served at the address `host`.

    Where others than this machine can reach `host`, or with `want_tokens`, clients must show one.
    It starts nothing; the first request for /readyz, or `State.warmup.start`, loads the encoder.
    """
    app = Flask(__name__)
    app.config["MAX_UPLOAD_BYTES"] = settings.max_upload_bytes
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + FORM_BYTES
    app.config["MAX_SENT_BYTES"] = settings.max_sent_bytes
    app.config["MAX_SENT_LENGTH"] = settings.max_sent_bytes + FORM_BYTES
    app.json = _Json(app)
    app.response_class = RangedResponse
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["most_characters"] = MOST_CHARACTERS
    ending = Event()
    app.extensions["limn"] = State(
        engine=engine,
        settings=settings,
        warmup=Warmup(engine),
        held=HeldPictures(HELD_PICTURES * settings.max_upload_bytes, engine.limits),
        tokens=(Tokens(engine.catalog.database) if want_tokens or not is_loopback(host) else None),
        roots=Roots(settings.roots),
        intake=Intake(settings.data_dir / "uploads"),
        foreman=Foreman(engine, ending),
        ending=ending,
        orders=Orders(engine),
    )
    compress(app)
    tell_unchanged(app)
    shown.register(app)
    speak(app)
    show_refusals(app)
    follow(app)
    measure(app)
    guard(app, host)
    admit(app)
    handle_errors(app)
    for part in (
        *(pages, scrolling, gathering_pages, kept, boards),
        *(api, collections, jobs, mapping, films, feedback, saved, boards_api),
        *(health, sign_in, metrics),
    ):
        app.register_blueprint(part)
    limit(app, usual_rate)
    return app


class _Json(DefaultJSONProvider):
    """Keys in the order in which they are written, and Chinese as it is."""

    sort_keys = False
    ensure_ascii = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """An answer of JSON: 50 hits take orjson a tenth of the time."""
        told = self._prepare_response_obj(args, kwargs)
        written = orjson.dumps(told, self.default, JSON_OPTIONS)
        return Response(written, mimetype=self.mimetype)
