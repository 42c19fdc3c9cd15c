"""The SQL of tokens: made, listed, revoked, and found by the secret that a client shows."""

import hashlib
import secrets
from datetime import UTC, datetime

import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.records import Scope, Token
from search.errors import NameTaken, NotFound
from search.text.characters import forms

# Tells a leaked secret for what it is; scanners of repositories look for such prefixes.
PREFIX = "limn_"
SECRET_BYTES = 32


class Tokens:
    """The tokens of one database. Only hashes of their secrets are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: Scope) -> str:
        """Make a token and return its secret, which nothing can tell again.

        Raises:
            NameTaken: there is a token of that name.
        """
        secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        with self._database.writing() as sql:
            if (
                sql.scalar(sa.select(t.token.c.id).where(t.token.c.name.in_(forms(name))))
                is not None
            ):
                raise NameTaken(
                    f"there is a token {name!r} already; choose another name, or: "
                    f"limn token revoke {name}"
                )
            sql.execute(
                t.token.insert().values(
                    name=name,
                    secret_hash=_hash(secret),
                    scope=scope,
                    created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                )
            )
        return secret

    def all(self) -> list[Token]:
        """Every token, by name."""
        with self._database.reading() as sql:
            return [_token(row) for row in sql.execute(sa.select(t.token).order_by(t.token.c.name))]

    def revoke(self, name: str) -> None:
        """Forget a token; its secret is refused from now on. Raises NotFound."""
        with self._database.writing() as sql:
            gone = sql.execute(t.token.delete().where(t.token.c.name.in_(forms(name))))
            if not gone.rowcount:
                raise NotFound(f"there is no token {name!r}; see: limn token list")

    def of_secret(self, secret: str) -> Token | None:
        """The token that a client shows, if it is one. Found by hash: timing tells nothing."""
        if not secret.startswith(PREFIX):
            return None
        statement = sa.select(t.token).where(t.token.c.secret_hash == _hash(secret))
        with self._database.reading() as sql:
            row = sql.execute(statement).one_or_none()
        return None if row is None else _token(row)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    return Token(row.id, row.name, row.scope, row.created_at)
