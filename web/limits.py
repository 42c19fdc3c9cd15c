"""How often one client may ask: Flask-Limiter's moving window, kept in memory."""

from typing import Any

from flask import Flask
from flask_limiter import Limiter

from web.access import client

# Typing asks seven times a second at most; a program gets room for fifty. Thumbnails cost little
# and come by the hundred.
USUAL = "3000 per minute"
SIGN_IN = "10 per minute"
FREE = ("static", "api.thumbnail", "health.healthz", "health.readyz")


def limit(app: Flask, usual: str = USUAL) -> None:
    """Refuse clients that ask `app` too often, each address of its own."""
    limiter = Limiter(
        client,
        app=app,
        default_limits=[usual],
        storage_uri="memory://",
        strategy="sliding-window-counter",
        headers_enabled=True,
    )
    for name in FREE:
        limiter.exempt(app.view_functions[name])
    take: Any = app.view_functions["sign_in.sign_in"]
    app.view_functions["sign_in.sign_in"] = limiter.limit(SIGN_IN)(take)
