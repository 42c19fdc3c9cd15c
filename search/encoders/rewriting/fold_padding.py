"""Padding nodes folded into the convolutions that follow them."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator


def fold_padding(model: onnx.ModelProto) -> int:
    """Fold separate padding nodes of zeros into their convolutions, in place; return the count.

    torch pads unevenly only in a separate node, and onnxruntime leaves its fast layout of channels
    for that node and comes back: a quarter of MobileNetV2's time (measured).
    """
    graph = model.graph
    count = 0
    for pad in [node for node in graph.node if node.op_type == "Pad"]:
        readers = [node for node in graph.node if pad.output[0] in node.input]
        if len(readers) != 1 or readers[0].op_type != "Conv" or not _is_zero(model, pad):
            continue
        pads = _value(model, pad.input[1])
        [attribute] = [each for each in readers[0].attribute if each.name == "pads"]
        if pads.shape != (8,) or pads[[0, 1, 4, 5]].any() or (pads < 0).any():
            continue
        inner = helper.get_attribute_value(attribute)
        attribute.CopyFrom(helper.make_attribute("pads", (pads[[2, 3, 6, 7]] + inner).tolist()))
        readers[0].input[0] = pad.input[0]
        graph.node.remove(pad)
        count += 1
    if count:
        _sweep(graph)
    return count


def _is_zero(model: onnx.ModelProto, pad: onnx.NodeProto) -> bool:
    """Return whether the padding is of zeros, like a convolution's own padding."""
    modes = [helper.get_attribute_value(each) for each in pad.attribute if each.name == "mode"]
    if modes not in ([], [b"constant"]):
        return False
    fill = pad.input[2] if len(pad.input) > 2 else ""
    value = _value(model, fill) if fill else np.zeros(1)
    return bool(value.size) and not value.any()


def _value(model: onnx.ModelProto, name: str) -> NDArray[Any]:
    """Return the value of the constants behind a name; an empty array for any other name."""
    makers = {output: node for node in model.graph.node for output in node.output}
    initializers = {tensor.name: tensor for tensor in model.graph.initializer}
    queue, names = [name], set()
    while queue:
        at = queue.pop()
        if at in names or not at:
            continue
        if at not in makers and at not in initializers:
            return np.empty(0)
        names.add(at)
        queue += makers[at].input if at in makers else []
    graph = helper.make_graph(
        [node for node in model.graph.node if names.intersection(node.output)],
        "constants",
        [],
        [onnx.ValueInfoProto(name=name)],
        [initializers[each] for each in names if each in initializers],
    )
    alone = helper.make_model(graph, opset_imports=model.opset_import)
    return np.asarray(ReferenceEvaluator(alone).run(None, {})[0])


def _sweep(graph: onnx.GraphProto) -> None:
    """Remove the nodes whose outputs nothing reads any more."""
    while True:
        inputs = {name for node in graph.node for name in node.input}
        inputs |= {output.name for output in graph.output}
        idle = [node for node in graph.node if not inputs.intersection(node.output)]
        if not idle:
            return
        for node in idle:
            graph.node.remove(node)
