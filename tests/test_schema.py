"""Migrations: from empty to head, head against the tables, and foreign schemas."""

from errno import EACCES
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import (
    HEAD,
    current_revision,
    ensure_schema,
    migrations_folder,
    upgrade,
)
from search.catalog.database.tables import metadata
from search.catalog.jobs import Jobs
from search.catalog.records import Failure
from search.errors import BadSetting, DatabaseUnavailable, Message, system_reason
from tests.conftest import Limn
from tests.raw_sql import downgrade
from tests.small_catalog import SPACE


def test_an_empty_database_is_brought_to_head_and_left_there(database_url: str) -> None:
    database = Database(database_url)
    assert current_revision(database) is None
    ensure_schema(database)
    ensure_schema(database)
    assert upgrade(database) == current_revision(database) == HEAD
    database.close()


def test_the_migrations_make_the_tables_that_the_code_declares(database_url: str) -> None:
    database = Database(database_url)
    ensure_schema(database)
    with database.read_transaction() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": not_of_full_text}
        )
        assert compare_metadata(context, metadata) == []
    database.close()


def not_of_full_text(name: str | None, _kind: str, _parents: object) -> bool:
    """Exclude full-text indexes and FTS5's own tables, which SQLAlchemy does not know."""
    indexes = ("words_index", "names_index", "text_words_index")
    return not (name or "").startswith(indexes)


def test_a_database_of_the_first_schema_keeps_all_it_holds(database_url: str) -> None:
    database = Database(database_url)
    upgrade(database, "0001")
    statements = (
        "INSERT INTO space VALUES ('s', 'tiny', 64, 'now')",
        "INSERT INTO collection (id, name, space_id, created_at) VALUES (1, 'c', 's', 'now')",
        "INSERT INTO job (id, collection_id, kind, source, state, found, added, changed, "
        "unchanged, removed, failed, started_at, updated_at) "
        "VALUES (7, 1, 'index', 'x', 'done', 3, 2, 0, 0, 0, 1, 'now', 'now')",
        "INSERT INTO failure (collection_id, path, path_hash, reason, detail, seen_at) "
        "VALUES (1, '/p/a.jpg', 'h', 'truncated', 'cut', 'now')",
    )
    with database.write_transaction() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    ensure_schema(database)
    [job] = Jobs(database).latest()
    assert (job.id, job.state, job.counts.added, job.counts.moved) == (7, "done", 2, 0)
    [failure] = Catalog(database).failures.of(1)
    assert (failure.reason, failure.size_bytes) == ("truncated", None)
    assert Jobs(database).ask("c", "index", {"sources": ["/p"]}) != 7
    database.close()


def test_messages_keep_their_codes_and_values_and_old_rows_their_text(database_url: str) -> None:
    database = Database(database_url)
    ensure_schema(database)
    catalog = Catalog(database)
    collection = catalog.collections.open("c", SPACE)
    reason = system_reason(PermissionError(EACCES, "Permission denied"))
    detail = Message("x", "can't read {name}: {reason}", name="/p/\udcff", reason=reason)
    catalog.failures.record(collection, [Failure(Path("/p/a.jpg"), "unreadable", detail)])
    job = catalog.jobs.start(collection, "index", Path("/p"))
    catalog.jobs.end(job, "failed", Message("y", "{count:,} files", count=1234))
    [failure], ended = catalog.failures.of(collection.id), catalog.jobs.one(job)
    assert isinstance(failure.detail, Message) and isinstance(ended.message, Message)
    assert (failure.detail.code, failure.detail.values) == ("x", detail.values)
    cause = failure.detail.values["reason"]
    assert isinstance(cause, Message) and cause.code == "system-eacces"
    assert (ended.message, ended.message.values) == ("1,234 files", {"count": 1234})
    downgrade(database, "0009")
    ensure_schema(database)
    [failure], ended = catalog.failures.of(collection.id), catalog.jobs.one(job)
    assert type(failure.detail) is str and failure.detail.endswith(": Permission denied")
    assert type(ended.message) is str and ended.message == "1,234 files"
    database.close()


def test_the_head_in_the_code_is_that_of_the_migrations() -> None:
    assert ScriptDirectory(str(migrations_folder())).get_current_head() == HEAD


def test_a_newer_schema_is_refused_and_left_as_it_is(database_url: str) -> None:
    database = Database(database_url)
    ensure_schema(database)
    with database.write_transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match=r"'9999'.*upgrade Limn"):
        ensure_schema(database)
    assert current_revision(database) == "9999"
    database.close()


def test_the_database_of_another_program_is_refused(database_url: str) -> None:
    database = Database(database_url)
    with database.write_transaction() as connection:
        connection.execute(sa.text("CREATE TABLE invoices (id INTEGER PRIMARY KEY)"))
    with pytest.raises(DatabaseUnavailable, match="invoices"):
        ensure_schema(database)
    database.close()


def test_the_command_upgrades_and_says_where_the_schema_stands(limn: Limn) -> None:
    assert f"is at schema {HEAD}" in limn("db", "upgrade").stdout
    assert f"is at schema {HEAD}" in limn("db", "upgrade").stdout


def test_a_file_that_is_no_database_is_a_clear_error(limn: Limn, tmp_path: Path) -> None:
    path = tmp_path / "data" / "limn.db"
    path.parent.mkdir()
    path.write_bytes(b"this is not a database" * 100)
    assert "is damaged" in limn("collections", code=1).stderr
    assert path.read_bytes().startswith(b"this is not")


def test_a_database_that_lost_a_table_or_its_version_is_a_clear_error(
    limn: Limn, tmp_path: Path
) -> None:
    limn("collections")
    database = Database(tmp_path / "data" / "limn.db")
    with database.write_transaction() as connection:
        connection.execute(sa.text("DROP TABLE picture"))
        connection.execute(sa.text("DROP TABLE space"))
    assert "no such table" in limn("collections", code=1).stderr
    with database.write_transaction() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
    assert "has schema None" in limn("collections", code=1).stderr
    database.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("not a url", "no database URL"),
        ("mysql://root@host/db", "'mysql' databases are not supported"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
    ],
)
def test_a_database_that_can_not_be_is_a_bad_setting(url: str, told: str) -> None:
    with pytest.raises(BadSetting, match=told):
        Database(url)


def test_a_server_that_does_not_answer_is_a_clear_error_without_the_password(limn: Limn) -> None:
    url = "postgresql://limn:secret@127.0.0.1:1/limn"
    told = limn("collections", code=1, LIMN_DATABASE_URL=url).stderr
    assert "can't be used" in told
    assert "secret" not in told
