"""Messages to a child process and back: of any size, cut anywhere, without blocking the parent."""

import pickle
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.processes.channel import HEADER, ChildEnd, ParentEnd

# More than any socket's buffer.
LARGE = b"x" * (8 << 20)


def framed(message: object) -> bytes:
    data = pickle.dumps(message)
    return HEADER.pack(len(data)) + data


@given(st.lists(st.binary(max_size=300)), st.lists(st.integers(1, 50), max_size=40))
def test_messages_arrive_whole_however_they_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    ours, theirs = socket.socketpair()
    sent = b"".join(map(framed, messages))
    received: list[bytes] = []
    with closing(ParentEnd(ours)) as parent, theirs:
        for cut in cuts:
            theirs.sendall(sent[:cut])
            sent = sent[cut:]
            received += parent.receive()
        theirs.sendall(sent)
        received += parent.receive()
    assert received == messages


def test_half_a_message_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with closing(ParentEnd(ours)) as parent, theirs:
        whole = framed("an answer")
        for half in (whole[:3], whole[3:-1]):
            theirs.sendall(half)
            assert list(parent.receive()) == []
        theirs.sendall(whole[-1:])
        assert list(parent.receive()) == ["an answer"]


def test_a_child_that_never_reads_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with closing(ParentEnd(ours)) as parent, theirs:
        for _ in range(3):
            parent.send(LARGE)
        assert parent.has_unsent


def test_both_ends_may_send_much_at_once() -> None:
    ours, theirs = socket.socketpair()
    with closing(ParentEnd(ours)) as parent, theirs:
        parent.send(LARGE)
        theirs.setblocking(False)
        answer, back = memoryview(framed(LARGE)), bytearray()
        arrived: list[bytes] = []
        while not arrived or parent.has_unsent:
            with suppress(BlockingIOError):
                answer = answer[theirs.send(answer) :] if answer else answer
            with suppress(BlockingIOError):
                back += theirs.recv(1 << 20)
            parent.send_more()
            arrived += parent.receive()
        assert arrived == [LARGE]


@pytest.fixture
def ends() -> Iterator[tuple[ParentEnd, ChildEnd, socket.socket]]:
    ours, theirs = socket.socketpair()
    with closing(ParentEnd(ours)) as parent, theirs:
        yield parent, ChildEnd(theirs), theirs


def test_the_end_of_the_other_is_told_after_what_it_sent(
    ends: tuple[ParentEnd, ChildEnd, socket.socket],
) -> None:
    parent, child, theirs = ends
    parent.send("a task")
    assert child.receive() == "a task"
    child.send("an answer")
    theirs.shutdown(socket.SHUT_RDWR)
    received = parent.receive()
    assert next(received) == "an answer"
    with pytest.raises(EOFError):
        next(received)


def test_a_child_learns_that_its_parent_is_gone(
    ends: tuple[ParentEnd, ChildEnd, socket.socket],
) -> None:
    parent, child, _ = ends
    parent.close()
    with pytest.raises((EOFError, OSError)):
        child.receive()
