"""Rate limits for each client: Flask-Limiter's moving window, counted in memory."""

from http import HTTPStatus
from threading import Lock
from time import time
from typing import Any

from flask import Flask, Response
from flask_limiter import HeaderNames, Limiter
from limits.storage import MemoryStorage

from web.auth import client
from web.route import Decorator, Limit, facts_of

# Typing sends seven requests a second at most; the limit of fifty leaves room for programs.
# Thumbnails are cheap and come by the hundred.
USUAL = "3000 per minute"
# After this many new counts, the counts of absent clients are dropped.
SWEEP_AFTER = 10_000

# The header with the end of a client's window, by the limiter's own name, not `Retry-After`.
WINDOW_ENDS = "X-RateLimit-Window"


def limit(app: Flask, usual: str = USUAL) -> None:
    """Limit the rate of each client of `app`, counted by address."""

    @app.after_request  # registered before the limiter, whose headers exist once this runs
    def tell_when(response: Response) -> Response:
        # The limiter sends the end of the window to everyone; only refused clients need to wait.
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
        rule = facts_of(app, endpoint).rate_limit
        if isinstance(rule, Limit):
            app.view_functions[endpoint] = rule.refusal(_rate_decorator(limiter, rule)(view))
        elif not rule:
            limiter.exempt(view)


def _rate_decorator(limiter: Limiter, rule: Limit) -> Decorator:
    counts = rule.counts
    if counts is None:
        return limiter.limit(rule.rate)
    return limiter.limit(rule.rate, deduct_when=lambda _: counts())


class RateCounts(MemoryStorage):
    """A store of counts in memory; the one of `limits` starts a thread at nearly every request."""

    STORAGE_SCHEME = ["limn"]  # noqa: RUF012 - as its base class has it

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._lock = Lock()
        self._sweep_at = SWEEP_AFTER

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count that expires after `expiry` seconds."""
        with self._lock:
            if not self.get(key):
                self.expirations[key] = time() + expiry
                if len(self.storage) >= self._sweep_at:
                    self._sweep()
            self.storage[key] += amount
            return self.storage[key]

    def _sweep(self) -> None:
        for key in list(self.storage):
            self.get(key)  # drops an expired count
        self._sweep_at = len(self.storage) + SWEEP_AFTER
