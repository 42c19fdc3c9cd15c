"""Bringing a database to the schema that this version of Limn needs, through Alembic."""

import importlib.util
import logging
from pathlib import Path

import sqlalchemy as sa

from search.catalog.database import Database
from search.errors import DatabaseUnavailable, StorageFailed

# The newest migration; a test holds it equal to what the migrations folder says. Comparing with it
# spares every command the import of Alembic.
HEAD = "0009"


def ensure_schema(database: Database, begin: bool = False) -> None:
    """Upgrade a new or older database; leave one at head alone.

    One that is not there, though its index files are, is made only with `begin`.

    Raises:
        DatabaseUnavailable: the schema is newer than this version, or is not Limn's; or the
            database lost its pictures.
        StorageFailed: it must be upgraded, and this user may only read it.
    """
    database.check(begin)
    found = current_revision(database)
    if found == HEAD:
        return
    if found is None:
        database.refuse_empty()
    if database.read_only:
        raise StorageFailed(
            f"the database {database.label} has schema {found or 'none'}, and this version of Limn "
            f"needs {HEAD}; this user may only read it, so let one who may write to it run: "
            "limn db upgrade"
        )
    upgrade(database)


def current_revision(database: Database) -> str | None:
    """Return the revision that the database is at; None for an empty one."""
    with database.reading() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


def upgrade(database: Database, revision: str = "head") -> str:
    """Run the migrations that are missing, in one transaction, and return the head revision.

    Raises:
        DatabaseUnavailable: the schema is newer than this version, or is not Limn's.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    # Two first uses at the same moment: the second waits here, then finds nothing left to do.
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('limn.schema'))"))
        _check_known(
            connection, database.label, {script.revision for script in scripts.walk_revisions()}
        )
        config.attributes["connection"] = connection
        logging.getLogger("alembic").setLevel(logging.WARNING)
        command.upgrade(config, revision)
    return HEAD


def migrations_folder() -> Path:
    """Where the migrations are installed; found, not imported: they import `search`."""
    spec = importlib.util.find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnavailable("Limn's migrations are not installed; install the package again")
    return Path(spec.submodule_search_locations[0])


def _check_known(connection: sa.Connection, label: str, known: set[str]) -> None:
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return
    if "alembic_version" not in tables:
        raise DatabaseUnavailable(
            f"the database {label} holds tables that are not Limn's, such as {min(tables)!r}; "
            "name an empty one with LIMN_DATABASE_URL"
        )
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if found not in known:
        raise DatabaseUnavailable(
            f"the database {label} has schema {found!r}, and this version of Limn knows "
            f"{HEAD!r} at most; upgrade Limn, or name another database with LIMN_DATABASE_URL"
        )
