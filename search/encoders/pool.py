"""The encoders of an engine, each opened once."""

import threading
from collections.abc import Callable

from search.encoders import Encoder
from search.errors import SpaceMismatch
from search.records import Collection


class EncoderPool:
    """Encoders by their specification. Safe to call from many threads."""

    def __init__(self, open_encoder: Callable[[str], Encoder]) -> None:
        self._open_encoder = open_encoder
        self._encoders: dict[str, Encoder] = {}
        self._lock = threading.Lock()

    def encoder(self, spec: str) -> Encoder:
        """Return the encoder of a specification, and open it at the first call."""
        with self._lock:
            if spec not in self._encoders:
                self._encoders[spec] = self._open_encoder(spec)
            return self._encoders[spec]

    def encoder_of(self, collection: Collection) -> Encoder:
        """Return the encoder that embedded a collection.

        Raises:
            SpaceMismatch: the encoder of that name makes another space now.
        """
        space = collection.space
        encoder = self.encoder(space.encoder)
        if encoder.space.id != space.id:
            raise SpaceMismatch(
                "encoder-changed",
                "collection {name!r} was embedded in the space {space!r}, but "
                "the encoder {encoder!r} now makes {encoder_space!r}; bring the former weights "
                "back, or embed it by the new ones: limn upgrade {name} --encoder {encoder}",
                name=collection.name,
                space=space.id,
                encoder=space.encoder,
                encoder_space=encoder.space.id,
            )
        return encoder
