"""Errors of the server: a status, the value, and advice."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from search.bootstrap import open_engine
from search.encoders import Encoder
from search.engine import Engine
from search.errors import EncoderUnavailable
from search.pictures.thumbnails import Thumbnails
from search.records import Space
from search.stores import StoreOptions, open_backend
from tests.colour_web import COLLECTION, opened, picture_bytes, settings_in, store, store_colours
from tests.pictures_of_every_kind import bomb_png
from web.app import create_app

MOST_UPLOAD_BYTES = 200_000

MULTIPART = "multipart/form-data; boundary=here"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Engine, FlaskClient]]:
    settings = settings_in(tmp_path / "data", max_upload_bytes=MOST_UPLOAD_BYTES)
    with opened(settings) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", ("red", "blue"))
        yield engine, client


def detail(answer: TestResponse, status: int) -> str:
    """Return the text of a problem, after a check of its other members."""
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == answer.status_code == status
    assert answer.json["type"] == "about:blank"
    assert answer.json["title"]
    return str(answer.json["detail"])


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("search", 400, "the query is empty"),
        ("search?q=%20", 400, "the query is empty"),
        ("search?q=red&k=many", 400, "k is 'many'; it may be a whole number from 1"),
        ("search?q=red&k=0", 400, "can't return 0 results; ask for 1 to 10000"),
        ("search?q=red&k=-1", 400, "k is '-1'"),
        ("search?q=red&k=10001", 400, "can't return 10001"),
        ("search?q=red&k=" + "9" * 5000, 400, "k is '999"),
        ("search?q=red&limit=3", 400, "no field 'limit'; the fields are: q, minus"),
        ("search?similar=x", 400, "similar is 'x'; it may be a picture's id"),
        ("search?similar=0", 400, "similar is '0'"),
        ("search?similar=9223372036854775808", 400, "similar is '9223372036854775808'"),
        ("search?similar=9223372036854775807", 404, "there is no picture 9223372036854775807"),
        ("search?q=red&weight=heavy", 400, "weight is 'heavy'; it may be any number but zero"),
        ("search?q=red&weight=0", 400, "weight is 0; it may be"),
        ("search?q=red&weight=nan", 400, "weight is 'nan'"),
        ("search?q=red&weight=1e308", 400, "weight is 1e+308; it may be"),
        ("search?q=red&collection=nowhere", 404, f"the collections are: {COLLECTION}"),
        ("search?q=" + "a" * 100_000, 400, "100,000 characters; shorten them to 4,000"),
        ("search?" + "q=red&" * 33, 400, "33 terms; it may have 32"),
        ("pictures/999", 404, "there is no picture 999"),
        ("pictures/99999999999999999999", 404, "there is nothing at /api/v1/pictures/9999"),
        ("pictures/..%2f..%2fetc%2fpasswd", 404, "there is nothing at"),
        ("pictures/1/thumbnail?side=321", 400, "side is '321'; it may be 160, 320, 480"),
        ("pictures/1/thumbnail?path=/etc/passwd", 400, "no field 'path'"),
        ("nothing", 404, "there is nothing at /api/v1/nothing"),
    ],
)
def test_a_wrong_address_is_answered_with_its_value(
    client: FlaskClient, address: str, status: int, told: str
) -> None:
    assert told in detail(client.get(f"/api/v1/{address}"), status)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "the query is empty"),
        ('{"query": "red"}', "no field 'query'; the fields are: terms, collections, cursor, k"),
        ('{"terms": "red"}', "terms is 'red'; it must be a list"),
        ('{"terms": [{"word": "red"}]}', "no field 'word'; the fields are: text"),
        ('{"terms": [{"text": "red", "picture_id": 1}]}', "a term is"),
        ('{"terms": [{"text": "red", "boost": 2}]}', "no field 'boost'"),
        ('{"terms": [{"text": ["red"]}]}', "text is ['red']; it must be a string"),
        ('{"terms": [{"text": " "}]}', "blank"),
        ('{"terms": [{"text": "red", "weight": "high"}]}', "weight is 'high'"),
        ('{"terms": [{"text": "red", "weight": NaN}]}', "weight is nan"),
        ('{"terms": [{"text": "red", "weight": true}]}', "weight is True"),
        ('{"terms": [{"text": "red", "weight": 1' + "0" * 400 + "}]}", "weight is 1000"),
        ('{"terms": [{"text": "red"}, {"text": "red", "weight": -1}]}', "cancel out"),
        ('{"terms": [{"picture_id": "one"}]}', "picture_id is 'one'"),
        ('{"terms": [{"picture_id": 1.5}]}', "picture_id is 1.5"),
        ('{"terms": [{"text": "red"}], "k": 2.5}', "k is 2.5"),
        ('{"terms": [{"text": "red"}], "k": null}', "k is None"),
        ('{"terms": [{"text": "red"}], "collections": "colours"}', "collections is 'colours'"),
        ('{"terms": [{"text": "red"}], "collections": [1]}', "collections is [1]"),
    ],
)
def test_a_wrong_document_is_answered_with_its_value(
    client: FlaskClient, body: str | bytes, told: str
) -> None:
    answer = client.post("/api/v1/search", data=body, content_type="application/json")
    assert told in detail(answer, 400)


@pytest.mark.parametrize(
    ("data", "status", "code", "told"),
    [
        (b"", 400, "empty-file", "empty"),
        (b"not a picture, but words", 415, "not-an-image", "not a picture"),
        (picture_bytes("red", (400, 300), "JPEG")[:900], 400, "truncated", "cut short"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not-an-image", "not a picture"),
    ],
)
def test_an_upload_that_is_no_picture_is_refused_by_api_and_page(
    client: FlaskClient, data: bytes, status: int, code: str, told: str
) -> None:
    answer = client.post("/api/v1/search", data={"image": (BytesIO(data), "photo.jpg")})
    assert told in detail(answer, status)
    problem = answer.json
    assert problem is not None and problem["code"] == f"picture-{code}"
    page = client.post("/", data={"image": (BytesIO(data), "photo.jpg"), "q": "red"})
    assert page.status_code == status
    assert told in page.text and 'role="search"' in page.text
    assert "&#39;photo.jpg&#39;" in page.text
    page = client.post("/?lang=zh", data={"image": (BytesIO(data), "photo.jpg"), "q": "red"})
    assert "&#39;photo.jpg&#39;：" in page.text


@pytest.mark.parametrize(
    "body",
    [
        bytes(MOST_UPLOAD_BYTES + (1 << 20) + 1),
        b'--here\r\nContent-Disposition: form-data; name="q"\r\n\r\n%b\r\n--here--'
        % (b"a" * 600_000),
    ],
)
def test_a_request_over_the_limits_is_refused_with_them(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/search", data=body, content_type=MULTIPART)
    assert "200,000 bytes together and its words 500,000" in detail(answer, 413)
    page = client.post("/", data=body, content_type=MULTIPART)
    assert page.status_code == 413
    assert "200,000 bytes" in page.text and 'role="search"' in page.text


def test_a_bomb_is_refused_before_it_is_decoded(client: FlaskClient, tmp_path: Path) -> None:
    bomb_png(tmp_path / "bomb.png")
    data = (tmp_path / "bomb.png").read_bytes()
    answer = client.post("/api/v1/search", data={"image": (BytesIO(data), "bomb.png")})
    assert "60,000 by 60,000 pixels" in detail(answer, 413)


def test_a_form_with_other_fields_is_refused(client: FlaskClient) -> None:
    words = client.post("/api/v1/search", data={"image": "photo.jpg"})
    assert "image is words; it must be a file" in detail(words, 400)
    file = client.post("/api/v1/search", data={"photo": (BytesIO(b"x"), "photo.jpg")})
    assert "no field 'photo'; the fields are: image" in detail(file, 400)
    broken = client.post("/api/v1/search", data=b"x", content_type="multipart/form-data")
    assert "the query is empty" in detail(broken, 400)
    text = client.post("/api/v1/search", data="red", content_type="text/plain")
    assert "the body is text/plain; post application/json" in detail(text, 415)


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/search")
    assert "use GET, HEAD, OPTIONS, POST" in detail(answer, 405)
    assert "POST" in answer.headers["Allow"]
    assert client.put("/").status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/?q=%ff%fe",
        "/?q=%00red%00",
        "/?q=%ed%a0%80",
        "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/?q=" + "%F0%9F%90%95" * 4_000,
        "/?q=red&utm_source=elsewhere",
    ],
)
def test_any_text_can_be_searched(client: FlaskClient, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert client.get("/api/v1/search" + address[1:].partition("&")[0]).status_code == 200


def test_lone_surrogates_and_nul_can_be_searched(client: FlaskClient) -> None:
    body = '{"terms": [{"text": "red \\ud800 \\u0000"}]}'
    answer = client.post("/api/v1/search", data=body, content_type="application/json")
    assert answer.status_code == 200
    body = '{"terms": [{"text": "red"}], "collections": ["\\ud800"]}'
    answer = client.post("/api/v1/search", data=body, content_type="application/json")
    assert "no collection '\\ud800'" in detail(answer, 404)


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/?q=red&start=many", 400, "start is &#39;many&#39;"),
        ("/?q=red&start=0", 400, "start is 0"),
        ("/?similar=one", 400, "similar is &#39;one&#39;"),
        ("/?text=red&weight=high", 400, "weight is &#39;high&#39;"),
        ("/?similar=1@5", 400, "the part of a picture is &#39;5&#39;"),
        ("/?q=" + "a" * 100_000, 400, "100,000 characters"),
        ("/?q=red&collection=nowhere", 404, f"the collections are: {COLLECTION}"),
        ("/?similar=999", 404, "there is no picture 999"),
        ("/?picture=unknown", 404, "choose it again"),
        ("/pictures/999", 404, "there is no picture 999"),
        ("/pictures/one", 404, "there is nothing at /pictures/one"),
        ("/nothing", 404, "there is nothing at /nothing"),
    ],
)
def test_a_page_that_is_not_there_still_has_the_search_form(
    client: FlaskClient, address: str, status: int, told: str
) -> None:
    page = client.get(address)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert told in page.text
    assert 'role="search"' in page.text


def test_a_picture_whose_file_is_gone_is_told_with_the_reason(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    gone = store(engine.catalog, tmp_path / "gone.png", "green")
    (tmp_path / "gone.png").unlink()
    told = detail(client.get(f"/api/v1/pictures/{gone}/thumbnail"), 404)
    assert "gone.png' does not exist" in told and "index its folder again" in told
    assert client.get(f"/pictures/{gone}").status_code == 200
    assert client.get("/?q=green").status_code == 200


def test_a_collection_whose_encoder_changed_is_left_out_and_refused_alone(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    engine.catalog.collections.open("other", Space("another-space", "tiny", 64))
    answer = client.get("/api/v1/search?q=red").json
    assert answer is not None and answer["notes"] == [], "an empty collection is no bar"
    store(engine.catalog, tmp_path / "other.png", "red", collection="other")
    answer = client.get("/api/v1/search?q=red").json
    assert answer is not None and answer["hits"]
    assert "other could not be searched" in answer["notes"][0]
    assert "other could not be searched" in client.get("/?q=red").text
    assert "now makes" in detail(client.get("/api/v1/search?q=red&collection=other"), 409)
    assert client.get("/?q=red&collection=other").status_code == 409
    assert client.get(f"/api/v1/search?q=red&collection={COLLECTION}").status_code == 200
    assert client.get("/pictures/1").status_code == 200


def test_a_name_that_is_not_the_servers_is_refused(client: FlaskClient) -> None:
    for name in ("localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        assert client.get("/healthz", headers={"Host": name}).status_code == 200, name
    for name in (
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8000",
        "[::",
        "",
    ):
        answer = client.get("/api/v1/collections", headers={"Host": name})
        assert "does not answer to the name" in detail(answer, 421), name
        assert client.get("/", headers={"Host": name}).status_code == 421


def test_bound_to_every_address_any_name_is_answered(engine: Engine, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    for host, status in (("0.0.0.0", 200), ("photos.lan", 200), ("127.0.0.1", 421)):
        client = create_app(engine, settings, host).test_client()
        assert client.get("/healthz", headers={"Host": "photos.lan:80"}).status_code == status


def test_every_answer_is_guarded_by_its_headers(client: FlaskClient) -> None:
    for address in ("/", "/?q=red", "/nothing", "/api/v1/collections", "/static/limn.js"):
        with client.get(address) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"


def with_encoder(engine: Engine, folder: Path, error: Exception) -> FlaskClient:
    """Return a client of an application whose encoder can't be opened, for that reason."""

    def refuse(_spec: str) -> Encoder:
        raise error

    settings = settings_in(folder / "data")
    thumbnails = Thumbnails(folder / "thumbnails")
    broken = Engine(
        engine.catalog,
        refuse,
        open_backend(StoreOptions()),
        folder / "none",
        thumbnails,
        engine.limits,
    )
    return create_app(broken, settings).test_client()


def test_an_encoder_that_is_missing_is_told_and_the_rest_goes_on(
    engine: Engine, tmp_path: Path
) -> None:
    client = with_encoder(
        engine, tmp_path, EncoderUnavailable("pair-missing", "its weights are not downloaded")
    )
    assert "not downloaded" in detail(client.get("/api/v1/search?q=red"), 503)
    page = client.get("/?q=red")
    assert page.status_code == 503 and "not downloaded" in page.text
    assert client.get("/api/v1/collections").status_code == 200
    shown = client.get("/pictures/1")
    assert shown.status_code == 200 and "not downloaded" in shown.text
    client.get("/readyz")
    client.application.extensions["limn"].warmup.wait(30)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "failed", "reason": "its weights are not downloaded"}
    assert "Searches will fail for now" in client.get("/").text


def test_a_fault_of_our_own_has_an_id_and_no_traceback(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = with_encoder(engine, tmp_path, ZeroDivisionError("secret of the inside"))
    answer = client.get("/api/v1/search?q=red")
    told = detail(answer, 500)
    assert answer.json is not None
    assert answer.json["request_id"] in told
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert answer.json["request_id"] in caplog.text and "ZeroDivisionError" in caplog.text
    page = client.get("/?q=red")
    assert page.status_code == 500
    assert "secret" not in page.text and "under the id" in page.text


def test_a_database_that_is_damaged_makes_the_server_unready(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    with open_engine(settings) as engine:
        store_colours(engine.catalog, tmp_path / "pictures", ("red",))
    with open_engine(settings) as engine:
        client = create_app(engine, settings).test_client()
        database = tmp_path / "data" / "limn.db"
        whole = database.read_bytes()
        engine.catalog.close()
        database.write_bytes(b"this is no database " * 1000)
        assert "damaged" in detail(client.get("/readyz"), 503)
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 503
        engine.catalog.close()
        database.write_bytes(whole)
