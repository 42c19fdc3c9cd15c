"""Published weights on this machine: in the caches of the hub, of torch and of open_clip."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache
from safetensors import SafetensorError, safe_open

from search.encoders.openclip.registry import configuration, published_weights, weight_files

TOKENIZERS = ("tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True, slots=True)
class CachedWeights:
    """A specification whose weights are on this machine, and their file."""

    encoder: str
    architecture: str
    file: Path


def cached_weights() -> Iterator[CachedWeights]:
    """Yield every pair that opens without a request: by name, or by its file in torch's cache."""
    for architecture, tags in published_weights().items():
        for tag, entry in tags.items():
            name = architecture.removesuffix("-quickgelu")
            if name != architecture and tag in published_weights().get(name, {}):
                continue  # the same weights, which the plain name opens too
            encoder = f"open_clip:{architecture}/{tag}"
            if (file := _in_hub_cache(architecture, entry)) is not None:
                yield CachedWeights(encoder, architecture, file)
            elif (file := _in_torch_cache(entry)) is not None:
                yield CachedWeights(f"{encoder}@{file}", architecture, file)


def picture_parameters(file: Path) -> int | None:
    """Return the picture tower's parameters by a .safetensors header; None for other files."""
    if file.suffix != ".safetensors":
        return None
    try:
        with safe_open(file, framework="numpy") as tensors:
            shapes = [
                tensors.get_slice(name).get_shape()
                for name in tensors.keys()  # noqa: SIM118  # no dict
                if name.removeprefix("module.").startswith("visual.")
            ]
    except (OSError, SafetensorError):
        return None
    return sum(_product(shape) for shape in shapes) or None


def _product(shape: list[int]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


def _in_hub_cache(architecture: str, entry: dict[str, Any]) -> Path | None:
    repository, names = weight_files(entry["hf_hub"])
    weights = _first_cached(repository, names) if repository else None
    text = (configuration(architecture) or {}).get("text_cfg", {})
    tokenizer, tower = text.get("hf_tokenizer_name"), text.get("hf_model_name")
    if weights is None or (tower and _first_cached(tower, ("config.json",)) is None):
        return None
    beside = any((weights.parent / name).is_file() for name in TOKENIZERS)
    if tokenizer and not beside and _first_cached(tokenizer, TOKENIZERS) is None:
        return None
    return weights


def _first_cached(repository: str, names: list[str] | tuple[str, ...]) -> Path | None:
    for name in names:
        if isinstance(path := try_to_load_from_cache(repository, name), str):
            return Path(path)
    return None


def _in_torch_cache(entry: dict[str, Any]) -> Path | None:
    name = str(entry.get("url", "")).rpartition("/")[2]
    for folder in _download_folders() if name else ():
        file = folder / name
        if file.is_file() and not _is_a_program(file):
            return file
    return None


def _download_folders() -> tuple[Path, ...]:
    """Return the folders of torch's and open_clip's downloads by address."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    torch_home = Path(os.environ.get("TORCH_HOME") or cache / "torch")
    return torch_home / "hub" / "checkpoints", Path.home() / ".cache" / "clip"


def _is_a_program(file: Path) -> bool:
    """Return whether a file is TorchScript, as OpenAI's are: code, which is never run."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
