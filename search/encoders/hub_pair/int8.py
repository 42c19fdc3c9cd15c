"""An int8 copy of a published pair's graph, made on this machine and compared with float32."""

import hashlib
import sys
from pathlib import Path

import numpy as np

from search.encoders.hub_pair.graphs import (
    OUTPUTS,
    POOLED,
    Graph,
    PictureGraph,
    TextGraph,
    unit_rows,
)
from search.encoders.hub_pair.hub import Hub
from search.encoders.hub_pair.pair import INT8_RECIPE, HubPair
from search.encoders.hub_pair.split import GRAPH, save_graph
from search.encoders.hub_pair.tokenizer import open_tokenizer
from search.encoders.probes import PROBE_TEXTS, probes
from search.errors import EncoderUnavailable
from search.files.atomic_file import atomic_folder, remove_abandoned
from search.records import Pixels, Vectors

LOWEST_COSINE = 0.99
"""The lowest cosine of a vector with that of float32, as `limn export` has it."""


def quantized_graph(
    pair: HubPair,
    file: Path,
    tower: str,
    digest: str,
    hub: Hub,
    pixels: Pixels | None = None,
) -> Path:
    """Return the int8 copy of a tower's graph: from the cache, or made and compared now.

    `pixels` (n, height, width, 3) are compared as well as the probes.

    Raises:
        EncoderUnavailable: a vector of the copy is too far from that of float32.
        OSError: the copy can't be written.
    """
    key = hashlib.sha256(f"{INT8_RECIPE}\n{tower}\n{digest}".encode()).hexdigest()[:32]
    folder = hub.derived_folder / "int8" / key
    if (folder / GRAPH).is_file():
        return folder / GRAPH
    import onnx

    from search.encoders.rewriting.fold_padding import fold_padding
    from search.encoders.rewriting.quantize_matmul import as_integer_products
    from search.encoders.rewriting.quantize_weights import as_float16, as_int8

    print(f"making an int8 copy of the {tower} of {pair.spec}", file=sys.stderr, flush=True)
    model = onnx.load(str(file))
    fold_padding(model)
    as_integer_products(model)
    as_int8(model, tables_only=True)
    as_float16(model)
    if folder.parent.is_dir():
        remove_abandoned(folder)
    with atomic_folder(folder) as draft:
        save_graph(model, draft / GRAPH)
        cosine = lowest_cosine(pair, tower, (file, draft / GRAPH), pixels)
        if not cosine >= LOWEST_COSINE:
            raise EncoderUnavailable(
                "hub-int8-differs",
                "the int8 copy of the {tower} of {source} is at cosine {cosine:.4f} of float32, "
                "and must reach {lowest}; nothing of it stays: use {source} without #int8",
                tower=tower,
                source=f"hub:{pair.spec.source}",
                cosine=cosine,
                lowest=LOWEST_COSINE,
            )
    return folder / GRAPH


def lowest_cosine(
    pair: HubPair,
    tower: str,
    files: tuple[Path, Path],
    pixels: Pixels | None = None,
) -> float:
    """Return the lowest cosine of the vectors of two forms of a tower, over probes and more."""
    ours, theirs = (_vectors(pair, tower, file, pixels) for file in files)
    return float((ours * theirs).sum(1).min())


def _vectors(pair: HubPair, tower: str, file: Path, pixels: Pixels | None) -> Vectors:
    description = pair.description
    graph = Graph(lambda: file, (*OUTPUTS[tower], POOLED), 0, "cpu", str(pair.spec))
    if tower == "pictures":
        probe_pixels = probes(description.preparation)
        probe_pixels = probe_pixels if pixels is None else np.concatenate([probe_pixels, pixels])
        rows = np.concatenate(PictureGraph(graph, description.preparation).encode(probe_pixels))
    else:
        tokenizer, rules = open_tokenizer(pair.folder, description.text), description.text
        text_graph = TextGraph(graph, rules.context, tokenizer.pad_id, rules.left)
        rows = text_graph.encode(tokenizer.tokens(PROBE_TEXTS))
    return unit_rows(rows)
