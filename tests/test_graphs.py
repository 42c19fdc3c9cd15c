"""Changes of ONNX graphs before writing: padding folded, products in integers."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.exporting.onnx_trace import trace
from indexer.training.builtin.backbone import Convolution
from search.encoders.rewriting.fold_padding import fold_padding
from search.encoders.rewriting.quantize_matmul import as_integer_products

pytestmark = pytest.mark.slow


class Padded(nn.Module):
    """A convolution after a separate padding."""

    def __init__(self, **padding: Any) -> None:
        super().__init__()
        self.padding = padding
        self.convolution = nn.Conv2d(3, 8, 3, 2)

    def forward(self, pixels: Tensor) -> Tensor:
        padded: Tensor = self.convolution(functional.pad(pixels, (0, 1, 0, 1), **self.padding))
        return padded


def run(model: onnx.ModelProto, given: NDArray[Any]) -> NDArray[Any]:
    """Return onnxruntime's output for an input."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found: NDArray[Any] = session.run(None, {"x": given})[0]
    return found


@pytest.mark.parametrize(
    ("module", "folded"),
    [
        (Convolution(3, 8, 3, 2), 1),
        (Convolution(3, 3, 5, 2, 3), 1),
        (Padded(), 1),
        (Padded(value=2.0), 0),
        (Padded(mode="reflect"), 0),
    ],
)
def test_only_zeros_before_a_convolution_are_folded_into_it(module: nn.Module, folded: int) -> None:
    pixels = torch.randn(2, 3, 16, 16)
    graph = trace(module.eval(), pixels, "x", {0: "n"})
    before = run(graph, pixels.numpy())
    assert fold_padding(graph) == folded
    assert sum(node.op_type == "Pad" for node in graph.graph.node) == 1 - folded
    np.testing.assert_array_equal(run(graph, pixels.numpy()), before)


def test_padding_that_two_read_stays() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)

        def forward(self, pixels: Tensor) -> Tensor:
            padded = functional.pad(pixels, (0, 1, 0, 1))
            both: Tensor = self.first(padded) + self.second(padded)
            return both

    assert fold_padding(trace(Twice(), torch.randn(1, 3, 8, 8), "x", {0: "n"})) == 0


def test_integer_products_are_near_and_each_row_stands_alone() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 96, bias=False))
    rows = torch.randn(9, 64)
    rows[3] *= 1000  # with a shared scale, all other rows would lose precision
    rows[5] = 0
    wanted = module(rows).detach().numpy()
    graph = trace(module, rows, "x", {0: "n"})
    assert as_integer_products(graph) == 2
    found = run(graph, rows.numpy())
    error = np.linalg.norm(found - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    assert error.max() < 0.02
    alone = np.concatenate([run(graph, rows[i : i + 1].numpy()) for i in range(9)])
    np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)


def test_small_matrices_and_products_of_two_inputs_stay() -> None:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.matrix = nn.Parameter(torch.randn(8, 8))

        def forward(self, given: Tensor) -> Tensor:
            return (given @ self.matrix) @ given.T

    graph = trace(Small(), torch.randn(4, 8), "x", {0: "n"})
    before = graph.SerializeToString()
    assert as_integer_products(graph) == 0
    assert graph.SerializeToString() == before
