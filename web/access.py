"""Who is asking, and whether they may: tokens by header or cookie, where the server wants them."""

from flask import Flask, g, redirect, request, url_for
from werkzeug import Response
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from search.records import Scope, Token
from web.state import state

COOKIE = "limn_token"

# What anyone may see: that the server is up, how the pages look, and where to sign in.
PUBLIC = frozenset({"static", "health.healthz", "health.readyz", "sign_in.form", "sign_in.sign_in"})

# Everything else needs to read; what is named here needs more. A mark on the page (kept.mark) is
# followed for who may read, and stored for who may write.
WRITING = (
    *("feedback.mark", "feedback.keep_concept", "feedback.import_concept"),
    *("feedback.forget_concept", "kept.keep_concept", "kept.forget_concept"),
    *("kept.save_search", "kept.rename_search", "kept.forget_search"),
    *("boards.add", "boards.rename", "boards.delete", "boards.note", "boards.move"),
    "boards.take_off",
)
SCOPES: dict[str, Scope] = {"metrics.metrics": "admin", **dict.fromkeys(WRITING, "write")}


def admit(app: Flask) -> None:
    """Let in who shows a token that allows what is asked, where the application wants tokens."""
    app.jinja_env.globals["signed_in"] = lambda: COOKIE in request.cookies and token() is not None

    @app.before_request
    def check_token() -> Response | None:
        g.token = None
        tokens = state().tokens
        if tokens is None:
            return None
        secret = _secret()
        g.token = tokens.of_secret(secret) if secret else None
        if request.endpoint in PUBLIC:
            return None
        if g.token is None:
            return _refuse(secret)
        wanted = SCOPES.get(request.endpoint or "", "read")
        if not g.token.allows(wanted):
            raise Forbidden(
                f"the token {g.token.name!r} is for {g.token.scope}, and this needs {wanted}; "
                f"make one: limn token create NAME --scope {wanted}"
            )
        return None


def token() -> Token | None:
    """The token that this request came with; None where none is needed or none was shown."""
    found: Token | None = g.get("token")
    return found


def client() -> str:
    """Who counts as one client: a token, else an address."""
    found = token()
    return f"token {found.id}" if found else request.remote_addr or "nobody"


def _secret() -> str | None:
    shown = request.authorization
    if shown is not None and shown.type == "bearer":
        return shown.token
    return request.cookies.get(COOKIE)


def _refuse(secret: str | None) -> Response:
    page = not request.path.startswith("/api/") and request.endpoint != "metrics.metrics"
    if page and request.method in ("GET", "HEAD"):
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")), 303)
    what = "the token is not known or was revoked" if secret else "this server wants a token"
    raise Unauthorized(
        f"{what}; send one as Authorization: Bearer ..., made where the server runs with: "
        "limn token create NAME",
        www_authenticate=WWWAuthenticate("bearer"),
    )
