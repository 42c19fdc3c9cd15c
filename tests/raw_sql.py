"""Direct access to a catalog's database, for tests that damage or inspect it."""

from search.catalog.catalog import Catalog
from search.catalog.database import Database


def database_of(catalog: Catalog) -> Database:
    """Return the private database of a catalog."""
    return catalog._database
