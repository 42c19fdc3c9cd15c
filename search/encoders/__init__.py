"""Encoder pairs: the protocol that the backends share, and the function that opens one by name."""

from collections.abc import Sequence
from typing import Protocol

from search.encoders.checks import unknown
from search.encoders.preparation import Preparation
from search.records import Pixels, Space, Vectors


class Encoder(Protocol):
    """A picture tower and a text tower that meet in one space. Safe to call from many threads."""

    @property
    def space(self) -> Space:
        """The identity of this pair."""

    @property
    def preparation(self) -> Preparation:
        """How a picture becomes the picture tower's input; may be sent to worker processes."""

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0. What is past the tower's limit is cut."""

    def characters_read(self, text: str) -> int:
        """How many characters of a text, from its first, come before the tower's limit."""


def open_encoder(spec: str, device: str = "auto") -> Encoder:
    """Open the pair that `spec` names on `device` ("auto", "cpu" or "cuda").

    Each backend is imported here, when it is wanted: torch costs seconds.

    Raises:
        BadSetting: `spec` is not one of `search.encoders.checking.SPECIFICATIONS`.
        EncoderUnavailable: the pair can't be loaded; the message names the choices left.
    """
    if spec == "builtin" or spec.startswith("builtin@"):
        from search.encoders.onnx_pair.builtin import open_builtin, pair_folder

        return open_builtin(pair_folder(spec))
    if spec == "tiny":
        from search.encoders.tiny import TinyEncoder

        return TinyEncoder()
    if spec.startswith("open_clip:"):
        from search.encoders.openclip.encoder import open_openclip

        return open_openclip(spec, device)
    if spec.startswith("onnx:"):
        from search.encoders.onnx_pair.exported import open_onnx

        return open_onnx(spec)
    raise unknown(spec)
