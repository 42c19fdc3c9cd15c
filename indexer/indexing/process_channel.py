"""Messages between a process and its child, of any size: the parent never waits for the child.

The child may wait for the parent, which always reads what comes: so no two ends block each other.
"""

import pickle
import socket
import struct
from collections import deque
from collections.abc import Iterator
from typing import Any

# Before each message stands its length.
HEADER = struct.Struct("!Q")

# What is read at once: a message of the usual size, and of a large one a part.
CHUNK_BYTES = 1 << 16


class ParentEnd:
    """The parent's end of a channel; what there is no room for yet is kept and sent later."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._unsent: deque[memoryview] = deque()
        self._received = bytearray()

    def fileno(self) -> int:
        return self._end.fileno()

    @property
    def unsent(self) -> bool:
        """Whether something waits for room on its way to the child."""
        return bool(self._unsent)

    def send(self, message: object) -> None:
        """Send a message, the rest of it by `send_more`; raises OSError where the child is gone."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._unsent.append(memoryview(HEADER.pack(len(data)) + data))
        self.send_more()

    def send_more(self) -> None:
        """Send what there is room for; raises OSError where the child is gone."""
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
        """Yield the messages that have come as a whole; raises EOFError or OSError at the end."""
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
        """Take the messages that are complete."""
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
        self._end.close()


class ChildEnd:
    """The child's end: it waits for messages, and until there is room to send one."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: object) -> None:
        """Send a message; raises OSError where the parent is gone."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._end.sendall(HEADER.pack(len(data)) + data)

    def receive(self) -> Any:
        """Return the next message; raises EOFError or OSError where the parent is gone."""
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
