"""A thread that updates indexes from the catalog between searches."""

import logging
import threading

from search.engine import Engine
from search.errors import LimnError

# A run commits about once a second; new rows are read within milliseconds.
EVERY_S = 2.0

# The time limit for reading a piece of the change log, and for writing an index file.
PATIENCE_S = 10.0

log = logging.getLogger(__name__)


class IndexFollower:
    """A follower that reads new rows soon after a run adds them, ahead of the next search."""

    def __init__(self, engine: Engine, every_s: float = EVERY_S) -> None:
        self._engine = engine
        self._every_s = every_s
        self._shutdown = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="limn-follow", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._shutdown.set()
        self._thread.join(PATIENCE_S)

    def _follow(self) -> None:
        while not self._shutdown.wait(self._every_s):
            try:
                self._engine.follow()
            except LimnError as error:  # the next search raises the error
                log.info("indexes could not be brought level: %s", error)
