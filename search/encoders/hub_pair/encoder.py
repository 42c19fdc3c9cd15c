"""The encoder of a published pair."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from search.encoders.hub_pair.disk import writing_to
from search.encoders.hub_pair.graphs import (
    OUTPUTS,
    POOLED,
    Graph,
    PictureGraph,
    TextGraph,
    unit_rows,
)
from search.encoders.hub_pair.hub import Hub
from search.encoders.hub_pair.int8 import quantized_graph
from search.encoders.hub_pair.pair import HubPair, download_pair, find_pair, translate_errors
from search.encoders.hub_pair.progress import Report, progress_to
from search.encoders.hub_pair.specification import parse, require_repository
from search.encoders.hub_pair.split import split_graph
from search.encoders.hub_pair.tokenizer import HubTokenizer, open_tokenizer
from search.encoders.onnx_pair.sessions import check_device
from search.encoders.preparation import Preparation
from search.encoders.text_limits import longest
from search.records import Pixels, Space, Vectors


@dataclass(frozen=True, slots=True)
class HubEncoder:
    """A published pair, run by onnxruntime. Safe to call from many threads."""

    space: Space
    preparation: Preparation
    pictures: PictureGraph
    texts: TextGraph
    tokenizer: HubTokenizer = field(repr=False)

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""
        if not len(pixels):
            return np.empty((0, self.space.width), np.float32)
        return self._unit(np.concatenate(self.pictures.encode(pixels)), self.pictures.graph)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0. Text past the tower's limit is cut."""
        if not texts:
            return np.empty((0, self.space.width), np.float32)
        return self._unit(self.texts.encode(self.tokenizer.tokens(texts)), self.texts.graph)

    def characters_read(self, text: str) -> int:
        """Return the number of a text's first characters that fit in the tower's limit."""
        return longest(text, self.tokenizer.fit)

    def _unit(self, rows: Vectors, graph: Graph) -> Vectors:
        """Return rows of unit length, cut to the width."""
        if rows.shape[1] < self.space.width:
            raise graph.unusable(
                f"a tower gives {rows.shape[1]} dimensions, the configuration {self.space.width}"
            )
        return unit_rows(rows[:, : self.space.width])


def open_hub(
    spec: str, device: str = "auto", hub: Hub | None = None, threads: int = 0
) -> HubEncoder:
    """Open a pair by its specification, downloaded if it is not on this machine.

    Raises:
        BadSetting: the specification names no pair, variant, width or device.
        EncoderUnavailable: the pair can't be downloaded, read or run.
        StorageFailed: the disk is full, or the cache can't be written.
    """
    check_device(device)
    hub = hub or Hub.from_environment()
    return open_pair(find_pair(parse(spec), hub), hub, device, threads)


def open_pair(pair: HubPair, hub: Hub, device: str = "cpu", threads: int = 0) -> HubEncoder:
    """Open a pair that is on this machine; arguments and errors are those of `open_hub`."""
    description = pair.description
    pooler_output = (POOLED,) if description.has_pooler_output else ()
    graphs = [
        Graph(
            partial(tower_file, pair, hub, tower),
            (*outputs, *pooler_output),
            threads,
            # Products in integers exist on the CPU alone.
            "cpu" if pair.spec.variant == "int8" else device,
            str(pair.spec),
        )
        for tower, outputs in OUTPUTS.items()
    ]
    with translate_errors(pair.spec, pair.folder):
        tokenizer = open_tokenizer(pair.folder, description.text)
    rules = description.text
    width = pair.width or graphs[1].width() or 0
    if not width:
        raise graphs[1].unusable("neither its configuration nor its graphs say how wide it is")
    return HubEncoder(
        space=pair.space(width, hub),
        preparation=description.preparation,
        pictures=PictureGraph(graphs[0], description.preparation),
        texts=TextGraph(graphs[1], rules.context, tokenizer.pad_id, rules.left),
        tokenizer=tokenizer,
    )


def tower_file(pair: HubPair, hub: Hub, tower: str, pixels: Pixels | None = None) -> Path:
    """Return the graph of one tower: the published one, or a copy made from it.

    A graph of both towers is split, and int8 is made where the repository has none.
    """
    name = pair.selection.pictures if tower == "pictures" else pair.selection.texts
    file, digest = pair.folder / name, pair.graph_digest(name, hub)
    with writing_to(hub.derived_folder):
        if pair.selection.pictures == pair.selection.texts:
            outputs = (*OUTPUTS[tower], POOLED)
            file = split_graph(file, outputs, digest, hub.derived_folder)
        if pair.selection.quantize:
            file = quantized_graph(pair, file, tower, digest, hub, pixels)
    return file


def prepare(pair: HubPair, hub: Hub, pictures: Iterable[Image.Image] = ()) -> None:
    """Make the copies of graphs that a pair needs, so that its first use waits for nothing.

    An int8 copy is compared with float32 on upright RGB `pictures` too; else none is read.

    Raises:
        EncoderUnavailable: a graph can't be split, or its int8 copy is too far from float32.
    """
    preparation = pair.description.preparation
    quantizes = pair.selection.quantize
    pixels = [preparation.pixels(picture) for picture in pictures] if quantizes else []
    for tower in ("pictures", "texts"):
        tower_file(pair, hub, tower, np.stack(pixels) if pixels else None)


def get_pair(name: str, report: Report, hub: Hub | None = None) -> HubPair:
    """Download a pair of the hub, and make the copies of graphs that it needs.

    `report` is called with the received bytes and their total, again and again. What it raises ends
    the download; the next one continues from there.

    Raises:
        BadSetting: the name is no short name and no specification of a repository.
        EncoderUnavailable: the hub refuses, breaks off or sends another file, or the pair can't be
            used.
        StorageFailed: the disk is full, or the cache can't be written.
    """
    hub = hub or Hub.from_environment()
    pair = download_pair(require_repository(parse(name)), hub, progress=progress_to(report))
    prepare(pair, hub)
    return pair
