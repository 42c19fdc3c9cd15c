"""torch's attention written out, so that its graph is short and takes any number of tokens."""

import math
from typing import Any

from torch import Tensor, nn
from torch.nn import functional


class SpeltAttention(nn.Module):
    """A replacement of `nn.MultiheadAttention`, batch first and without dropout, with its weights.

    Traced as it is, torch 2.14 fixes the number of tokens to the example's; and its graph holds
    forty nodes that only work out shapes.
    """

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self.heads = attention.num_heads
        self.weight = attention.in_proj_weight
        self.bias = attention.in_proj_bias
        self.out_proj = attention.out_proj

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, **_: Any
    ) -> tuple[Tensor, None]:
        """Return the attended values (n, t, width), and no weights of the attention."""
        queries, keys, values = (
            part.reshape(*part.shape[:2], self.heads, -1).transpose(1, 2)
            for part in self._project(query, key, value)
        )
        scores = queries @ keys.transpose(2, 3) * (1.0 / math.sqrt(queries.shape[-1]))
        if attn_mask is not None:
            each_head = attn_mask.dim() == 3  # (n * heads, t, t): CoCa's hides the padding
            scores = scores + (attn_mask.reshape(scores.shape) if each_head else attn_mask)
        context = (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)
        return self.out_proj(context), None

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        if query is key and key is value:  # one product instead of three
            return functional.linear(query, self.weight, self.bias).chunk(3, dim=-1)
        weights, biases = self.weight.chunk(3), self.bias.chunk(3)
        inputs = (query, key, value)
        return tuple(map(functional.linear, inputs, weights, biases))


def spell_out_attention(model: nn.Module) -> None:
    """Replace every torch attention that SpeltAttention can replace."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention) and _usual(child):
                setattr(parent, name, SpeltAttention(child))


def _usual(attention: nn.MultiheadAttention) -> bool:
    has_one_projection = attention.in_proj_weight is not None
    is_plain = attention.bias_k is None and not attention.add_zero_attn
    return bool(
        has_one_projection
        and is_plain
        and attention.batch_first
        and attention.in_proj_bias is not None
    )
