"""Addresses of databases: paths of SQLite files, and URLs."""

import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from search.errors import BadSetting


def parse_address(where: str | Path) -> URL:
    """Return the URL of a database, given by its SQLite file's path or by its URL."""
    return URL.create("sqlite", database=str(where)) if isinstance(where, Path) else _parse(where)


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        # A password must not reach a terminal or a log.
        safe_url = re.sub(r"//[^/]*@", "//***@", url)
        raise BadSetting(
            "database-url-invalid",
            "{url!r} is no database URL; it may be sqlite:////path/to/limn.db "
            "or postgresql://user:password@host/name",
            url=safe_url,
        ) from error
    if address.drivername in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadSetting(
            "database-unsupported",
            "{kind!r} databases are not supported; use sqlite or postgresql",
            kind=address.get_backend_name(),
        )
    return address


def sqlite_path(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for a server's."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise BadSetting(
            "database-in-memory",
            "the database {url!r} would be lost at exit; name a file: sqlite:////path/to/limn.db",
            url=str(url),
        )
    return Path(url.database).absolute()
