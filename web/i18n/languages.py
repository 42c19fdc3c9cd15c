"""The languages of the pages, and the choice of one for each answer."""

from typing import Any

from flask import Flask, Response, request, url_for
from flask_babel import Babel, get_locale

# Languages by their own names; the first is the default.
LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "limn_language"
YEAR_S = 365 * 24 * 3600


def speak(app: Flask) -> None:
    """Make `app` answer in the language that a request asks for."""
    app.config["BABEL_DEFAULT_LOCALE"] = next(iter(LANGUAGES))
    Babel(app, locale_selector=_preferred_language)
    app.jinja_env.globals.update(
        language=language, languages=list(LANGUAGES.items()), in_language=_in_language
    )

    @app.after_request
    def remember(response: Response) -> Response:
        code = request.args.get("lang", "")
        if code in LANGUAGES and request.endpoint != "static":
            response.set_cookie(COOKIE, code, YEAR_S, samesite="Lax", httponly=True)
        if response.mimetype == "text/html":
            response.vary.update(("Accept-Language", "Cookie"))
        return response


def language() -> str:
    """Return the language of the current answer."""
    locale = get_locale()
    return locale.language if locale is not None else next(iter(LANGUAGES))


def _preferred_language() -> str | None:
    """Return the language of the address, else of the cookie, else of the browser's preferences."""
    for code in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if code in LANGUAGES:
            return code
    return request.accept_languages.best_match(list(LANGUAGES))


def _in_language(code: str) -> str:
    """Return the address of this page in another language."""
    if request.endpoint is None or request.method not in ("GET", "HEAD"):
        return url_for("pages.search", lang=code)
    fields: dict[str, Any] = request.args.to_dict(flat=False)
    return url_for(request.endpoint, **{**fields, **(request.view_args or {}), "lang": code})
