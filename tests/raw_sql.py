"""Direct access to a catalog's database, for tests that damage or inspect it."""

from search.catalog.catalog import Catalog
from search.catalog.database import Database
from search.catalog.database.schema import migrations_folder


def database_of(catalog: Catalog) -> Database:
    """Return the private database of a catalog."""
    return catalog._database


def downgrade(database: Database, revision: str) -> None:
    """Migrate a database back to an older schema."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with database.write_transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
