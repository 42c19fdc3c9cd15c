"""The languages of the pages, and the choice of one for each answer."""

from flask import Flask, Response, request
from flask_babel import Babel, get_locale

from web.i18n.reader_choice import ReaderChoice

# Languages by their own names; the first is the default.
LANGUAGES = {"en": "English", "zh": "中文"}
CHOICE = ReaderChoice("lang", "limn_language", LANGUAGES)


def speak(app: Flask) -> None:
    """Make `app` answer in the language that a request asks for."""
    app.config["BABEL_DEFAULT_LOCALE"] = next(iter(LANGUAGES))
    Babel(app, locale_selector=_preferred_language)
    app.jinja_env.globals.update(
        language=language, languages=list(LANGUAGES.items()), in_language=CHOICE.address
    )

    CHOICE.remember_in(app)

    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.update(("Accept-Language", "Cookie"))
        return response


def language() -> str:
    """Return the language of the current answer."""
    locale = get_locale()
    return locale.language if locale is not None else next(iter(LANGUAGES))


def _preferred_language() -> str | None:
    """Return the language of the address, else of the cookie, else of the browser's preferences."""
    return CHOICE.value or request.accept_languages.best_match(list(LANGUAGES))
