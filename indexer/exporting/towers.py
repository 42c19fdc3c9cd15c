"""open_clip's towers as modules that take raw input and give unit rows, ready to be traced."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from search.encoders.openclip.encoder import causal_tower
from search.encoders.preparation import Preparation


class RawPictures(nn.Module):
    """The picture tower with its normalisation: (n, h, w, 3) uint8 -> (n, width)."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: Any, preparation: Preparation) -> None:
        super().__init__()
        self.model = model
        for name in ("mean", "std"):
            channels = torch.tensor(getattr(preparation, name)).view(3, 1, 1)
            self.register_buffer(name, channels, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed (n, h, w, 3) uint8 -> (n, width) unit rows."""
        inputs = (pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
        return functional.normalize(self.model.encode_image(inputs, normalize=False), dim=-1)


class RawTexts(nn.Module):
    """The text tower: (n, t) token ids -> (n, width); t is free where the tower is causal."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.causal = causal_tower(model)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed (n, t) token ids -> (n, width) unit rows."""
        if self.causal is not None:
            features = self.causal.encode(ids)
        else:
            features = self.model.encode_text(ids, normalize=False)
        return functional.normalize(features, dim=-1)


def sizes(model: Any) -> dict[str, int]:
    """Return the parameters of each tower of `model`, by the tower's name."""
    pictures = sum(parameter.numel() for parameter in model.visual.parameters())
    both = sum(parameter.numel() for parameter in model.parameters())
    return {"picture": pictures, "text": both - pictures}
