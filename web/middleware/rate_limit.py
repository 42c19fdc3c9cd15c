"""How often one client may ask: Flask-Limiter's moving window, kept in memory."""

from http import HTTPStatus
from threading import Lock
from time import time
from typing import Any

from flask import Flask, Response
from flask_limiter import HeaderNames, Limiter
from limits.storage import MemoryStorage

from web.auth import client
from web.route import Limit, facts_of

# Typing asks seven times a second at most; a program gets room for fifty. Thumbnails cost little
# and come by the hundred.
USUAL = "3000 per minute"
# Counts of clients that are gone are dropped when so many more have come.
SWEEP_AFTER = 10_000

# Under this name the limiter tells when a client's window ends, instead of `Retry-After`.
WINDOW_ENDS = "X-RateLimit-Window"


def limit(app: Flask, usual: str = USUAL) -> None:
    """Refuse clients that ask `app` too often, each address of its own."""

    @app.after_request  # before the limiter, whose headers stand once this is called
    def tell_when(response: Response) -> Response:
        # The limiter tells everyone when their window ends; a wait is for who is refused alone.
        ends_s = response.headers.pop(WINDOW_ENDS, None)
        if ends_s is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["Retry-After"] = ends_s
        return response

    limiter = Limiter(
        client,
        app=app,
        default_limits=[usual],
        storage_uri="limn://",
        strategy="sliding-window-counter",
        headers_enabled=True,
        header_name_mapping={HeaderNames.RETRY_AFTER: WINDOW_ENDS},
    )
    for endpoint, view in list(app.view_functions.items()):
        limited = facts_of(app, endpoint).limited
        if isinstance(limited, Limit):
            app.view_functions[endpoint] = limited.refusal(limiter.limit(limited.rate)(view))
        elif not limited:
            limiter.exempt(view)


class RateCounts(MemoryStorage):
    """Counts in memory; limits' own start a thread at nearly every request, to drop old ones."""

    STORAGE_SCHEME = ["limn"]  # noqa: RUF012 - as its base class has it

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._counting = Lock()
        self._sweep_at = SWEEP_AFTER

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count, which is dropped after `expiry` seconds."""
        with self._counting:
            if not self.get(key):
                self.expirations[key] = time() + expiry
                if len(self.storage) >= self._sweep_at:
                    self._sweep()
            self.storage[key] += amount
            return self.storage[key]

    def _sweep(self) -> None:
        for key in list(self.storage):
            self.get(key)  # drops it, once it is over
        self._sweep_at = len(self.storage) + SWEEP_AFTER
