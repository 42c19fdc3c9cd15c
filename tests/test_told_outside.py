"""Errors as clients see them: no paths of the server, which logs these."""

from pathlib import Path

import pytest

from search.catalog.database import Database
from search.errors import (
    DatabaseUnavailable,
    EncoderUnavailable,
    IndexDamaged,
    LimnError,
    Message,
    NotFound,
    StorageFailed,
)
from tests.colour_web import opened, settings_in, store_colours

ADDRESSES = ("/api/v1/search?q=red", "/api/v1/collections", "/readyz", "/?q=red", "/boards/1")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_damaged_database_does_not_tell_where_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    with opened(settings_in(tmp_path / "data")) as (engine, client):
        store_colours(engine.catalog, tmp_path / "pictures", ("red",))
        database = tmp_path / "data" / "limn.db"
        whole = database.read_bytes()
        engine.catalog.close()
        database.write_bytes(b"this is no database " * 1_000)
        for address in ADDRESSES:
            answer = client.get(address, headers={"Accept-Language": language})
            assert (answer.status_code, str(tmp_path) in answer.text) == (503, False)
            chinese = language == "zh" and not address.startswith(("/api", "/readyz"))
            assert ("数据库已损坏" if chinese else "the database is damaged") in answer.text
            assert answer.headers["X-Request-ID"] in answer.text
            assert answer.headers["X-Request-ID"] in caplog.text
        assert str(database) in caplog.text
        engine.catalog.close()
        database.write_bytes(whole)


def test_a_server_that_is_away_is_told_without_its_address_and_user() -> None:
    database = Database("postgresql://somebody:secret@127.0.0.1:1/photos")
    with (
        pytest.raises(DatabaseUnavailable, match="somebody") as caught,
        database.read_transaction(),
    ):
        pass
    assert caught.value.outside == "the database can't be used"
    database.close()


@pytest.mark.parametrize(
    ("error", "outside"),
    [
        (
            StorageFailed("x", "can't write to /d/limn.db"),
            "the server can't write its data",
        ),
        (StorageFailed("x", "no room in /d", outside=Message("y", "no room")), "no room"),
        (IndexDamaged("x", "the index /d/1.index can't be used"), "an index can't be used"),
        (
            EncoderUnavailable(
                "x", "the pair in '/home/me/a pair/x.onnx' is damaged: /home/me/y.json"
            ),
            "the pair in 'a pair/x.onnx' is damaged: y.json",
        ),
        (
            EncoderUnavailable("x", "getting x from https://hub.example/a/b failed"),
            "getting x from https://hub.example/a/b failed",
        ),
        (NotFound("x", "there is no collection 'x'"), "there is no collection 'x'"),
    ],
)
def test_each_error_has_a_text_for_the_outside(error: LimnError, outside: str) -> None:
    assert error.outside == outside
