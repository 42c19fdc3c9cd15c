"""Small architectures for open_clip, with random weights saved as open_clip saves them."""

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2

CLIP = "limn-test-clip"
WIDER = "limn-test-clip-wider"
ENDS = "limn-test-eos"
BOTH_WAYS = "limn-test-both-ways"
LAST = "limn-test-last"
CAPTIONER = "coca-limn-test"
HUGGING_FACE = "limn-test-hugging-face"

VISION = {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
DECODER = {"context_length": 76, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1}

ARCHITECTURES: dict[str, dict[str, Any]] = {
    CLIP: {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": TEXT},
    WIDER: {"embed_dim": 48, "vision_cfg": {**VISION, "width": 96}, "text_cfg": TEXT},
    ENDS: {
        "embed_dim": 32,
        "custom_text": True,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "pool_type": "eos", "eos_id": 49407, "proj_bias": True},
    },
    BOTH_WAYS: {
        "embed_dim": 32,
        "custom_text": True,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "no_causal_mask": True},
    },
    LAST: {
        "embed_dim": 32,
        "custom_text": True,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "pool_type": "last"},
    },
    CAPTIONER: {
        "embed_dim": 32,
        "custom_text": True,
        "vision_cfg": {**VISION, "attentional_pool": True, "output_tokens": True},
        "text_cfg": {**TEXT, "context_length": 76, "embed_cls": True, "output_tokens": True},
        "multimodal_cfg": DECODER,
    },
}


def register(folder: Path, architecture: str, **changes: Any) -> str:
    """Register an architecture with open_clip."""
    path = folder / f"{architecture}.json"
    path.write_text(json.dumps({**ARCHITECTURES.get(architecture, {}), **changes}))
    open_clip.add_model_config(path)
    return architecture


def random_weights(architecture: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """Draw random weights; a text tower gets large ones, so that its embeddings differ."""
    torch.manual_seed(seed)
    model = open_clip.create_model(architecture, load_weights=False, pretrained_text=False)
    state: dict[str, torch.Tensor] = model.state_dict()
    return {
        name: tensor * 20 if "embedding" in name and "visual" not in name else tensor
        for name, tensor in state.items()
    }


def saved(folder: Path, architecture: str, seed: int = 0) -> Path:
    """Register an architecture and save random weights for it as a state dict."""
    register(folder, architecture)
    path = folder / f"{architecture}-{seed}.pt"
    torch.save(random_weights(architecture, seed), path)
    return path


def validation_transform(**changes: Any) -> Any:
    """Build open_clip's own transform without its last two steps, ToTensor and Normalize."""
    transform = image_transform_v2(PreprocessCfg(**changes), is_train=False)
    transform.transforms = transform.transforms[:-2]
    return transform
