"""The start of child processes, and their end when their parent is gone."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import wait

# The environment of a child. OpenMP and BLAS read the first three when they are loaded; the last
# removes the current folder, which may be anybody's, from the module search path.
CHILD_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONSAFEPATH": "1",
}


@contextlib.contextmanager
def starting_child() -> Iterator[None]:
    """Let the processes that start here leave signals to their parent, and use one thread each."""
    with _interrupts_held_back(), _child_settings():
        yield


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let the processes that start here leave Ctrl-C and a closed terminal to their parent.

    Child processes inherit this thread's blocked signals; the signals reach this process when the
    block ends.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _child_settings() -> Iterator[None]:
    """Let the processes that start here compute on one thread each: there is one per core."""
    before = {name: os.environ.get(name) for name in CHILD_SETTINGS}
    os.environ.update(CHILD_SETTINGS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def end_with_parent() -> None:
    """End this process when the parent is gone, killed or not."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
