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
        self._send_buffer: deque[memoryview] = deque()
        self._receive_buffer = bytearray()

    def fileno(self) -> int:
        """Return the socket's descriptor, for `select`."""
        return self._end.fileno()

    @property
    def has_unsent(self) -> bool:
        """Return whether buffered messages wait for room."""
        return bool(self._send_buffer)

    def send(self, message: object) -> None:
        """Send a message, its rest by `send_more`; raise OSError where the child is gone."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._send_buffer.append(memoryview(HEADER.pack(len(data)) + data))
        self.send_more()

    def send_more(self) -> None:
        """Send buffered messages while there is room; raise OSError where the child is gone."""
        while self._send_buffer:
            part = self._send_buffer[0]
            try:
                sent_bytes = self._end.send(part)
            except BlockingIOError:
                return
            if sent_bytes == len(part):
                self._send_buffer.popleft()
            else:
                self._send_buffer[0] = part[sent_bytes:]

    def receive(self) -> Iterator[Any]:
        """Yield the complete messages; raise EOFError or OSError at the end."""
        end_error: Exception | None = None
        while end_error is None:
            try:
                data = self._end.recv(CHUNK_BYTES)
                self._receive_buffer += data
                end_error = None if data else EOFError()
            except BlockingIOError:
                break
            except OSError as error:
                end_error = error
        yield from self._whole()
        if end_error is not None:
            raise end_error

    def _whole(self) -> list[Any]:
        """Remove and return the complete messages."""
        messages, start = [], 0
        while len(self._receive_buffer) - start >= HEADER.size:
            (length,) = HEADER.unpack_from(self._receive_buffer, start)
            end = start + HEADER.size + length
            if len(self._receive_buffer) < end:
                break
            messages.append(
                pickle.loads(memoryview(self._receive_buffer)[start + HEADER.size : end])
            )
            start = end
        del self._receive_buffer[:start]
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
