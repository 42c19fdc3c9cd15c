"""The option `--reload` of `limn serve`: a server process that restarts when code changes."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from types import FrameType

import click

from search.errors import BadSetting
from search.packages.installing import install_extra

# Files that a running server has imported. The indexer is absent: each job starts its own process.
PACKAGES = ("migrations", "search", "web")
SUFFIXES = frozenset({".css", ".csv", ".html", ".js", ".json", ".mo", ".py", ".svg"})

# The interval for checking that the server's process still runs.
POLL_INTERVAL_MS = 500

# The time that a server has to finish requests before a restart; then they are cut off.
PATIENCE_S = 3.0

# The exit code of a wrong command line, which no change of code corrects.
MISUSE = 2


def serve_and_reload(command: Sequence[str]) -> int:
    """Run the serving command, restart it at each change of code, and return its exit code.

    Raises:
        BadSetting: watchfiles is not installed.
    """
    try:
        from watchfiles import watch
    except ImportError as error:
        raise BadSetting(
            "package-missing-reload",
            "--reload needs watchfiles: {install}",
            install=install_extra("sources"),
        ) from error
    server = _ServerProcess(command)
    server.forward_signals()
    server.start()
    for changes in watch(
        *_folders(),
        watch_filter=lambda _, path: Path(path).suffix in SUFFIXES,
        stop_event=server.shutdown,
        rust_timeout=POLL_INTERVAL_MS,
        yield_on_timeout=True,
    ):
        if changes:
            _, path = min(changes)
            click.echo(f"{path} has changed; restarting", err=True)
            server.restart()
        elif server.report_exit() == MISUSE:
            break
    return server.wait()


def _folders() -> list[Path]:
    specs = (find_spec(name) for name in PACKAGES)
    return [Path(each) for spec in specs if spec for each in spec.submodule_search_locations or ()]


class _ServerProcess:
    """The process that serves; signals that would end this process end that one."""

    def __init__(self, command: Sequence[str]) -> None:
        self.shutdown = Event()
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_reported = False

    def forward_signals(self) -> None:
        """Forward each ending signal to the process; the first signal also stops the watching."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._forward)

    def start(self) -> None:
        """Start the process, unless a signal has asked to stop."""
        if self.shutdown.is_set():
            return
        # In a group of its own: a terminal's Ctrl-C would reach the process twice and cut off
        # requests.
        group = 0 if os.name == "posix" else None
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, process_group=group
        )
        self._is_reported = False
        if self.shutdown.is_set():  # a signal came meanwhile, and went to the previous process
            self._process.terminate()

    def restart(self) -> None:
        """Replace the process with a new one that opens no second browser page."""
        self._stop()
        self._command = [word for word in self._command if word != "--open"]
        self.start()

    def report_exit(self) -> int | None:
        """Return the exit code of a process that ended by itself, and print the code once."""
        code = None if self._process is None else self._process.poll()
        if code not in (None, MISUSE) and not self._is_reported and not self.shutdown.is_set():
            self._is_reported = True
            message = f"the server has ended with exit code {code}; it starts again after a change"
            click.echo(message, err=True)
        return code

    def wait(self) -> int:
        """Wait until the process ends; return 1 if a signal ended it."""
        code = 0 if self._process is None else self._process.wait()
        return code if code >= 0 else 1

    def _stop(self) -> None:
        if self._process is None:
            return
        for _ in range(2):  # at the second signal, the server cuts off its requests
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                continue
            return
        self._process.kill()
        self._process.wait()

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self.shutdown.set()
        if self._process is not None:
            self._process.send_signal(number)


def command_without_reload() -> list[str]:
    """Return the command line of this process without `--reload`."""
    return [sys.executable, *(word for word in sys.orig_argv[1:] if word != "--reload")]
