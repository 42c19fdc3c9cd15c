"""Settings of glibc's malloc: a server returns freed memory, a training keeps it for its next step.

Both do nothing with another C library.
"""

import ctypes
import os
import platform
from collections.abc import Mapping

# mallopt's parameters, from glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_THRESHOLD = -3
M_MMAP_MAX = -4
M_ARENA_MAX = -8

# By default glibc gives every thread its own heap, and puts ever larger blocks there, up to
# 32 MiB: memory that searches free stays in each in pieces. 2,400 searches of 91,000 captions by
# eight threads left 249 MiB, and more with every hour; with these settings 55 MiB, and no more.
GIVE_BACK = {M_ARENA_MAX: 2, M_MMAP_THRESHOLD: 4 << 20, M_TRIM_THRESHOLD: 8 << 20}

# A step's activations are hundreds of blocks of megabytes, each otherwise mapped, filled with
# zeros page by page and unmapped; a step of the picture tower took 1.1 to 1.5 times as long.
KEEP = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: 256 << 20}

# A user who has set one of these variables did so on purpose.
SET_BY_HAND = (
    "GLIBC_TUNABLES",
    "MALLOC_ARENA_MAX",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
)


def give_back_freed(environ: Mapping[str, str] | None = None) -> bool:
    """Make this process return freed memory to the system; return whether glibc took the settings.

    Does nothing where the environment sets one of them by hand.
    """
    values = os.environ if environ is None else environ
    if any(name in values for name in SET_BY_HAND):
        return False
    return _set(GIVE_BACK)


def keep_freed_memory() -> bool:
    """Make this process reuse freed memory; return whether glibc took the setting."""
    return _set(KEEP)


def _set(parameters: Mapping[int, int]) -> bool:
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all([mallopt(parameter, value) for parameter, value in parameters.items()])
