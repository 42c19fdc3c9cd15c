"""How the C library of a long-lived server keeps memory that was freed: on glibc, as little as it
can."""

import ctypes
import os
import platform
from collections.abc import Mapping

# glibc's mallopt takes these numbers, from its malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

# By itself glibc gives every thread a heap of its own, and puts ever larger blocks there, up to
# 32 MiB: what searches free stays in pieces in each. 2,400 searches of 91,000 captions by eight
# threads left 249 MiB so, and more with every hour; with these 55 MiB, and no more.
ARENAS = 2
LARGE_BYTES = 4 << 20
KEPT_BYTES = 8 << 20

# Who has set one of these has thought about it.
SET_BY_HAND = (
    "GLIBC_TUNABLES",
    "MALLOC_ARENA_MAX",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
)


def give_back_freed(environ: Mapping[str, str] | None = None) -> bool:
    """Make this process give freed memory back; tells whether there was anything to set."""
    values = os.environ if environ is None else environ
    if platform.libc_ver()[0] != "glibc" or any(name in values for name in SET_BY_HAND):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {M_ARENA_MAX: ARENAS, M_MMAP_THRESHOLD: LARGE_BYTES, M_TRIM_THRESHOLD: KEPT_BYTES}
    return all([mallopt(name, value) for name, value in wanted.items()])
