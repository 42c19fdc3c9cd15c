"""Tracing of a torch module to an ONNX graph, in memory."""

import io
import warnings
from collections.abc import Sequence

import onnx
import torch
from torch import Tensor, nn


def trace(
    module: nn.Module,
    example: Tensor,
    name: str,
    dynamic: dict[int, str],
    outputs: Sequence[str] = ("vectors",),
) -> onnx.ModelProto:
    """Trace `module` on an `example` of its one input; `dynamic` names the axes that may vary.

    The first axis of each of the `outputs` varies.
    """
    content = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter needs one more package; these graphs have no control flow to lose.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            content,  # type: ignore[arg-type]  # only the newer exporter wants a path
            input_names=[name],
            output_names=list(outputs),
            dynamic_axes={name: dynamic, **{output: {0: "n"} for output in outputs}},
            opset_version=17,
            dynamo=False,
        )
    return onnx.load_from_string(content.getvalue())
