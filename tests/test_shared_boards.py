"""Links that share one board: what they show, to whom, for how long, and what they never show."""

import io
import logging
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from search.bootstrap import open_engine
from search.catalog.catalog import Catalog
from search.catalog.database import tables as t
from search.engine import Engine
from search.errors import BadQuery, NotFound
from search.query.limits import MAX_LINKS
from tests.colour_web import settings_in, store_colours
from tests.raw_sql import database_of
from web.app import create_app

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(settings_in(tmp_path / "data")) as opened:
        store_colours(opened.catalog, tmp_path / "pictures", ("red", "green", "blue"))
        yield opened


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> FlaskClient:
    """Return a client, without a token, of a server that other machines can reach."""
    return create_app(engine, settings_in(tmp_path / "data"), "0.0.0.0").test_client()


@pytest.fixture
def secret(engine: Engine) -> str:
    """Return the secret of a board of two of the three pictures, one with a note."""
    board = engine.catalog.boards.create("Walls <b>", [2, 1])
    engine.catalog.boards.edit(board, 1, note="for the hall")
    return engine.catalog.board_links.create(board)[1]


def test_a_link_shows_its_board_without_a_token(client: FlaskClient, secret: str) -> None:
    answer = client.get(f"/shared/{secret}")
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    page = answer.text
    assert "Walls &lt;b&gt;" in page and "for the hall" in page and "2 pictures" in page
    assert page.index("pictures/2/") < page.index("pictures/1/"), "in the board's order"
    assert "<script" not in page and "<form" not in page
    small = client.get(f"/shared/{secret}/pictures/1/thumbnail?side=160")
    assert (small.status_code, small.mimetype) == (200, "image/webp")
    tag = {"If-None-Match": small.headers["ETag"]}
    again = client.get(f"/shared/{secret}/pictures/1/thumbnail?side=160", headers=tag)
    assert again.status_code == 304
    large = client.get(f"/shared/{secret}/pictures/1").text
    assert "a red wall" in large and "for the hall" in large and "side=1600" in large
    with client.get(f"/shared/{secret}/pictures/1/original") as file:
        assert file.data.startswith(b"\x89PNG")
        assert "attachment" in file.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(client.get(f"/shared/{secret}/zip").data)) as archive:
        assert archive.namelist() == ["2-green.png", "1-red.png"]


def test_a_link_shows_nothing_but_its_board(
    client: FlaskClient, engine: Engine, secret: str, tmp_path: Path
) -> None:
    for what in ("", "/thumbnail", "/original"):
        other, none = (client.get(f"/shared/{secret}/pictures/{each}{what}") for each in (3, 99))
        assert (other.status_code, none.status_code) == (404, 404)
        assert "blue" not in other.text
    engine.picture(1).path.unlink()
    pages = [f"/shared/{secret}", f"/shared/{secret}/pictures/2", f"/shared/{secret}/pictures/3"]
    texts = [client.get(each).text for each in pages]
    with zipfile.ZipFile(io.BytesIO(client.get(f"/shared/{secret}/zip").data)) as archive:
        texts.append(archive.read("missing.txt").decode())
    for text in texts:
        assert str(tmp_path) not in text and "/pictures/red" not in text and "colours" not in text


def test_no_other_route_takes_the_secret_of_a_link(client: FlaskClient, secret: str) -> None:
    walked = 0
    client.set_cookie("limn_token", secret)
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in ("static", "shared", "health", "sign_in"):
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for headers in ({}, {"Authorization": f"Bearer {secret}"}):
                with client.open(address_of(rule), method=method, headers=headers) as answer:
                    status, address = answer.status_code, answer.headers.get("Location", "")
                    text = answer.get_data(as_text=True)
                assert status == 401 or address.startswith("/sign-in?next="), (method, rule)
                assert "a red wall" not in text
                walked += 1
    assert walked > 100


def address_of(rule: Rule) -> str:
    address = str(rule)
    for part in rule.arguments:
        start = address.index("<")
        address = f"{address[:start]}1{address[address.index('>') + 1 :]}"
        assert part
    return address


def test_a_wrong_withdrawn_or_ended_link_says_so(
    client: FlaskClient, engine: Engine, secret: str
) -> None:
    links = engine.catalog.board_links
    [link] = links.all(1)
    assert client.get(f"/shared/{secret}x").status_code == 404
    ended_link, ended_secret = links.create(1, days=1)
    assert client.get(f"/shared/{ended_secret}").status_code == 200
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    with database_of(engine.catalog).write_transaction() as sql:
        statement = t.board_link.update().where(t.board_link.c.id == ended_link.id)
        sql.execute(statement.values(expires_at=yesterday))
    links.withdraw(1, link.id)
    for each in (secret, ended_secret):
        answer = client.get(f"/shared/{each}")
        assert (answer.status_code, "This link leads nowhere" in answer.text) == (404, True)
        assert "Walls" not in answer.text
        assert client.get(f"/shared/{each}/pictures/1/thumbnail").status_code == 404
    assert "这个链接" in client.get(f"/shared/{secret}?lang=zh").text


def test_links_can_not_be_guessed_at_speed_and_are_looked_at_as_often_as_one_likes(
    client: FlaskClient, engine: Engine, secret: str
) -> None:
    for _ in range(15):
        assert client.get(f"/shared/{secret}/pictures/1/thumbnail").status_code == 200
        assert client.get(f"/shared/{secret}/pictures/3/thumbnail").status_code == 404
    statuses = [client.get(f"/shared/guess-{number}").status_code for number in range(12)]
    assert statuses == [404] * 10 + [429] * 2
    assert client.get(f"/shared/{secret}/pictures/1/thumbnail").status_code == 200


def test_where_no_token_is_needed_a_link_works_too(
    engine: Engine, secret: str, tmp_path: Path
) -> None:
    client = create_app(engine, settings_in(tmp_path / "data")).test_client()
    assert "for the hall" in client.get(f"/shared/{secret}").text


def test_links_are_made_listed_and_withdrawn_on_the_page_of_the_board(
    client: FlaskClient, engine: Engine, secret: str
) -> None:
    read, write = (
        {"Authorization": f"Bearer {engine.catalog.tokens.create(scope, scope)}"}
        for scope in ("read", "write")
    )
    assert client.post("/boards/1/links", headers=read).status_code == 403
    assert "Share" not in client.get("/boards/1", headers=read).text
    answer = client.post("/boards/1/links", data={"days": "7"}, headers=write).text
    address = answer.split('data-copy="http://localhost', 1)[1].split('"', 1)[0]
    assert client.get(address).status_code == 200
    page = client.get("/boards/1", headers=write).text
    assert address.removeprefix("/shared/") not in page, "it is shown once"
    assert page.count("/withdraw") == 2
    refusal = client.post("/boards/1/links", data={"days": "9999"}, headers=write)
    assert refusal.status_code == 400 and "3,650" in refusal.text
    assert client.post("/boards/1/links/2/withdraw", headers=write).status_code == 303
    assert client.get(address).status_code == 404
    assert client.post("/boards/1/links/2/withdraw", headers=write).status_code == 404


def test_links_are_made_listed_and_withdrawn_over_the_api(
    client: FlaskClient, engine: Engine
) -> None:
    board = engine.catalog.boards.create("Walls", [1])
    headers = {"Authorization": f"Bearer {engine.catalog.tokens.create('w', 'write')}"}
    links = f"/api/v1/boards/{board}/links"
    answer = client.post(links, json={"days": 30}, headers=headers)
    assert answer.status_code == 201 and answer.json is not None
    link = dict(answer.json)
    address = link.pop("address")
    assert client.get(links, headers=headers).json == {"links": [link]}
    assert client.get(address).status_code == 200
    for wrong in ({"days": 0}, {"days": 4000}, {"days": "x"}, {"hours": 1}):
        assert client.post(links, json=wrong, headers=headers).status_code == 400, wrong
    assert client.post(links, json={}, headers=headers).json["expires_at"] is None  # type: ignore[index]
    assert client.delete(f"{links}/{link['id']}", headers=headers).status_code == 204
    assert client.delete(f"{links}/{link['id']}", headers=headers).status_code == 404
    assert client.get(address).status_code == 404
    assert client.get("/api/v1/boards/9/links", headers=headers).status_code == 404


def test_links_are_the_same_in_both_databases(catalog: Catalog, tmp_path: Path) -> None:
    red, blue = store_colours(catalog, tmp_path, ("red", "blue")).values()
    one, two = catalog.boards.create("one", [red]), catalog.boards.create("two", [blue])
    links = catalog.board_links
    link, secret = links.create(one, days=3)
    assert len(secret) == 32 and links.board_of_secret(secret) == one
    assert (catalog.boards.has(one, red), catalog.boards.has(one, blue)) == (True, False)
    assert links.all(one) == [link] and links.all(two) == []
    with pytest.raises(NotFound):
        links.withdraw(two, link.id)
    with pytest.raises(NotFound):
        links.create(99)
    for _ in range(MAX_LINKS - 1):
        links.create(one)
    with pytest.raises(BadQuery, match="100 links"):
        links.create(one)
    catalog.boards.remove(one)
    with pytest.raises(NotFound, match="leads to no board"):
        links.board_of_secret(secret)


def test_secrets_of_links_are_in_no_database_and_in_no_log(
    client: FlaskClient, secret: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "limn.requests"):
        client.get(f"/shared/{secret}")
        client.get(f"/shared/{secret}/nothing/here")
    facts = [vars(record)["limn"] for record in caplog.records]
    assert [each["path"] for each in facts] == ["/shared/...", "/shared/.../nothing/here"]
    assert secret not in str(facts)
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files and not any(secret.encode() in path.read_bytes() for path in files)
