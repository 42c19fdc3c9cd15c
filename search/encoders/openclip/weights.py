"""Loading of a model and its tokenizer by an `open_clip:` specification."""

import json
import logging
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
from open_clip.constants import HF_CONFIG_NAME
from open_clip.tokenizer import HFTokenizer
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import init
from torch.overrides import TorchFunctionMode

from search.encoders.hub import hub_file, hub_folder
from search.encoders.openclip.registry import weight_files
from search.encoders.openclip.specification import checkpoint_at, instead, parse
from search.errors import BadSetting, EncoderUnavailable

TOKENIZER_NAMES = ("tokenizer.json", "tokenizer_config.json")

# The observed errors of torch, safetensors, NumPy and open_clip for files that are cut,
# garbled, empty, of another kind, or of another architecture.
UNREADABLE = (
    *(OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, AssertionError),
    *(IndexError, EOFError, StopIteration, pickle.UnpicklingError, zipfile.BadZipFile),
    SafetensorError,
)


@dataclass(frozen=True, slots=True)
class CheckpointPair:
    """A loaded pair, on the CPU and in evaluation mode, with its model's configuration."""

    spec: str
    architecture: str
    config: dict[str, Any]
    model: Any
    tokenizer: Any


@dataclass(frozen=True, slots=True)
class CheckpointWeights:
    """A file of weights, and the preparation of the pictures that they were trained on."""

    spec: str
    path: Path
    preprocessing: dict[str, Any]
    quick_gelu: bool


class NoRandomWeights(TorchFunctionMode):
    """A mode that leaves new weights uninitialized: a strict load follows, which fills every one.

    Drawing them takes 2.3 s for ViT-B-32 and 16 s for ViT-H-14 on two cores; without, 0.2 s.
    """

    DRAWN = (
        *(Tensor.normal_, Tensor.uniform_, Tensor.erfinv_),
        *(init.normal_, init.uniform_, init.kaiming_uniform_),
    )

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in self.DRAWN:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def load_pair(spec: str) -> CheckpointPair:
    """Load the pair of a specification; weights on the hub may be downloaded.

    Raises:
        BadSetting: no such architecture or weights.
        EncoderUnavailable: the weights are unavailable or do not fit.
    """
    architecture, tag, path = parse(spec)
    config = open_clip.get_model_config(architecture)
    weights = _local(architecture, tag, path) if path else _published_weights(architecture, tag)
    config["quick_gelu"] = bool(config.get("quick_gelu")) or weights.quick_gelu
    tokenizer = _tokenizer(architecture, config, weights)
    model = _empty(architecture, config, weights)
    try:
        open_clip.load_checkpoint(model, str(weights.path), strict=True, weights_only=True)
    except UNREADABLE as error:
        raise _explain(error, architecture, weights.path) from error
    return CheckpointPair(weights.spec, architecture, config, model.eval(), tokenizer)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the logs and warnings of open_clip, timm, transformers and the hub.

    The root logger has a handler meanwhile: `logging.info`, which open_clip calls, would
    otherwise add one for good.
    """
    handler, level = logging.NullHandler(), logging.root.manager.disable
    logging.root.addHandler(handler)
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        logging.root.removeHandler(handler)


def _published_weights(architecture: str, tag: str) -> CheckpointWeights:
    spec = f"open_clip:{architecture}/{tag}"
    entry = open_clip.get_pretrained_cfg(architecture, tag)
    repository, names = weight_files(entry["hf_hub"])
    path = hub_file(repository, names, spec, instead(architecture))
    return CheckpointWeights(spec, path, entry, bool(entry.get("quick_gelu")))


def _local(architecture: str, tag: str, path: Path) -> CheckpointWeights:
    name = f"{architecture}/{tag}" if tag else architecture
    spec = f"open_clip:{name}@{path}"
    checkpoint = checkpoint_at(name, path)
    entry = open_clip.get_pretrained_cfg(architecture, tag) if tag else {}
    preprocessing = entry or _preprocessing_beside(checkpoint) or _usual(architecture, path)
    return CheckpointWeights(spec, checkpoint, preprocessing, bool(entry.get("quick_gelu")))


def _preprocessing_beside(checkpoint: Path) -> dict[str, Any]:
    """Read the preprocessing from a folder in the layout of the hub's repositories, or {}."""
    path = checkpoint.with_name(HF_CONFIG_NAME)
    if not path.is_file():
        return {}
    try:
        config = json.loads(path.read_text("utf-8")).get("preprocess_cfg", {})
        return {key: value for key, value in config.items() if key != "size"}
    except (OSError, ValueError, AttributeError) as error:
        raise EncoderUnavailable(
            "checkpoint-unreadable",
            "{path} can't be read as open_clip's: {error}",
            path=path,
            error=error,
        ) from error


def _usual(architecture: str, path: Path) -> dict[str, Any]:
    """Return the preprocessing that all published weights of an architecture share, or {}."""
    keys = ("mean", "std", "interpolation", "resize_mode")
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    entries = [open_clip.get_pretrained_cfg(architecture, tag) for tag in tags]
    usual = [{key: entry[key] for key in keys} for entry in entries]
    if any(other != usual[0] for other in usual):
        raise BadSetting(
            "preprocessing-unknown",
            "pictures are prepared differently for the weights that {architecture} has "
            "({tags}), and beside {path} there is no {config} that says how; "
            "say whose they are: open_clip:{architecture}/{example}@{path}",
            architecture=architecture,
            tags=", ".join(tags),
            path=path,
            config=HF_CONFIG_NAME,
            example=tags[0],
        )
    return usual[0] if usual else {}


def _tokenizer(architecture: str, config: dict[str, Any], weights: CheckpointWeights) -> Any:
    text = config["text_cfg"]
    text.setdefault("context_length", 77)
    name = text.get("hf_tokenizer_name")
    if not name:
        return open_clip.get_tokenizer(architecture, context_length=text["context_length"])
    beside = weights.path.parent
    if not any((beside / mark).is_file() for mark in TOKENIZER_NAMES):
        beside = _folder(name, TOKENIZER_NAMES, architecture, weights.spec)
    try:
        return HFTokenizer(
            str(beside),
            context_length=text["context_length"],
            tokenizer_mode=text.get("tokenizer_mode"),
            **(text.get("tokenizer_kwargs") or {}),
        )
    except (*UNREADABLE, ImportError) as error:
        raise EncoderUnavailable(
            "tokenizer-unreadable",
            "the tokenizer of {spec} in {folder} can't be opened: {error}",
            spec=weights.spec,
            folder=beside,
            error=_first_line(error),
        ) from error


def _empty(architecture: str, config: dict[str, Any], weights: CheckpointWeights) -> Any:
    """Build the model without weights; a Hugging Face text tower needs its configuration file."""
    overrides, name = {}, config["text_cfg"].get("hf_model_name")
    if name:
        folder = _folder(name, ("config.json",), architecture, weights.spec)
        tower = {"hf_model_name": str(folder), "hf_model_pretrained": False}
        overrides = {"text_cfg": {**config["text_cfg"], **tower}}
    with NoRandomWeights():
        return open_clip.create_model(
            architecture,
            load_weights=False,
            pretrained_text=False,
            force_quick_gelu=weights.quick_gelu,
            force_preprocess_cfg=weights.preprocessing,
            **overrides,
        )


def _folder(name: str, marks: tuple[str, ...], architecture: str, spec: str) -> Path:
    if Path(name).is_dir():  # a configuration of the user's own may name a folder
        return Path(name)
    return hub_folder(name, marks, spec, instead(architecture))


def _explain(error: BaseException, architecture: str, path: Path) -> EncoderUnavailable:
    text = str(error)
    if "loading state_dict" not in text and not isinstance(error, AssertionError):
        return EncoderUnavailable(
            "checkpoint-damaged-torch",
            "{checkpoint!r} can't be read as a checkpoint of {architecture}: it is damaged, or "
            "holds more than tensors, which is never run ({reason})",
            checkpoint=str(path),
            architecture=architecture,
            reason=_first_line(error),
        )
    shape = r"torch\.Size\(\[([\d, ]*)\]\)"
    sizes = re.findall(rf"size mismatch for (\S+): .*?{shape}.*?{shape}", text)
    differences = [f"{name} is ({there}), not ({here})" for name, there, here in sizes[:3]]
    for kind, word in (("Missing", "are missing"), ("Unexpected", "are not known")):
        if match := re.search(rf"{kind} key\(s\) in state_dict: (.*)", text):
            names = match[1].rstrip(" .").split(", ")
            differences.append(f"{len(names)} weights {word} ({names[0].strip(chr(34))}...)")
    return EncoderUnavailable(
        "checkpoint-differs",
        "{checkpoint!r} does not hold weights of {architecture}: {differences}; "
        "name the architecture that it was made for: open_clip:ARCH@/path/to/checkpoint",
        checkpoint=str(path),
        architecture=architecture,
        differences="; ".join(differences) or _first_line(error),
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
