"""The schema: upgrades a database to the one that this version needs, through Alembic."""

import importlib.util
import logging
from pathlib import Path

import sqlalchemy as sa

from search.catalog.database import Database
from search.errors import DatabaseUnavailable, StorageFailed

# The newest migration; a test compares it with the migrations folder. The constant
# spares every command the import of Alembic.
HEAD = "0015"


def ensure_schema(database: Database, begin: bool = False) -> None:
    """Upgrade a new or older database; leave a current one unchanged.

    A database that is missing, though its index files exist, is created only with `begin`.

    Raises:
        DatabaseUnavailable: the schema is newer than this version, or is not Limn's; or the
            database lost its pictures.
        StorageFailed: the database must be upgraded, and this user may only read it.
    """
    database.check(begin)
    revision = current_revision(database)
    if revision == HEAD:
        return
    if revision is None:
        database.refuse_empty()
    if database.read_only:
        raise StorageFailed(
            "database-upgrade-needed",
            "the database {database} has schema {found}, and this version of Limn "
            "needs {wanted}; this user may only read it, so let one who may write to it run: "
            "limn db upgrade",
            database=database.label,
            found=revision or "none",
            wanted=HEAD,
        )
    upgrade(database)


def current_revision(database: Database) -> str | None:
    """Return the revision of the database; None for an empty one."""
    with database.read_transaction() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


def upgrade(database: Database, revision: str = "head") -> str:
    """Run the missing migrations in one transaction, and return the newest revision.

    Raises:
        DatabaseUnavailable: the schema is newer than this version, or is not Limn's.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    # Two first uses at the same moment: the second waits here, then has nothing to do.
    with database.write_transaction() as connection:
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
    """Return the folder of the migrations, without importing them: they import `search`."""
    spec = importlib.util.find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnavailable(
            "migrations-missing", "Limn's migrations are not installed; install the package again"
        )
    return Path(spec.submodule_search_locations[0])


def _check_known(connection: sa.Connection, label: str, revisions: set[str]) -> None:
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return
    if "alembic_version" not in tables:
        raise DatabaseUnavailable(
            "database-foreign",
            "the database {database} holds tables that are not Limn's, such as {table!r}; "
            "name an empty one with LIMN_DATABASE_URL",
            database=label,
            table=min(tables),
        )
    revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if revision not in revisions:
        raise DatabaseUnavailable(
            "database-too-new",
            "the database {database} has schema {found!r}, and this version of Limn knows "
            "{known!r} at most; upgrade Limn, or name another database with LIMN_DATABASE_URL",
            database=label,
            found=revision,
            known=HEAD,
        )
