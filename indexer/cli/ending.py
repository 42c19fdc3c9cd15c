"""Ending a command by a signal: in order where that is possible, and surely within seconds."""

import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from types import FrameType

# After the first signal: time to commit the present work, or to roll it back.
FIRST_S = 4.5

# After the second signal: the user does not want to wait.
SECOND_S = 1.5

SHOW_CURSOR = "\x1b[?25h\r\n"

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Shutdown:
    """The end of this process after Ctrl-C, SIGTERM or SIGHUP (a closed terminal).

    The first signal raises KeyboardInterrupt in the main thread, once, so that nothing disturbs
    the orderly end. A separate thread makes sure that the process ends some seconds later, sooner
    after a second signal, and at once after a third, whatever the main thread waits for.
    Uncommitted SQL is rolled back; locks end with the process.
    """

    def __init__(self, message: str) -> None:
        """Set the text that is printed where the process cannot end in order."""
        self._message = message
        self._is_raised = False
        self._deadline_s: float | None = None
        self._ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self._theirs = theirs  # the interpreter writes to it whatever the main thread does

    def begin(self) -> None:
        """Take the signals over from now on; in the main thread alone."""
        for each in SIGNALS:
            # A signal ignored beforehand stays ignored: nohup, and a shell's background jobs.
            if each == signal.SIGTERM or signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, self._interrupt)
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="limn-ending", daemon=True).start()

    def end_now(self) -> None:
        """End the process at once, from any thread; its decoders with it, stopped or not."""
        # A live progress bar hides the cursor.
        line = f"{SHOW_CURSOR if sys.stderr.isatty() else ''}{self._message}\n".encode()
        with suppress(OSError, ValueError):  # nobody may be there to read it
            if select.select([], [sys.stderr.fileno()], [], 0)[1]:
                os.write(sys.stderr.fileno(), line)
        for child in multiprocessing.active_children():
            with suppress(OSError, ValueError):
                child.kill()
        os._exit(1)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._is_raised:
            self._is_raised = True
            raise KeyboardInterrupt

    def _watch(self) -> None:
        came = 0
        while True:
            left_s = None if self._deadline_s is None else self._deadline_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                self.end_now()
            if not select.select([self._ours], [], [], left_s)[0]:
                continue
            for number in self._ours.recv(64):
                if number in SIGNALS and signal.getsignal(number) == self._interrupt:
                    came += 1
                    self._hurry(came)

    def _hurry(self, came: int) -> None:
        if came > 2:
            self.end_now()
        wanted_s = time.monotonic() + (FIRST_S if came == 1 else SECOND_S)
        self._deadline_s = min(wanted_s, self._deadline_s or wanted_s)


def end_in_order(message: str) -> Shutdown:
    """Handle signals by an orderly end from now on; print the text where that fails."""
    shutdown = Shutdown(message)
    shutdown.begin()
    return shutdown
