"""A way around the catalog's door, for tests that damage a database or look into it."""

from search.catalog.catalog import Catalog
from search.catalog.database import Database


def database_of(catalog: Catalog) -> Database:
    """Return the database of a catalog, whose parts are the only ones that use it otherwise."""
    return catalog._database
