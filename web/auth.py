"""Authentication by tokens, in a header or a cookie, where the server requires tokens."""

from collections.abc import Mapping

from flask import Flask, g, redirect, request, url_for
from werkzeug import Response
from werkzeug.datastructures import Authorization, WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.http import parse_cookie

from search.catalog.records import Scope, Token
from search.catalog.tokens import Tokens
from search.errors import LimnError, Message
from web.route import current_facts, is_for_programs
from web.state import state

COOKIE = "limn_token"

TOKEN_NEEDED = Message(
    "token-needed",
    "this server wants a token; send one as Authorization: Bearer ..., made where the server runs "
    "with: limn token create NAME",
)
TOKEN_UNKNOWN = Message(
    "token-unknown",
    "the token is not known or was revoked; send one as Authorization: Bearer ..., made where the "
    "server runs with: limn token create NAME",
)


def admit(app: Flask) -> None:
    """Require a token that allows the request, where the application requires tokens."""
    app.jinja_env.globals["signed_in"] = lambda: COOKIE in request.cookies and token() is not None
    app.jinja_env.globals["may"] = may

    @app.before_request
    def check_token() -> Response | None:
        g.token = None
        tokens = state().tokens
        if tokens is None:
            return None
        secret = _secret()
        g.token = tokens.of_secret(secret) if secret else None
        scope = current_facts().scope(request.method)
        if scope is None:
            return None
        if g.token is None:
            return _refuse(secret)
        if not g.token.allows(scope):
            raise Forbidden(
                Message(
                    "token-scope-too-small",
                    "the token {name!r} is for {scope}, and this needs {wanted}; make one: limn "
                    "token create NAME --scope {wanted}",
                    name=g.token.name,
                    scope=g.token.scope,
                    wanted=scope,
                )
            )
        return None


def may(scope: Scope) -> bool:
    """Return whether the client's token allows `scope`."""
    client_token = token()
    return state().tokens is None or (client_token is not None and client_token.allows(scope))


def token() -> Token | None:
    """Return the token of this request; None where no token is needed or none was sent."""
    client_token: Token | None = g.get("token")
    return client_token


def client() -> str:
    """Return the identity of the client: a token, else an address."""
    client_token = token()
    return f"token {client_token.id}" if client_token else request.remote_addr or "nobody"


def admits(tokens: Tokens | None, headers: Mapping[str, str], scope: Scope) -> bool:
    """Return whether a token in the headers allows `scope`.

    Header names are as in WSGI but without HTTP_. The check runs before a large body is read; the
    request itself is checked again.
    """
    if tokens is None:
        return True
    authorization = Authorization.from_header(headers.get("AUTHORIZATION"))
    secret = _secret_in(authorization, parse_cookie(headers.get("COOKIE")))
    try:
        token = tokens.of_secret(secret) if secret else None
    except LimnError:  # the request itself answers with the reason
        return False
    return token is not None and token.allows(scope)


def _secret() -> str | None:
    return _secret_in(request.authorization, request.cookies)


def _secret_in(authorization: Authorization | None, cookies: Mapping[str, str]) -> str | None:
    if authorization is not None and authorization.type == "bearer":
        return authorization.token
    return cookies.get(COOKIE)


def _refuse(secret: str | None) -> Response:
    if not is_for_programs(request.path) and request.method in ("GET", "HEAD"):
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")), 303)
    raise Unauthorized(
        TOKEN_UNKNOWN if secret else TOKEN_NEEDED, www_authenticate=WWWAuthenticate("bearer")
    )
