"""The graphs of a published pair's towers: their inputs and outputs, and batches through them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.encoders.hub_pair.tokenizer import TokenizedText
from search.encoders.onnx_pair.sessions import CUDA, PICTURES, REFUSALS, TEXTS, open_session
from search.encoders.preparation import Preparation
from search.errors import EncoderUnavailable
from search.records import Pixels, Vectors

OUTPUTS = {
    "pictures": ("embedding", "l2norm_image_embeddings", "image_embeds", "image_embeddings"),
    "texts": ("embedding", "l2norm_text_embeddings", "text_embeds", "text_embeddings"),
}
"""Names of the embeddings of a tower, in Immich's exports and transformers.js's, the best first."""

POOLED = "pooler_output"
"""The embedding of pairs without a projection, such as SigLIP; in others it lacks that."""

ON_GPU = 32
"""Pictures or texts in one run on a GPU, which small batches leave idle."""

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


@dataclass(slots=True)
class Graph:
    """A tower's graph, opened at its first use. Safe to call from many threads.

    A search needs the texts alone, and the pictures' graph may take gigabytes.
    """

    file: Callable[[], Path]
    """Returns the graph's file; it is made at the first use where it is a part of another."""

    outputs: tuple[str, ...]
    threads: int
    device: str
    spec: str
    _session: Any = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def session(self) -> Any:
        """Return the session.

        Raises:
            EncoderUnavailable: onnxruntime can't run the graph.
        """
        with self._lock:
            if self._session is None:
                try:
                    self._session = open_session(self.file(), self.threads, self.device)
                except RuntimeError as error:
                    raise self.unusable(str(error)) from error
            return self._session

    def output(self) -> str:
        """Return the name of the output with the embeddings.

        Raises:
            EncoderUnavailable: the graph has none.
        """
        names = [each.name for each in self.session().get_outputs()]
        matches = [each for each in self.outputs if each in names]
        if not matches:
            raise self.unusable(
                f"it gives {', '.join(names)}, and none of {', '.join(self.outputs)}"
            )
        return matches[0]

    def width(self) -> int | None:
        """Return the number of dimensions, where the graph says it."""
        [output] = [each for each in self.session().get_outputs() if each.name == self.output()]
        last = output.shape[-1] if output.shape else None
        return last if isinstance(last, int) else None

    def run(self, inputs: dict[str, NDArray[Any]], rows: int) -> Vectors:
        """Return the first `rows` embeddings of a batch, as they come out of the graph.

        Raises:
            EncoderUnavailable: onnxruntime can't run the graph, or its output is no matrix.
        """
        try:
            [result] = self.session().run([self.output()], inputs)
        except REFUSALS as error:
            raise self.unusable(str(error).partition("\n")[0]) from error
        if result.ndim != 2:
            raise self.unusable(f"its {self.output()} has {result.ndim} axes")
        return np.asarray(result[:rows], dtype=np.float32)

    def batch(self, usual: int) -> int:
        """Return the number of rows of a run: the graph's, if it has a fixed one."""
        first = self.session().get_inputs()[0].shape[0]
        if isinstance(first, int) and first > 0:
            return first
        return ON_GPU if CUDA in self.session().get_providers() else usual

    def unusable(self, reason: str) -> EncoderUnavailable:
        """Return the error for a graph that can't be used."""
        return EncoderUnavailable(
            "hub-graph-unusable",
            "the graphs of {encoder} can't be used: {reason}; name another pair or variant, "
            "limn encoders lists some",
            encoder=self.spec,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class PictureGraph:
    """The picture tower: prepared pixels to rows as they come out of the graph."""

    graph: Graph
    preparation: Preparation

    def encode(self, pixels: Pixels) -> list[Vectors]:
        """Return the rows of (n, height, width, 3) uint8, n over 0, in parts."""
        [picture_input] = [
            each for each in self.graph.session().get_inputs() if len(each.shape) == 4
        ]
        size, parts = self.graph.batch(PICTURES), []
        for start in range(0, len(pixels), size):
            batch = self._input(pixels[start : start + size], picture_input.type)
            parts.append(
                self.graph.run(
                    {picture_input.name: _pad_batch(batch, size, picture_input)}, len(batch)
                )
            )
        return parts

    def _input(self, pixels: Pixels, dtype: str) -> NDArray[Any]:
        """Return the input of the graph; one of uint8 normalises by itself."""
        if dtype == "tensor(uint8)":
            return np.ascontiguousarray(pixels)
        mean = np.asarray(self.preparation.mean, np.float32)
        std = np.asarray(self.preparation.std, np.float32)
        scaled_pixels = (pixels.astype(np.float32) / np.float32(255) - mean) / std
        return np.ascontiguousarray(scaled_pixels.transpose(0, 3, 1, 2), dtype=DTYPES[dtype])


@dataclass(frozen=True, slots=True)
class TextGraph:
    """The text tower: tokens to rows as they come out of the graph."""

    graph: Graph
    context: int
    pad_id: int
    left: bool

    def encode(self, texts: Sequence[TokenizedText]) -> Vectors:
        """Return the rows of n texts, n over 0; texts of like length run together."""
        size = self.graph.batch(TEXTS)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place].ids))
        parts = []
        for start in range(0, len(order), size):
            batch_texts = [texts[place] for place in order[start : start + size]]
            parts.append(self.graph.run(self._inputs(batch_texts, size), len(batch_texts)))
        rows = np.concatenate(parts)
        return np.asarray(rows[np.argsort(order)])

    def _inputs(self, texts: list[TokenizedText], size: int) -> dict[str, NDArray[Any]]:
        inputs_by_name = {each.name: each for each in self.graph.session().get_inputs()}
        ids_name = next((each for each in ("input_ids", "text") if each in inputs_by_name), "")
        if not ids_name:
            raise self.graph.unusable(f"its text tower takes {', '.join(inputs_by_name)}")
        length = self._length(
            texts, inputs_by_name[ids_name].shape, has_mask="attention_mask" in inputs_by_name
        )
        ids = np.full((len(texts), length), self.pad_id)
        mask = np.zeros((len(texts), length))
        for row, text in enumerate(texts):
            place = slice(length - len(text.ids), None) if self.left else slice(len(text.ids))
            ids[row, place], mask[row, place] = text.ids, text.mask
        arrays = {ids_name: ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        arrays["position_ids"] = np.broadcast_to(np.arange(length), ids.shape)
        if unknown := inputs_by_name.keys() - arrays.keys():
            raise self.graph.unusable(f"its text tower takes {', '.join(sorted(unknown))}")
        return {
            name: _pad_batch(arrays[name].astype(DTYPES[each.type]), size, each)
            for name, each in inputs_by_name.items()
        }

    def _length(self, texts: list[TokenizedText], shape: Sequence[Any], *, has_mask: bool) -> int:
        """Return the number of tokens of a run.

        It is the graph's own. Without one it is that of the longest text, where a mask hides the
        padding, else all that the tower reads.
        """
        if isinstance(shape[1], int):
            return max(shape[1], max(len(text.ids) for text in texts))
        return max(len(text.ids) for text in texts) if has_mask else self.context


def unit_rows(rows: Vectors) -> Vectors:
    """Return rows scaled to unit length."""
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return np.ascontiguousarray(rows / lengths, dtype=np.float32)


def _pad_batch(batch: NDArray[Any], size: int, graph_input: Any) -> NDArray[Any]:
    """Return a batch with its last row repeated, where the graph has a fixed number of rows."""
    if not isinstance(graph_input.shape[0], int) or len(batch) == size:
        return batch
    return np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
