"""ONNX weights stored in fewer bits: float16 or int8, widened when a session opens."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 2048
"""Smaller tensors stay float32: biases and norms, which cost nothing."""


def _large(graph: onnx.GraphProto) -> list[onnx.TensorProto]:
    return [
        t
        for t in graph.initializer
        if t.data_type == TensorProto.FLOAT and len(t.dims) > 1 and np.prod(t.dims) >= SMALLEST
    ]


def as_float16(model: onnx.ModelProto) -> None:
    """Store convolutions and matrices as float16, in place."""
    for tensor in _large(model.graph):
        half = numpy_helper.to_array(tensor).astype(np.float16)
        node = helper.make_node(
            "Cast", [f"{tensor.name}.half"], [tensor.name], to=TensorProto.FLOAT
        )
        _replace(model.graph, tensor, [(f"{tensor.name}.half", half)], [node])


def as_int8(model: onnx.ModelProto, tables_only: bool = False) -> None:
    """Store matrices as int8, in place; a look-up table is widened after the look-up."""
    graph = model.graph
    for tensor in _large(graph):
        full = numpy_helper.to_array(tensor)
        readers = [node for node in graph.node if tensor.name in node.input]
        looked_up = len(readers) == 1 and _is_look_up(readers[0], tensor)
        if tables_only and not looked_up:
            continue
        # A row of a table is one token; a column of a matrix is one output.
        scale = np.maximum(np.abs(full).max(1 if looked_up else 0, keepdims=True), 1e-12) / 127
        whole = np.round(full / scale).astype(np.int8)
        names = (f"{tensor.name}.int8", f"{tensor.name}.scale")
        arrays: list[tuple[str, NDArray[Any]]] = [
            (names[0], whole),
            (names[1], scale.astype(np.float32)),
        ]
        if looked_up:
            gather = readers[0]
            rows, scales, wide = (f"{tensor.name}.{part}" for part in ("found", "scales", "wide"))
            nodes = [
                helper.make_node("Gather", [names[0], gather.input[1]], [rows], axis=0),
                helper.make_node("Gather", [names[1], gather.input[1]], [scales], axis=0),
                helper.make_node("Cast", [rows], [wide], to=TensorProto.FLOAT),
                helper.make_node("Mul", [wide, scales], [gather.output[0]]),
            ]
            place = list(graph.node).index(gather)
            graph.node.remove(gather)
            _replace(graph, tensor, arrays, nodes, place)
        else:
            wide = f"{tensor.name}.wide"
            nodes = [
                helper.make_node("Cast", [names[0]], [wide], to=TensorProto.FLOAT),
                helper.make_node("Mul", [wide, names[1]], [tensor.name]),
            ]
            _replace(graph, tensor, arrays, nodes)


def _is_look_up(node: onnx.NodeProto, tensor: onnx.TensorProto) -> bool:
    """Return whether a node takes rows of a table by their numbers."""
    if node.op_type != "Gather" or node.input[0] != tensor.name or len(tensor.dims) != 2:
        return False
    return all(helper.get_attribute_value(each) == 0 for each in node.attribute)


def _replace(
    graph: onnx.GraphProto,
    old: onnx.TensorProto,
    arrays: list[tuple[str, NDArray[Any]]],
    nodes: list[onnx.NodeProto],
    place: int = 0,
) -> None:
    graph.initializer.remove(old)
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays)
    for offset, node in enumerate(nodes):
        graph.node.insert(place + offset, node)
