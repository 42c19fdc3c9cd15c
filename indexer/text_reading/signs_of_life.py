"""Signs of life of a process that reads text, so that its parent tells slow from stuck.

At a low priority on a busy machine, two seconds of a core may take minutes. So the process says
that it is at work while it has used less time of a core than a picture ever needs.
"""

import contextlib
import socket
import threading
import time
from typing import Self

from indexer.processes.channel import ChildEnd
from indexer.text_reading.outcomes import AtWork

SIGN_EVERY_S = 5.0

# A page takes 2 s of a core, and so does the start of the networks.
MAX_CPU_S = 60.0


class SignsOfLife:
    """A thread of a child that tells its parent that it is at work, within its time of a core."""

    def __init__(self, end: socket.socket) -> None:
        self._channel = ChildEnd(end)
        self._lock = threading.Lock()
        self._began_s: float | None = time.process_time()

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._began_s = None

    def begin(self) -> None:
        """Begin to count the time for a picture."""
        self._began_s = time.process_time()

    def answer(self, message: object) -> None:
        """Send the message that the parent waits for, after which there are no signs."""
        with self._lock:
            self._began_s = None
            self._channel.send(message)

    def _run(self) -> None:
        while True:
            time.sleep(SIGN_EVERY_S)
            with self._lock, contextlib.suppress(OSError):
                if self._began_s is not None and time.process_time() - self._began_s < MAX_CPU_S:
                    self._channel.send(AtWork())
