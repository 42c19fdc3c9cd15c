"""The text tower of the built-in pair: a small BERT with a mean over its tokens."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from indexer.training.builtin.picture_tower import TowerShape


class Layer(nn.Module):
    """A BERT layer with attention written out.

    The fused kernel's backward pass is 5 times slower on a CPU at sixteen tokens (measured, torch
    2.15).
    """

    def __init__(self, shape: TowerShape, dropout: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden_width, 3 * shape.hidden_width)
        self.out = nn.Linear(shape.hidden_width, shape.hidden_width)
        self.norm = nn.LayerNorm(shape.hidden_width, eps=1e-12)
        self.widen = nn.Linear(shape.hidden_width, 4 * shape.hidden_width)
        self.narrow = nn.Linear(4 * shape.hidden_width, shape.hidden_width)
        self.last_norm = nn.LayerNorm(shape.hidden_width, eps=1e-12)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Run the layer on (n, t, width); `bias` is added to the scores of the attention."""
        query, key, value = (
            self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        )
        scores = query @ key.transpose(2, 3) * (1.0 / math.sqrt(query.shape[-1])) + bias
        context = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        tokens = self.norm(tokens + self.drop(self.out(context)))
        inner = self.narrow(functional.gelu(self.widen(tokens)))
        output: Tensor = self.last_norm(tokens + self.drop(inner))
        return output


class TextTower(nn.Module):
    """The text tower: (n, t) token ids, 0 pads -> (n, width) unit rows, pooled hidden state.

    `dropout` is that of the pooled state; the layers drop half as much of theirs.
    """

    def __init__(self, shape: TowerShape, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocabulary, shape.hidden_width)
        self.positions = nn.Parameter(torch.zeros(shape.positions, shape.hidden_width))
        self.norm = nn.LayerNorm(shape.hidden_width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape, dropout / 2) for _ in range(shape.layers))
        self.project = nn.Linear(shape.hidden_width, shape.width)
        self.last_drop = nn.Dropout(dropout)

    def pool(self, ids: Tensor) -> Tensor:
        """Return the mean over the tokens that are not padding: (n, t) token ids -> (n, hidden)."""
        return self.contextual(self.words(ids), ids != 0)

    def contextual(self, tokens: Tensor, there: Tensor) -> Tensor:
        """Run the layers and pool: (n, t, hidden) word rows, (n, t) not padding -> (n, hidden)."""
        tokens = tokens + self.positions[: tokens.shape[1]]
        tokens = self.norm(tokens)
        bias = torch.where(there, 0.0, -1e4)[:, None, None, :].to(tokens.dtype)
        for layer in self.layers:
            tokens = layer(tokens, bias.to(tokens.dtype))
        mask = there.unsqueeze(-1).to(tokens.dtype)
        return (tokens * mask).sum(1) / mask.sum(1)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed (n, t) token ids -> (n, width) unit rows."""
        return self.joint(self.pool(ids))

    def joint(self, states: Tensor) -> Tensor:
        """Project (n, hidden) pooled states -> (n, width) unit rows."""
        return functional.normalize(self.project(self.last_drop(states)).float(), dim=-1)

    def load_minilm(self, weights: dict[str, Tensor]) -> None:
        """Load layers, positions and the first rows of the vocabulary from a BERT checkpoint."""
        with torch.no_grad():
            rows = weights["embeddings.word_embeddings.weight"]
            self.words.weight[: rows.shape[0]] = rows
            spare = weights["embeddings.token_type_embeddings.weight"][0]
            positions = weights["embeddings.position_embeddings.weight"]
            self.positions.copy_(positions[: self.positions.shape[0]] + spare)
        own = {
            "norm.weight": weights["embeddings.LayerNorm.weight"],
            "norm.bias": weights["embeddings.LayerNorm.bias"],
        }
        names = {
            "out": "attention.output.dense",
            "norm": "attention.output.LayerNorm",
            "widen": "intermediate.dense",
            "narrow": "output.dense",
            "last_norm": "output.LayerNorm",
        }
        for index in range(len(self.layers)):
            prefix = f"encoder.layer.{index}."
            for kind in ("weight", "bias"):
                parts = [
                    weights[f"{prefix}attention.self.{part}.{kind}"]
                    for part in ("query", "key", "value")
                ]
                own[f"layers.{index}.qkv.{kind}"] = torch.cat(parts)
                for ours, theirs in names.items():
                    own[f"layers.{index}.{ours}.{kind}"] = weights[f"{prefix}{theirs}.{kind}"]
        state = self.state_dict()
        stays = ("words.weight", "positions", "project.weight", "project.bias")
        self.load_state_dict(own | {name: state[name] for name in stays})
