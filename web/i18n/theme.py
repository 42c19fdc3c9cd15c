"""The colours of the pages: as the system has them, unless a reader chose light or dark."""

from typing import Any

from flask import Flask, Response, request, url_for

THEMES = ("light", "dark")
SYSTEM = "system"
COOKIE = "limn_theme"
YEAR_S = 365 * 24 * 3600


def register_theme(app: Flask) -> None:
    """Make `app` remember the theme that an address chooses, and tell the templates of it."""
    app.jinja_env.globals.update(theme=theme, in_theme=_in_theme)

    @app.after_request
    def remember(response: Response) -> Response:
        name = request.args.get("theme", "")
        if name in THEMES:
            response.set_cookie(COOKIE, name, YEAR_S, samesite="Lax", httponly=True)
        elif name == SYSTEM:
            response.delete_cookie(COOKIE, samesite="Lax", httponly=True)
        return response


def theme() -> str:
    """Return the theme of the current answer, "" for that of the reader's system."""
    name = request.args.get("theme") or request.cookies.get(COOKIE, "")
    return name if name in THEMES else ""


def _in_theme(name: str) -> str:
    """Return the address of this page in a theme, "" for that of the system."""
    name = name or SYSTEM
    if request.endpoint is None or request.method not in ("GET", "HEAD"):
        return url_for("pages.search", theme=name)
    fields: dict[str, Any] = request.args.to_dict(flat=False)
    return url_for(request.endpoint, **{**fields, **(request.view_args or {}), "theme": name})
