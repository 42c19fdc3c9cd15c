"""One graph of both towers, split into a graph for each, so that a text needs no picture."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.files.atomic_file import atomic_folder, remove_abandoned

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

VERSION = "1"
"""Another way of splitting gets another number, and so another place in the cache."""

LARGEST_FILE = 1_500_000_000
"""Bytes of weights in a graph's own file, which protobuf ends at 2 GiB."""

GRAPH = "model.onnx"


def split_graph(file: Path, outputs: Sequence[str], digest: str, derived_folder: Path) -> Path:
    """Return the graph of the first of `outputs` that `file` has, from the cache or made now.

    `digest` is the graph's, with its weights.

    Raises:
        RuntimeError: the graph has no such output, or it depends on both texts and pictures.
        OSError: the copy can't be written.
    """
    key = hashlib.sha256("\n".join((VERSION, digest, *outputs)).encode()).hexdigest()[:32]
    folder = derived_folder / "split" / key
    if not (folder / GRAPH).is_file():
        import onnx

        whole = onnx.load(str(file))
        part = tower_of(whole, outputs)
        if folder.parent.is_dir():
            remove_abandoned(folder)
        with atomic_folder(folder) as draft:
            save_graph(part, draft / GRAPH)
    return folder / GRAPH


def save_graph(model: "ModelProto", file: Path) -> None:
    """Write a graph, its weights in a file of their own where one file would be too large."""
    import onnx

    size_bytes = sum(tensor.ByteSize() for tensor in model.graph.initializer)
    large = size_bytes > LARGEST_FILE
    if large:
        onnx.save(model, str(file), save_as_external_data=True, location=f"{file.name}_data")
    else:
        onnx.save(model, str(file))


def tower_of(model: "ModelProto", outputs: Sequence[str]) -> "ModelProto":
    """Return the part of a graph that the first known output needs; the graph is changed.

    Raises:
        RuntimeError: the graph has no such output, or it needs both texts and pictures.
    """
    graph = model.graph
    output_names = {each.name for each in graph.output}
    output = next((each for each in outputs if each in output_names), None)
    if output is None:
        raise RuntimeError(
            f"it gives {', '.join(sorted(output_names))}, and none of {', '.join(outputs)}"
        )
    ancestors, names = _ancestors(graph, output)
    weights = {tensor.name for tensor in graph.initializer}
    graph_inputs = [each for each in graph.input if each.name in names and each.name not in weights]
    if {"pixel_values"} < {each.name for each in graph_inputs}:
        raise RuntimeError(f"its {output} needs texts and pictures together")
    nodes = [node for position, node in enumerate(graph.node) if position in ancestors]
    tensors = [tensor for tensor in graph.initializer if tensor.name in names]
    for field, values in (
        ("node", nodes),
        ("initializer", tensors),
        ("input", graph_inputs),
        ("output", [each for each in graph.output if each.name == output]),
    ):
        _refill(getattr(graph, field), values)
    del graph.value_info[:]
    return model


def _ancestors(graph: "GraphProto", output: str) -> tuple[set[int], set[str]]:
    """Return the places of the nodes that an output needs, and the names that they read."""
    makers = {name: place for place, node in enumerate(graph.node) for name in node.output}
    places: set[int] = set()
    names: set[str] = set()
    queue = [output]
    while queue:
        name = queue.pop()
        if name in names:
            continue
        names.add(name)
        place = makers.get(name)
        if place is not None and place not in places:
            places.add(place)
            queue += _reads(graph.node[place])
    return places, names


def _reads(node: "NodeProto") -> Iterator[str]:
    """Yield the names that a node reads, also in the branches and loops inside of it."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for each in inner.node:
                yield from _reads(each)
            yield from (each.name for each in inner.output)


def _refill(field: Any, values: Sequence[Any]) -> None:
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)
