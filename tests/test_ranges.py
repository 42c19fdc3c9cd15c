"""Ranges of files, as in RFC 9110: ignored where invalid, 416 beyond the end."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from tests.colour_web import store


@pytest.fixture
def picture(engine: Engine, tmp_path: Path) -> Path:
    """Return a picture's file; its id is 1."""
    path = tmp_path / "one.png"
    assert store(engine.catalog, path, "red", size=(300, 200)) == 1
    return path


ORIGINAL = "/api/v1/pictures/1/original"


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        "lines=0-5",
        "bytes",
        "bytes=",
        "bytes=x-y",
        "bytes=5-2",
        "bytes=0-1,4-5",
        "bytes=0-1,0-1,0-1",
        "bytes=-5,0-1",
        "bytes 0-5",
        "seconds=1-2",
        "bytes=--5",
        "bytes=" + "9" * 5000 + "-",
        "",
        "=",
        ",",
    ],
)
@pytest.mark.parametrize("address", [ORIGINAL, "/static/limn.css"])
def test_what_is_no_range_that_is_met_is_passed_over(
    client: FlaskClient, picture: Path, address: str, asked: str
) -> None:
    with client.get(address) as answer:
        whole = answer.data
    with client.get(address, headers={"Range": asked}) as answer:
        assert (answer.status_code, answer.data) == (200, whole)
        assert "Content-Range" not in answer.headers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=2-5", 2, 5),
        ("BYTES=2-5", 2, 5),
        ("bytes= 2-5", 2, 5),
        ("bytes=0-0", 0, 0),
        ("bytes=4-", 4, None),
        ("bytes=-3", -3, None),
        ("bytes=-999999999", 0, None),
        ("bytes=2-99999999999999999999", 2, None),
    ],
)
def test_one_range_of_bytes_is_met(
    client: FlaskClient, picture: Path, asked: str, first: int, last: int | None
) -> None:
    data = picture.read_bytes()
    size = len(data)
    first, last = first % size, size - 1 if last is None else last
    with client.get(ORIGINAL, headers={"Range": asked}) as answer:
        assert (answer.status_code, answer.data) == (206, data[first : last + 1])
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert answer.content_length == len(answer.data)
    with client.head(ORIGINAL, headers={"Range": asked}) as answer:
        assert (answer.status_code, answer.content_length) == (200, size), "ranges are for GET"


def test_a_range_beyond_the_end_is_416_with_the_size(client: FlaskClient, picture: Path) -> None:
    size = picture.stat().st_size
    with client.get(ORIGINAL, headers={"Range": f"bytes={size}-"}) as answer:
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{size}"
        assert answer.json is not None and answer.json["status"] == 416


def test_an_empty_file_has_no_range(client: FlaskClient, picture: Path) -> None:
    picture.write_bytes(b"")
    for asked in ("bytes=0-", "bytes=-1", "bytes=0-0"):
        with client.get(ORIGINAL, headers={"Range": asked}) as answer:
            assert (answer.status_code, answer.data) == (200, b"")


def test_a_range_of_another_version_is_the_whole_of_this(
    client: FlaskClient, picture: Path
) -> None:
    with client.get(ORIGINAL) as answer:
        etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
    asked = {"Range": "bytes=2-5"}
    for same in (etag, modified):
        with client.get(ORIGINAL, headers={**asked, "If-Range": same}) as answer:
            assert answer.status_code == 206, same
    for other in ('"another"', f"W/{etag}", "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"):
        with client.get(ORIGINAL, headers={**asked, "If-Range": other}) as answer:
            assert answer.status_code == 200, other
    with client.get(ORIGINAL, headers={**asked, "If-None-Match": etag}) as answer:
        assert answer.status_code == 304
    picture.write_bytes(picture.read_bytes() + b"more")
    with client.get(ORIGINAL, headers={**asked, "If-Range": etag}) as answer:
        assert answer.status_code == 200


def test_only_who_is_refused_is_told_to_wait(client: FlaskClient, picture: Path) -> None:
    for address in ("/", "/api/v1/collections", "/nothing", "/api/v1/search?q=red", ORIGINAL):
        with client.get(address) as answer:
            assert "Retry-After" not in answer.headers, address
            assert "X-RateLimit-Window" not in answer.headers
