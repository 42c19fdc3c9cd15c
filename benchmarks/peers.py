"""Limn's pipeline against those of clip-retrieval and rclip: the same files, the same encoder.

clip-retrieval runs open_clip by torch, rclip its pair by onnxruntime; each is compared with Limn
running the same weights by the same library, and exported in int8, as a user of Limn would. Both
read JPEGs whole and know nothing of facts, colours or copies.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from torch import Tensor, nn

from indexer.exporting.attention import spell_out_attention
from indexer.exporting.export import export
from indexer.exporting.onnx_trace import trace
from search.encoders.openclip.weights import quiet

PIPELINES = Path(__file__).with_name("peer_pipelines.py")

SIDE_PX = 224


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program, the file that holds the encoder for it, and Limn's names for the same."""

    name: str
    encoder: Path
    ours: tuple[str, ...]


def peers(scratch: Path) -> tuple[Peer, Peer]:
    """Both, with ViT-B-32 in random weights: speed does not depend on their values."""
    checkpoint, graph = scratch / "vit.pt", scratch / "vit.onnx"
    float32, int8 = scratch / "float32", scratch / "int8"
    torch.manual_seed(1)
    with quiet():
        model = open_clip.create_model("ViT-B-32").eval()
        torch.save(model.state_dict(), checkpoint)
        spec = f"open_clip:ViT-B-32@{checkpoint}"
        export(spec, float32, "float32")
        export(spec, int8, "int8")
        spell_out_attention(model)
        example = torch.zeros(2, 3, SIDE_PX, SIDE_PX)
        traced_graph = trace(_Prepared(model).eval(), example, "input", {0: "n"})
    graph.write_bytes(traced_graph.SerializeToString())
    return (
        Peer("clip-retrieval", checkpoint, (spec, f"onnx:{float32}", f"onnx:{int8}")),
        Peer("rclip", graph, (f"onnx:{float32}", f"onnx:{int8}")),
    )


def peer_rate(python: Path, peer: Peer, folder: Path, decode: bool = False) -> float:
    """Pictures a second of its pipeline, or of its decoding and preparing alone."""
    command = [str(python), str(PIPELINES), peer.name, str(folder), str(peer.encoder)]
    told = subprocess.run(
        command + ["--decode"] * decode, check=True, capture_output=True, text=True
    )
    result = json.loads(told.stdout.strip().splitlines()[-1])
    assert result["files"] == len(list(folder.iterdir())), result
    return float(result["files"] / result["seconds"])


class _Prepared(nn.Module):
    """The picture tower, for pixels that are normalised already."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        vectors: Tensor = self.model.encode_image(pixels)  # type: ignore[operator]
        return vectors
