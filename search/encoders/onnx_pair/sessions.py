"""ONNX graphs of a pair's towers, run by onnxruntime: sessions, and batches through them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as states

from search.errors import BadSetting
from search.packages.installing import install, uninstall
from search.records import Pixels, Vectors

PICTURES = 4
"""Pictures in one run, to fit the caches: the built-in pair did 230, 227, 211 and 186 a CPU
second at 1, 4, 8 and 16; ViT-B-32 in float32 18, 23, 24 and 22, in int8 46, 56, 55 and 53."""

TEXTS = 64

VECTORS, SHARES = "vectors", "shares"
"""Outputs of a picture graph: unit rows, and what each place adds to them."""

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"

REFUSALS = (
    *(states.Fail, states.InvalidArgument, states.InvalidGraph, states.InvalidProtobuf),
    *(states.NotImplemented, states.RuntimeException),
)
"""The errors of onnxruntime for a graph that it can't run; their only common base is Exception."""


@dataclass(frozen=True, slots=True)
class Towers:
    """The graphs of a pair's towers, from raw input (uint8 pixels, token ids) to unit rows.

    Safe to call from many threads: onnxruntime's calls share no state.
    """

    pictures: onnxruntime.InferenceSession
    texts: onnxruntime.InferenceSession
    width: int

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 -> (n, width)."""
        parts = [np.empty((0, self.width), np.float32)]
        parts += _in_batches(self.pictures, pixels, VECTORS)
        return np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)

    @property
    def tells_places(self) -> bool:
        """Return whether the picture graph tells what each place adds to a vector."""
        return SHARES in {output.name for output in self.pictures.get_outputs()}

    def shares_of_places(self, pixels: Pixels) -> Vectors:
        """Return what each place of pictures adds to their vectors, (n, width, h', w').

        `pixels` are (n, height, width, 3) uint8. The sum over the places is the picture's vector.
        Only for graphs where `tells_places`.
        """
        parts = _in_batches(self.pictures, pixels, SHARES)
        return np.concatenate(list(parts))

    def encode_ids(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """Embed n texts of token ids -> (n, width).

        Texts of like length run together, padded with zeros to the longest of their batch.
        """
        vectors = np.empty((len(ids), self.width), np.float32)
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        for start in range(0, len(order), TEXTS):
            places = order[start : start + TEXTS]
            batch = np.zeros((len(places), len(ids[places[-1]])), np.int64)
            for row, place in enumerate(places):
                batch[row, : len(ids[place])] = ids[place]
            vectors[places] = self.texts.run(None, {"ids": batch})[0]
        return vectors


def _in_batches(
    graph: onnxruntime.InferenceSession, pixels: Pixels, output: str
) -> Iterator[Vectors]:
    """Run pictures through a graph in batches, as far as the one output needs."""
    options = onnxruntime.RunOptions()
    options.only_execute_path_to_fetches = True
    for start in range(0, len(pixels), PICTURES):
        batch = np.ascontiguousarray(pixels[start : start + PICTURES])
        yield graph.run([output], {"pixels": batch}, options)[0]


def open_towers(folder: Path, width: int, threads: int = 0, device: str = "cpu") -> Towers:
    """Open image.onnx and text.onnx; `threads` bounds the CPU threads of a call, 0 sets no bound.

    Raises:
        RuntimeError: this onnxruntime can't run them.
    """
    names = ("image.onnx", "text.onnx")
    pictures, texts = (open_session(folder / name, threads, device) for name in names)
    return Towers(pictures, texts, width)


def check_device(device: str) -> None:
    """Refuse "cuda" where onnxruntime's build has none.

    Raises:
        BadSetting: the device is "cuda", and this build is for the CPU.
    """
    if device == "cuda" and CUDA not in providers(device):
        raise BadSetting(
            "cuda-missing-onnxruntime",
            "the device is 'cuda', but this build of onnxruntime is for the CPU; "
            "use auto or cpu, or install the other build: {install}",
            install=f"{uninstall('onnxruntime')} && {install('onnxruntime-gpu[cuda,cudnn]')}",
        )


def providers(device: str) -> list[str]:
    """Return onnxruntime's providers for "auto", "cpu" or "cuda", the preferred one first.

    Without the build for GPUs it is the CPU's alone, for every device.
    """
    if device == "cpu" or CUDA not in onnxruntime.get_available_providers():
        return [CPU]
    return [CUDA, CPU]


def open_session(
    graph: Path, threads: int = 0, device: str = "cpu"
) -> onnxruntime.InferenceSession:
    """Open a graph; `threads` bounds the CPU threads of a call, 0 sets no bound.

    Raises:
        RuntimeError: this onnxruntime can't run it.
    """
    names = providers(device)
    if CUDA in names and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()  # CUDA's libraries that pip installed are on no search path
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that spin while they wait took 3 times the CPU, and 12 ms a text where this takes 5,
    # on two cores that had other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=names)
    except REFUSALS as error:
        reason = str(error).partition("\n")[0]
        raise RuntimeError(
            f"onnxruntime {onnxruntime.__version__} can't run {graph.name} ({reason})"
        ) from error
