"""The facts of open_clip's pairs, read without importing it, which costs seconds."""

import ast
import copy
import importlib.util
import json
import re
import runpy
from functools import cache
from pathlib import Path
from typing import Any

from search.errors import EncoderUnavailable
from search.packages.installing import install_extra

MANY_LANGUAGES = ("xlm", "mt5", "nllb", "i18n", "siglip2", "worldwide")
"""Parts of the names of tokenizers and architectures that were trained on dozens of languages."""

PLACES_OF_A_CONVOLUTION = 160
"""Uses of each weight of a convolutional tower on 224x224 pixels: 164 in ResNet-50, 136 in
MobileNetV2, about 180 in MobileCLIP-S0 (multiply-adds over parameters, as published)."""


@cache
def published_weights() -> dict[str, dict[str, dict[str, Any]]]:
    """Return open_clip's table of published weights: by architecture, by tag.

    Of its module, only the code that makes the table is run, without its imports, torch among them.
    """
    source = ast.parse((home() / "pretrained.py").read_text("utf-8"))
    makes_table: list[ast.stmt] = [
        node
        for node in source.body
        if isinstance(node, ast.Assign | ast.For | ast.Expr)
        or (isinstance(node, ast.FunctionDef) and node.name.endswith("cfg") and node.name[0] == "_")
    ]
    names: dict[str, Any] = {**runpy.run_path(str(home() / "constants.py")), "copy": copy}
    exec(compile(ast.Module(makes_table, []), "pretrained.py", "exec"), names)  # noqa: S102 - installed code
    table: dict[str, dict[str, dict[str, Any]]] = names["_PRETRAINED"]
    return table


@cache
def configuration(architecture: str) -> dict[str, Any] | None:
    """Return the configuration of an architecture in open_clip, or None."""
    file = home() / "model_configs" / f"{architecture}.json"
    config: dict[str, Any] | None = json.loads(file.read_text("utf-8")) if file.is_file() else None
    return config


def weight_files(hub_name: str) -> tuple[str, list[str]]:
    """Return the repository of an entry of the table, and its files in open_clip's order."""
    constants = runpy.run_path(str(home() / "constants.py"))
    usual, safe = constants["HF_WEIGHTS_NAME"], constants["HF_SAFE_WEIGHTS_NAME"]
    repository, _, name = hub_name.rpartition("/")
    names = [name or usual]
    if names[0].endswith((".bin", ".pth")):  # as open_clip does: its safetensors copy comes first
        names.insert(0, safe if names[0] == usual else f"{Path(name).stem}.safetensors")
    return repository, names


def languages(config: dict[str, Any]) -> tuple[str, ...]:
    """Return ("en",) or ("many",), by the tokenizer in a configuration."""
    name = str(config.get("text_cfg", {}).get("hf_tokenizer_name", "")).lower()
    return ("many",) if any(marker in name for marker in MANY_LANGUAGES) else ("en",)


def picture_work(config: dict[str, Any], parameters: int | None = None) -> float | None:
    """Return multiply-adds for one picture in thousand millions, near enough for a speed class.

    A transformer uses each of its weights once for each patch. `parameters` are the picture
    tower's; without them the sizes in the configuration are used. None where those are missing.
    """
    vision = config.get("vision_cfg", {})
    side = vision.get("image_size", 224)
    side_px = side if isinstance(side, int) else max(side)
    match = re.search(r"patch(\d+)", str(vision.get("timm_model_name", "")))
    patch_px = int(match[1]) if match else vision.get("patch_size")
    layers = vision.get("layers")
    if parameters is None and isinstance(layers, int) and "width" in vision:
        parameters = 12 * layers * int(vision["width"]) ** 2
    if parameters is None:
        return None
    convolutional = isinstance(layers, list) or (patch_px is None and "layers" not in vision)
    if convolutional:
        uses = PLACES_OF_A_CONVOLUTION * (side_px / 224) ** 2
    else:
        uses = (side_px / (patch_px or 16)) ** 2
    return round(parameters * uses / 1e9, 2)


@cache
def home() -> Path:
    """Return the folder of open_clip; raises EncoderUnavailable if it is not installed."""
    spec = importlib.util.find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise EncoderUnavailable(
            "package-missing-open-clip",
            "open_clip's pairs need torch and open_clip: {install}",
            install=install_extra("clip"),
        )
    return Path(spec.origin).parent
