"""Signing in with a token, which the browser then sends in a cookie that no script can read."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from web.auth import COOKIE
from web.pages.refused_forms import comes_back
from web.route import Limit, route
from web.state import state

sign_in = Blueprint("sign_in", __name__)

MONTH_S = 30 * 24 * 3600

# A limit on guesses of a token.
RATE = "10 per minute"


@route(sign_in, "/sign-in", scope="public")
def form() -> str | Response:
    """Show the form, where the server requires tokens."""
    if state().tokens is None:
        return redirect(url_for("pages.search"), 303)
    after = _local(request.values.get("next", ""))
    return render_template("sign_in.html", after=after, wrong=False)


@route(
    sign_in,
    "/sign-in",
    "POST",
    endpoint="sign_in",
    scope="public",
    rate_limit=Limit(RATE, comes_back("sign-in", form, "token")),
)
def take() -> tuple[str, int] | Response:
    """Accept a token and redirect to the page that required it."""
    tokens = state().tokens
    after = _local(request.form.get("next", ""))
    secret = request.form.get("token", "").strip()
    if tokens is None:
        return redirect(after, 303)
    if tokens.of_secret(secret) is None:
        return render_template("sign_in.html", after=after, wrong=True), 403
    answer = redirect(after, 303)
    answer.set_cookie(
        COOKIE, secret, MONTH_S, httponly=True, samesite="Strict", secure=request.is_secure
    )
    return answer


@route(sign_in, "/sign-out", "POST", scope="read")
def sign_out() -> Response:
    """Delete the token from this browser; the token stays valid elsewhere."""
    answer = redirect(url_for("pages.search"), 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="Strict", secure=request.is_secure)
    return answer


def _local(address: str) -> str:
    r"""Return an address on this server for any link: "//" and "\" lead to other sites."""
    inside = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if inside and address.isprintable() else url_for("pages.search")
