"""Messages between a process and its child, of any size: the parent never waits for the child.

The child may wait for the parent, which always reads its messages, so no two ends block.
"""

import pickle
import socket
import struct
from collections import deque
from collections.abc import Iterator
from typing import Any

# Each message begins with its length.
HEADER = struct.Struct("!Q")

# Bytes per read: a message of usual size, or a part of a large one.
CHUNK_BYTES = 1 << 16


class ParentEnd:
    """The parent's end of a channel; messages without room are buffered and sent later."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._unsent: deque[memoryview] = deque()
        self._received = bytearray()

    def fileno(self) -> int:
        """Return the socket's descriptor, for `select`."""
        return self._end.fileno()

    @property
    def unsent(self) -> bool:
        """Return whether buffered messages wait for room."""
        return bool(self._unsent)

    def send(self, message: object) -> None:
        """Send a message, its rest by `send_more`; raise OSError where the child is gone."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._unsent.append(memoryview(HEADER.pack(len(data)) + data))
        self.send_more()

    def send_more(self) -> None:
        """Send buffered messages while there is room; raise OSError where the child is gone."""
        while self._unsent:
            part = self._unsent[0]
            try:
                sent = self._end.send(part)
            except BlockingIOError:
                return
            if sent == len(part):
                self._unsent.popleft()
            else:
                self._unsent[0] = part[sent:]

    def receive(self) -> Iterator[Any]:
        """Yield the complete messages; raise EOFError or OSError at the end."""
        ended: Exception | None = None
        while ended is None:
            try:
                data = self._end.recv(CHUNK_BYTES)
                self._received += data
                ended = None if data else EOFError()
            except BlockingIOError:
                break
            except OSError as error:
                ended = error
        yield from self._whole()
        if ended is not None:
            raise ended

    def _whole(self) -> list[Any]:
        """Remove and return the complete messages."""
        messages, start = [], 0
        while len(self._received) - start >= HEADER.size:
            (length,) = HEADER.unpack_from(self._received, start)
            end = start + HEADER.size + length
            if len(self._received) < end:
                break
            messages.append(pickle.loads(memoryview(self._received)[start + HEADER.size : end]))
            start = end
        del self._received[:start]
        return messages

    def close(self) -> None:
        """Close the socket, with which the child's next call fails."""
        self._end.close()


class ChildEnd:
    """The child's end, which waits for messages, and for room to send one."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: object) -> None:
        """Send a message; raise OSError where the parent is gone."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._end.sendall(HEADER.pack(len(data)) + data)

    def receive(self) -> Any:
        """Return the next message; raise EOFError or OSError where the parent is gone."""
        (length,) = HEADER.unpack(self._read(HEADER.size))
        return pickle.loads(self._read(length))

    def _read(self, size_bytes: int) -> bytearray:
        data = bytearray(size_bytes)
        left = memoryview(data)
        while left:
            count = self._end.recv_into(left)
            if not count:
                raise EOFError
            left = left[count:]
        return data
