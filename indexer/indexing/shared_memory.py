"""Memory that a process shares with its child; it has no name, so a crash leaves none behind."""

import mmap
import os
import socket
import tempfile

# Windows passes no descriptors; there pixels are sent in the answers.
POSSIBLE = hasattr(socket, "send_fds")


def give(end: socket.socket, size_bytes: int) -> mmap.mmap:
    """Allocate memory, and send it to the caller of `take` at the other end."""
    descriptor = _nameless_file()
    try:
        os.ftruncate(descriptor, size_bytes)
        socket.send_fds(end, [b"m"], [descriptor])
        return mmap.mmap(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def take(end: socket.socket, size_bytes: int) -> mmap.mmap:
    """Receive the memory from the other end; raise EOFError where that end is gone."""
    _, descriptors, _, _ = socket.recv_fds(end, 1, 1)
    if not descriptors:
        raise EOFError
    try:
        return mmap.mmap(descriptors[0], size_bytes)
    finally:
        os.close(descriptors[0])


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("limn-pixels")
    with tempfile.TemporaryFile() as file:  # macOS: unlinked as soon as it is made
        return os.dup(file.fileno())
