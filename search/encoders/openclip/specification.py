"""The parser of `open_clip:` specifications, without open_clip, whose import costs seconds."""

import difflib
import os
import runpy
import sys
from pathlib import Path

from search.encoders.openclip.registry import home, published_weights
from search.errors import BadSetting, EncoderUnavailable

FORMS = "open_clip:ARCH/PRETRAINED or open_clip:ARCH@/path/to/checkpoint"

FOREIGN_SUFFIXES = (".npz", ".npy")
"""Suffixes that open_clip reads as big_vision's checkpoints, leaving the file open."""

MAX_NEAR = 3


def parse(spec: str) -> tuple[str, str, Path | None]:
    """Split a specification into architecture, tag ("" for none) and checkpoint path.

    Raises:
        BadSetting: the specification names no architecture, or weights that are not published.
    """
    name, at, place = spec.removeprefix("open_clip:").partition("@")
    # Both ViT-B/32 and ViT-B-32 are in use; the last slash is the one before the tag.
    architecture, slash, tag = (name, "", "") if at and _is_known(name) else name.rpartition("/")
    if at and not slash:
        architecture = name
    architecture = architecture.replace("/", "-")
    if not architecture or (not place if at else not tag):
        raise BadSetting(
            "encoder-name-invalid",
            "{spec!r} does not name an encoder{detail}; write {forms}",
            spec=spec,
            detail=_suggest_tags(name),
            forms=FORMS,
        )
    if not _is_known(architecture):
        raise BadSetting(
            "unknown-architecture",
            "open_clip has no architecture {architecture!r}{hint}; "
            "python -c 'import open_clip; print(*open_clip.list_models())' prints them all",
            architecture=architecture,
            hint=_close(architecture),
        )
    tag = tag.lower().replace("-", "_")  # as open_clip reads its tags
    tags = list(published_weights().get(architecture, {}))
    if tag and tag not in tags:
        choices = f"it has: {', '.join(tags)}" if tags else "none are published for it"
        raise BadSetting(
            "unknown-weights",
            "open_clip's {architecture} has no weights {tag!r}; {known}; "
            "weights in a file are named open_clip:{architecture}@/path/to/checkpoint",
            architecture=architecture,
            tag=tag,
            known=choices,
        )
    return architecture, tag, Path(os.path.abspath(os.path.expanduser(place))) if at else None


def checkpoint_at(name: str, path: Path) -> Path:
    """Return the file of weights at a path, which is that file or its folder.

    Raises:
        EncoderUnavailable: the path has no weights.
    """
    checkpoint = _checkpoint_in(path) if path.is_dir() else path
    if not checkpoint.is_file() or checkpoint.suffix in FOREIGN_SUFFIXES:
        raise EncoderUnavailable(
            "checkpoint-missing",
            "there is no torch checkpoint {checkpoint!r}; give the path of a .pt, .pth, "
            ".bin or .safetensors file, or of a folder that holds one: open_clip:{name}@/path",
            checkpoint=str(checkpoint),
            name=name,
        )
    return checkpoint


def instead(architecture: str) -> str:
    """Return the alternative to published weights that are unavailable."""
    return (
        "use the pair that ships (builtin), or weights in a file "
        f"(open_clip:{architecture}@/path/to/checkpoint)"
    )


def near(text: str) -> list[str]:
    """Return published pairs whose names contain a text, or resemble it, the shortest first."""
    target = _plain(text).removeprefix("openclip")
    names = [
        f"open_clip:{architecture}/{tag}"
        for architecture, tags in published_weights().items()
        for tag in tags
    ]
    plain = {name: _plain(name).removeprefix("openclip") for name in names}
    matches = sorted((name for name in names if target in plain[name]), key=len)
    like = difflib.get_close_matches(target, plain.values(), n=MAX_NEAR, cutoff=0.8)
    return matches[:MAX_NEAR] or [name for name in names if plain[name] in like][:MAX_NEAR]


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _checkpoint_in(folder: Path) -> Path:
    names = _checkpoint_names()
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise EncoderUnavailable(
        "checkpoint-folder-empty",
        "the folder {folder!r} holds none of {names}; name the checkpoint's file itself",
        folder=str(folder),
        names=", ".join(names),
    )


def _checkpoint_names() -> tuple[str, ...]:
    """Return the names of weights in a repository of the hub, in open_clip's order."""
    constants = runpy.run_path(str(home() / "constants.py"))
    return (
        constants["HF_SAFE_WEIGHTS_NAME"],
        "open_clip_pytorch_model.safetensors",
        constants["HF_WEIGHTS_NAME"],
        "model.safetensors",
        "pytorch_model.bin",
    )


def _architectures() -> list[str]:
    """Return the architectures of open_clip, and those added to it at run time."""
    module = sys.modules.get("open_clip")
    if module is not None and hasattr(module, "list_models"):
        return list(module.list_models())
    return [file.stem for file in (home() / "model_configs").glob("*.json")]


def _is_known(architecture: str) -> bool:
    return architecture.replace("/", "-") in _architectures()


def _close(architecture: str) -> str:
    names = {name.lower(): name for name in _architectures()}
    close = difflib.get_close_matches(architecture.lower(), names, n=MAX_NEAR)
    return f"; did you mean {' or '.join(names[name] for name in close)}?" if close else ""


def _suggest_tags(name: str) -> str:
    """Return the published weights of an architecture that was named alone."""
    architecture = name.rstrip("/@").replace("/", "-")
    tags = list(published_weights().get(architecture, {}))[:MAX_NEAR]
    return f"; did you mean open_clip:{architecture}/{' or /'.join(tags)}?" if tags else ""
