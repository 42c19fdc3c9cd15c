"""Background loading of encoders and indexes, with its status."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from search.engine import Engine
from search.errors import LimnError

log = logging.getLogger(__name__)


class Warmup:
    """A loader of everything that the first search needs, while the server answers already."""

    def __init__(self, engine: Engine, prepare: Callable[[], object] = lambda: None) -> None:
        """Take the engine, and what to `prepare` for the first page once searches are ready."""
        self._engine = engine
        self._prepare = prepare
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ready = False
        self._error: LimnError | None = None

    def start(self) -> None:
        """Start loading, unless loading is running or done; after a failure, try again."""
        with self._lock:
            if self._ready or (self._thread is not None and self._thread.is_alive()):
                return
            # A daemon: a hub that keeps a download waiting must not keep the server from ending.
            self._thread = threading.Thread(target=self._warm, name="limn-warmup", daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until loading has ended, with or without an error."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    @property
    def status(self) -> Literal["ready", "loading", "failed"]:
        """Return the status of loading."""
        if self._ready:
            return "ready"
        return "failed" if self._error is not None else "loading"

    @property
    def reason(self) -> str:
        """Return the reason for not being ready, as clients may see it; empty once ready."""
        if self._ready:
            return ""
        if self._error is not None:
            return str(self._error.outside)
        return "the encoder and the indexes are still being loaded"

    def _warm(self) -> None:
        try:
            for note in self._engine.warm():
                log.warning("%s", note)
        except LimnError as error:
            log.warning("searches will fail for now: %s", error)
            self._error = error
        else:
            self._error = None
            self._ready = True
            with suppress(LimnError):  # the page's own requests raise it again, for their users
                self._prepare()
