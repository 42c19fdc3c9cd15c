"""The facts of a route at its view: a view without them stops the start."""

import pytest
from flask import Blueprint, Flask
from msgspec import Struct

from search.errors import LimnError
from web.route import JSON, USUAL, Limit, NoFacts, Routes, check_routes, facts_of, route

views = Blueprint("views", __name__)


@route(views, "/pictures/<int:picture_id>", answers=(Struct, "text/csv"), urgency="bulk")
def picture(picture_id: int) -> str:
    return str(picture_id)


@route(views, "/files", "POST", scope="admin", files=True)
def files() -> str:
    return ""


@route(
    views,
    "/sign-in",
    "GET",
    "POST",
    scope="public",
    rate_limit=Limit("1 per minute", lambda view: view),
)
def sign_in() -> str:
    return ""


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(views)
    return app


def test_a_view_without_facts_stops_the_start(app: Flask) -> None:
    check_routes(app)

    @app.get("/forgotten")
    def forgotten() -> str:
        return ""

    with pytest.raises(NoFacts, match=r"the view 'forgotten' at /forgotten .*@route") as stopped:
        check_routes(app)
    assert isinstance(stopped.value, LimnError)


def test_to_look_needs_read_and_to_change_write_unless_the_route_says_otherwise(app: Flask) -> None:
    read = facts_of(app, "views.picture")
    assert [read.scope(method) for method in ("GET", "HEAD", "OPTIONS", "POST")] == [
        *("read", "read", "read", "write")
    ]
    assert facts_of(app, "views.files").scope("POST") == "admin"
    assert facts_of(app, "views.sign_in").scope("POST") is None
    assert facts_of(app, None).scope("POST") == "write", "of an address that leads nowhere"


def test_answers_are_kept_by_their_media_types(app: Flask) -> None:
    assert facts_of(app, "views.picture").answers == {JSON: Struct, "text/csv": None}
    assert facts_of(app, "views.files").answers == {}


@pytest.mark.parametrize(
    ("method", "path", "endpoint"),
    [
        ("GET", "/pictures/7", "views.picture"),
        ("HEAD", "/pictures/7", "views.picture"),
        ("POST", "/files", "views.files"),
        ("GET", "/files", None),
        ("GET", "/pictures/x", None),
        ("GET", "//files", None),
        ("POST", "/\xe7\x8b\x97", None),
        ("POST", "/\xff", None),
    ],
)
def test_the_server_finds_the_facts_of_a_request(
    app: Flask, method: str, path: str, endpoint: str | None
) -> None:
    wanted = USUAL if endpoint is None else facts_of(app, endpoint)
    assert Routes(app).facts(method, path) == wanted
