"""The encoders of an engine, each opened once."""

import threading
from collections.abc import Callable
from time import monotonic

from search.encoders import Encoder
from search.errors import (
    BadSetting,
    EncoderUnavailable,
    LimnError,
    SpaceMismatch,
    StorageFailed,
)
from search.records import Collection

ENCODER_ERRORS = (BadSetting, EncoderUnavailable, SpaceMismatch, StorageFailed)
"""Errors of an encoder that can't be opened, its download included, or that has changed."""

# An encoder may wait seconds for a hub before it fails: searches that others answer don't wait
# for it again so soon.
RETRY_S = 60.0


class EncoderPool:
    """Encoders by their specification. Safe to call from many threads."""

    def __init__(self, open_encoder: Callable[[str], Encoder]) -> None:
        self._open_encoder = open_encoder
        self._encoders: dict[str, Encoder] = {}
        self._failures: dict[str, tuple[float, LimnError]] = {}
        self._lock = threading.Lock()

    def encoder(self, spec: str) -> Encoder:
        """Return the encoder of a specification, and open it at the first call."""
        with self._lock:
            if spec not in self._encoders:
                try:
                    self._encoders[spec] = self._open_encoder(spec)
                except LimnError as error:
                    self._failures[spec] = (monotonic(), error)
                    raise
            return self._encoders[spec]

    def encoder_of(self, collection: Collection, retry: bool = True) -> Encoder:
        """Return the encoder that embedded a collection.

        Without `retry`, one that failed within the last minute fails the same way at once.

        Raises:
            SpaceMismatch: the encoder of that name makes another space now.
        """
        space = collection.space
        if not retry and space.encoder not in self._encoders:
            failed_s, failure = self._failures.get(space.encoder, (0.0, None))
            if failure is not None and monotonic() < failed_s + RETRY_S:
                raise failure.with_traceback(None)
        encoder = self.encoder(space.encoder)
        if encoder.space.id != space.id:
            raise SpaceMismatch(
                "encoder-changed",
                "collection {name!r} was embedded in the space {space!r}, but "
                "the encoder {encoder!r} now makes {encoder_space!r}; bring the former weights "
                "back, or embed it by the new ones: limn upgrade {name!q} --encoder {encoder!q}",
                name=collection.name,
                space=space.id,
                encoder=space.encoder,
                encoder_space=encoder.space.id,
            )
        return encoder
