"""Access control: tokens and scopes, signing in, other sites' pages, rates, ids and logs."""

import json
import logging
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.routing import Rule

from search.bootstrap import open_engine
from search.catalog.database import Database
from search.catalog.database.schema import ensure_schema
from search.catalog.tokens import Tokens
from search.engine import Engine
from search.errors import NameTaken, NotFound
from search.pictures import Limits
from tests.colour_web import picture_bytes, settings_in, store_colours
from tests.conftest import Limn
from web.app import create_app
from web.middleware.rate_limit import SWEEP_AFTER, RateCounts
from web.middleware.request_log import _Lines
from web.services.query_images import QueryImages

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(settings_in(tmp_path / "data")) as opened:
        store_colours(opened.catalog, tmp_path / "pictures", ("red", "blue"))
        yield opened


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> FlaskClient:
    """Return a client, without a token, of a server that other machines can reach."""
    return create_app(engine, settings_in(tmp_path / "data"), "0.0.0.0").test_client()


def bearer(engine: Engine, scope: str) -> dict[str, str]:
    secret = engine.catalog.tokens.create(f"my {scope}", scope)  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {secret}"}


def address_of(rule: Rule) -> str:
    """Return an address that the rule matches, of an existing picture."""
    return re.sub(r"<[^>]*>", "1", str(rule))


# Public addresses: the health check, stylesheets and scripts, the page to sign in, shared boards.
PUBLIC = {
    *("static", "health.healthz", "health.readyz", "sign_in.form", "sign_in.sign_in"),
    *(f"shared.{part}" for part in ("board", "picture", "thumbnail", "original", "download")),
}


def test_every_route_without_a_token_gives_nothing_it_should_not(client: FlaskClient) -> None:
    walked = 0
    for rule in client.application.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(address_of(rule), method=method)
            with answer:
                told = answer.get_data(as_text=True)
            if rule.endpoint in PUBLIC:
                assert answer.status_code < 500 or rule.endpoint == "health.readyz"
            elif answer.status_code == 303:
                assert answer.headers["Location"].startswith("/sign-in?next=")
            else:
                assert answer.status_code == 401, (method, rule)
                if str(rule).startswith("/api/"):
                    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
            for held in ("a red wall", "red.png", "colours", "content_hash"):
                assert held not in told, (method, rule)
            walked += 1
    assert walked > 15
    assert client.get("/api/v1/nothing").status_code == 401
    assert client.get("/nothing").status_code == 303


# Routes that change nothing, whatever their method, and routes for writers or administrators.
READS = {
    "api.search",
    "api.export",
    "pages.send",
    "saved_pages.mark",
    "saved_pages.export",
    "sign_in.sign_out",
}
WRITES = {"collections.folders", "collection_pages.add"}
ADMINS = {
    "metrics.metrics",
    "compare_pages.compare",
    *(
        f"{place}.{what}"
        for place in ("collections", "collection_pages")
        for what in ("remove", "forget_missing")
    ),
    *(f"pair_pages.{step}" for step in ("choose", "go_on", "decline", "ask")),
    *(
        f"{place}.{step}"
        for place in ("pair_pages", "pair_changes")
        for step in ("begin", "switch", "back", "finish", "discard")
    ),
}


@pytest.mark.parametrize("scope", ["read", "write", "admin"])
def test_every_route_is_open_to_its_scopes_alone(
    client: FlaskClient, engine: Engine, scope: str
) -> None:
    shown = bearer(engine, scope)
    refused = set()
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            with client.open(address_of(rule), method=method, headers=shown) as answer:
                told = answer.data.decode("utf-8", "replace")
            assert answer.status_code != 401, (method, rule)
            needs = "read" if method == "GET" or rule.endpoint in READS else "write"
            needs = "write" if rule.endpoint in WRITES else needs
            needs = "admin" if rule.endpoint in ADMINS else needs
            enough = ("read", "write", "admin").index(scope) >= ("read", "write", "admin").index(
                needs
            )
            forbidden = answer.status_code == 403 and "and this needs" in told
            assert forbidden is not enough, (method, rule, answer.status_code)
            refused |= {rule.endpoint} if forbidden else set()
    assert len(refused) > {"read": 10, "write": 2, "admin": -1}[scope]
    assert engine.picture(1).path.name, "nobody without the scope has removed anything"


def test_a_page_of_another_site_changes_nothing(client: FlaskClient, engine: Engine) -> None:
    shown = {**bearer(engine, "admin"), "Sec-Fetch-Site": "cross-site"}
    for path in ("/collections", "/collections/colours/remove", "/collections/colours/rename"):
        assert client.post(path, headers=shown).status_code == 403
    removed = client.delete("/api/v1/collections/colours", headers=shown)
    assert removed.status_code == 403
    assert engine.summaries()[0].pictures == 2


def test_pages_offer_only_what_a_token_allows(client: FlaskClient, engine: Engine) -> None:
    address = "/collections/colours"
    read = client.get(address, headers=bearer(engine, "read")).text
    assert "Rename" not in read and "Remove" not in read
    write = client.get(address, headers=bearer(engine, "write")).text
    assert "Rename" in write and "Remove" not in write
    assert "Remove" in client.get(address, headers=bearer(engine, "admin")).text


def test_a_token_opens_what_its_scope_allows(client: FlaskClient, engine: Engine) -> None:
    read, admin = bearer(engine, "read"), bearer(engine, "admin")
    assert client.get("/api/v1/search?q=red", headers=read).status_code == 200
    assert client.get("/?q=red", headers=read).status_code == 200
    refused = client.get("/metrics", headers=read)
    assert refused.status_code == 403
    assert "limn token create NAME --scope admin" in refused.text
    assert client.get("/metrics", headers=admin).status_code == 200
    engine.catalog.tokens.revoke("my read")
    gone = client.get("/api/v1/search?q=red", headers=read)
    assert gone.status_code == 401 and "was revoked" in gone.text
    for wrong in ("Bearer ", "Bearer x", "Basic eDp5", "Bearer \xff"):
        assert (
            client.get("/api/v1/collections", headers={"Authorization": wrong}).status_code == 401
        )


def test_a_browser_signs_in_with_a_token_and_out_again(client: FlaskClient, engine: Engine) -> None:
    secret = bearer(engine, "read")["Authorization"].split()[1]
    first = client.get("/?q=red&text=%26")
    assert first.headers["Location"] == "/sign-in?next=/?q%3Dred%26text%3D%2526"
    wrong = client.post("/sign-in", data={"token": "limn_wrong", "next": "/"})
    assert wrong.status_code == 403 and 'role="alert"' in wrong.text
    right = client.post("/sign-in", data={"token": f" {secret} ", "next": "/?q=red"})
    assert (right.status_code, right.headers["Location"]) == (303, "/?q=red")
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    page = client.get("/?q=red")
    assert page.status_code == 200 and "Sign out" in page.text
    client.post("/sign-out")
    assert client.get("/?q=red").status_code == 303


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil", "", "x"])
def test_signing_in_leads_to_this_server_alone(
    client: FlaskClient, engine: Engine, after: str
) -> None:
    secret = bearer(engine, "read")["Authorization"].split()[1]
    answer = client.post("/sign-in", data={"token": secret, "next": after})
    assert answer.headers["Location"] == "/"


def test_loopback_wants_no_token_unless_it_is_told_to(engine: Engine, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    open_ = create_app(engine, settings).test_client()
    assert open_.get("/?q=red").status_code == 200
    assert open_.get("/sign-in").status_code == 303
    closed = create_app(engine, settings, want_tokens=True).test_client()
    assert closed.get("/?q=red").status_code == 303


def test_secrets_are_kept_as_hashes_alone(database_url: str) -> None:
    database = Database(database_url)
    ensure_schema(database)
    tokens = Tokens(database)
    secret = tokens.create("phone", "write")
    with database.read_transaction() as sql:
        row = sql.exec_driver_sql("SELECT * FROM token").one()
    assert not any(secret in str(value) or secret[5:] in str(value) for value in row)
    found = tokens.of_secret(secret)
    assert found is not None
    assert (found.name, found.allows("read"), found.allows("admin")) == ("phone", True, False)
    assert tokens.of_secret(secret[:-1]) is None
    with pytest.raises(NameTaken, match="limn token revoke phone"):
        tokens.create("phone", "read")
    tokens.revoke("phone")
    assert tokens.of_secret(secret) is None
    with pytest.raises(NotFound, match="limn token list"):
        tokens.revoke("phone")
    database.close()


def test_the_command_makes_lists_and_revokes_tokens(limn: Limn) -> None:
    assert "make one with: limn token create NAME" in limn("token", "list").stderr
    made = limn("token", "create", "phone", "--scope", "write")
    assert re.fullmatch(r"limn_[\w-]{43}\n", made.stdout)
    listed = json.loads(limn("token", "list", "--json").stdout)
    assert [(each["name"], each["scope"]) for each in listed] == [("phone", "write")]
    assert "phone  write  20" in limn("token", "list").stdout
    assert "there is a token 'phone' already" in limn("token", "create", "phone", code=1).stderr
    assert "revoked phone" in limn("token", "revoke", "phone").stdout
    assert "there is no token 'phone'" in limn("token", "revoke", "phone", code=1).stderr


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:9"}, 403),
    ],
)
def test_a_page_of_another_site_can_not_post(
    engine: Engine, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    client = create_app(engine, settings_in(tmp_path / "data")).test_client()
    form = {"image": (BytesIO(picture_bytes("red")), "red.png")}
    assert client.post("/", data=form, headers=headers).status_code == status
    assert client.get("/?q=red", headers=headers).status_code == 200


def test_a_client_that_asks_too_often_is_told_to_wait(engine: Engine, tmp_path: Path) -> None:
    app = create_app(engine, settings_in(tmp_path / "data"), usual_rate="3 per minute")
    client = app.test_client()
    answers = [client.get("/api/v1/collections") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "3 per 1 minute" in answers[-1].text and "wait a little" in answers[-1].text
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get("/healthz").status_code == 200
    for _ in range(5):
        assert client.get("/api/v1/pictures/1/thumbnail").status_code == 200


def test_counts_of_clients_that_are_gone_are_dropped() -> None:
    counts = RateCounts()
    assert [counts.incr("here", 60.0) for _ in range(3)] == [1, 2, 3]
    for number in range(3 * SWEEP_AFTER):
        counts.incr(f"gone {number}", -1.0)
    assert len(counts.storage) <= SWEEP_AFTER + 1 and counts.get("here") == 3


def test_secrets_can_not_be_guessed_at_speed(client: FlaskClient) -> None:
    answers = [client.post("/sign-in", data={"token": f"limn_{n}"}) for n in range(12)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2


def test_every_answer_has_an_id_and_a_line_in_the_log_without_the_question(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(engine, settings_in(tmp_path / "data")).test_client()
    with caplog.at_level(logging.INFO, "limn.requests"):
        answer = client.get("/api/v1/search?q=secret+words", headers={"X-Request-Id": "from-proxy"})
        odd = client.get("/nothing", headers={"X-Request-Id": "<script>"})
    assert answer.headers["X-Request-Id"] == "from-proxy"
    assert re.fullmatch("[0-9a-f]{12}", odd.headers["X-Request-Id"])
    first = json.loads(_Lines().format(caplog.records[0]))
    assert (first["request_id"], first["path"], first["status"]) == (
        "from-proxy",
        "/api/v1/search",
        200,
    )
    assert "secret" not in json.dumps(first)


def test_prometheus_reads_requests_and_what_is_held(engine: Engine, tmp_path: Path) -> None:
    client = create_app(engine, settings_in(tmp_path / "data")).test_client()
    client.get("/api/v1/search?q=red")
    client.get("/secret-address")
    answer = client.get("/metrics")
    assert answer.mimetype == "text/plain"
    counted = 'limn_request_seconds_count{method="GET",route="/api/v1/search",status="200"} 1.0'
    assert counted in answer.text
    assert 'route="none",status="404"' in answer.text and "secret" not in answer.text
    assert 'limn_pictures{collection="colours"} 2.0' in answer.text
    assert "limn_requests_under_way 1.0" in answer.text
    for stage in ("embed", "align", "words", "rank", "join"):
        assert f'limn_search_stage_seconds_count{{stage="{stage}"}} 1.0' in answer.text
    assert 'limn_encoder_batch_sum{kind="texts"} 1.0' in answer.text
    assert 'limn_index_vectors{collection="colours",kind="pictures"} 2.0' in answer.text
    assert 'limn_jobs{state="queued"} 0.0' in answer.text
    assert "limn_index_bytes 0.0" in answer.text and "limn_requests_waiting 0.0" in answer.text


def test_a_query_image_above_the_limit_counts_with_its_own_size() -> None:
    written = BytesIO()
    Image.effect_noise((64, 64), 50).save(written, "PNG")
    data = written.getvalue()
    images = QueryImages(len(data) - 1, Limits())
    assert images.size_bytes == 0
    images.store(data)
    assert images.size_bytes == len(data)
    images = QueryImages(3 * len(data), Limits())
    for _ in range(4):
        images.store(data)
    assert images.size_bytes == 3 * len(data)
