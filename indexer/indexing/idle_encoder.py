"""An encoder that works only while nothing else on the machine wants a processor."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self

from search.encoders import Encoder
from search.encoders.preparation import Preparation
from search.records import Pixels, Space, Vectors


class IdleEncoder:
    """A pair that is opened and run in one thread of the lowest priority, with its own threads.

    A server's search interrupts such a thread at once, where one that is merely nice ends its time
    slice first. The caller's thread, which writes to the database, keeps its priority: it must not
    wait while it holds a lock.
    """

    def __init__(self, open_encoder: Callable[[], Encoder]) -> None:
        self._thread = ThreadPoolExecutor(1, "limn-idle", initializer=_become_idle)
        try:
            self._encoder = self._thread.submit(open_encoder).result()
        except BaseException:
            self._thread.shutdown(wait=False)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=False)

    @property
    def space(self) -> Space:
        """Return the space of the pair."""
        return self._encoder.space

    @property
    def preparation(self) -> Preparation:
        """Return the preparation of pictures for the pair."""
        return self._encoder.preparation

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed pictures as `Encoder.encode_pixels` does."""
        return self._thread.submit(self._encoder.encode_pixels, pixels).result()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts as `Encoder.encode_texts` does."""
        return self._thread.submit(self._encoder.encode_texts, texts).result()

    def characters_read(self, text: str) -> int:
        """Return what `Encoder.characters_read` does."""
        return self._encoder.characters_read(text)


def _become_idle() -> None:
    """Lower this thread's priority, and that of the threads that it starts, as far as it goes."""
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
