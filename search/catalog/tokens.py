"""SQL of tokens: make, list and revoke them, and find one by the secret that a client shows."""

import hashlib
import secrets
from datetime import UTC, datetime

import sqlalchemy as sa

from search.catalog.database import Database
from search.catalog.database import tables as t
from search.catalog.records import Scope, Token
from search.errors import NameTaken, NotFound
from search.text.characters import forms

# Identifies a leaked secret; scanners of repositories look for prefixes like this.
PREFIX = "limn_"
SECRET_BYTES = 32


class Tokens:
    """The tokens of one database. Only hashes of their secrets are stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: Scope) -> str:
        """Make a token and return its secret, which can't be shown again.

        Raises:
            NameTaken: a token of that name exists.
        """
        secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        with self._database.write_transaction() as sql:
            if (
                sql.scalar(sa.select(t.token.c.id).where(t.token.c.name.in_(forms(name))))
                is not None
            ):
                raise NameTaken(
                    "token-name-taken",
                    "there is a token {name!r} already; choose another name, or: "
                    "limn token revoke {name!q}",
                    name=name,
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
        """Return every token, by name."""
        with self._database.read_transaction() as sql:
            return [_token(row) for row in sql.execute(sa.select(t.token).order_by(t.token.c.name))]

    def revoke(self, name: str) -> None:
        """Delete a token, whose secret is then refused; raise NotFound."""
        with self._database.write_transaction() as sql:
            result = sql.execute(t.token.delete().where(t.token.c.name.in_(forms(name))))
            if not result.rowcount:
                raise NotFound(
                    "unknown-token", "there is no token {name!r}; see: limn token list", name=name
                )

    def of_secret(self, secret: str) -> Token | None:
        """Return the token of a secret, or None, by hash: timing reveals nothing."""
        if not secret.startswith(PREFIX):
            return None
        statement = sa.select(t.token).where(t.token.c.secret_hash == _hash(secret))
        with self._database.read_transaction() as sql:
            row = sql.execute(statement).one_or_none()
        return None if row is None else _token(row)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    return Token(row.id, row.name, row.scope, row.created_at)
