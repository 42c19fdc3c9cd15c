"""Keeping indexes level with the catalog while nobody searches."""

import logging
import threading

from search.engine import Engine
from search.errors import LimnError

# A run commits every second or so: what came since is read within milliseconds.
EVERY_S = 2.0

# A piece of the change log is read within so long, and so is an index file written.
PATIENCE_S = 10.0

log = logging.getLogger(__name__)


class Following:
    """Reads what a run has added soon after it, so that the next search need not."""

    def __init__(self, engine: Engine, every_s: float = EVERY_S) -> None:
        self._engine = engine
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="limn-follow", daemon=True)

    def start(self) -> None:
        """Follow from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no more."""
        self._ending.set()
        self._thread.join(PATIENCE_S)

    def _follow(self) -> None:
        while not self._ending.wait(self._every_s):
            try:
                self._engine.follow()
            except LimnError as error:  # whoever searches is told
                log.info("indexes could not be brought level: %s", error)
