"""What a reader of the pages chooses by an address, and a cookie remembers."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request, url_for

YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """A choice among `values`: the address chooses by `field`, and `cookie` remembers it.

    The page's scripts may read and set the cookie with `is_for_scripts`.
    """

    field: str
    cookie: str
    values: Collection[str]
    is_for_scripts: bool = False

    @property
    def value(self) -> str:
        """Return the value of the current address, else of the cookie, else nothing."""
        asked = (request.args.get(self.field), request.cookies.get(self.cookie))
        return next((value for value in asked if value is not None and value in self.values), "")

    def address(self, value: str) -> str:
        """Return the address of this page with another value."""
        chosen: dict[str, Any] = {self.field: value}
        if request.endpoint is None or request.method not in ("GET", "HEAD"):
            return url_for("pages.search", **chosen)
        fields = {**request.args.to_dict(flat=False), **(request.view_args or {}), **chosen}
        return url_for(request.endpoint, **fields)

    def remember_in(self, app: Flask) -> None:
        """Make `app` set the cookie in answers to addresses that choose."""

        @app.after_request
        def remember(response: Response) -> Response:
            value = request.args.get(self.field, "")
            if value in self.values and request.endpoint != "static":
                response.set_cookie(
                    self.cookie,
                    value,
                    YEAR_S,
                    samesite="Lax",
                    httponly=not self.is_for_scripts,
                )
            return response
