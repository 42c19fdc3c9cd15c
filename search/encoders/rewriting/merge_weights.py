"""Equal weights of a graph merged into one."""

import onnx


def merge_weights(model: onnx.ModelProto) -> int:
    """Keep one of each set of equal weights, in place; return how many went.

    torch writes a matrix once for each product that it takes part in.
    """
    graph = model.graph
    first: dict[bytes, str] = {}
    same: dict[str, str] = {}
    for tensor in list(graph.initializer):
        content = b"%d %s " % (tensor.data_type, repr(list(tensor.dims)).encode())
        content += tensor.raw_data
        if tensor.raw_data and content in first:
            same[tensor.name] = first[content]
            graph.initializer.remove(tensor)
        else:
            first[content] = tensor.name
    for node in graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
    return len(same)
