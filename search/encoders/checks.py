"""Whether a specification names an encoder that can be opened, told before torch is imported."""

import difflib
import json
from pathlib import Path

from search.encoders.onnx_pair.pair_folder import DESCRIPTION
from search.errors import BadSetting, EncoderUnavailable

SPECIFICATIONS = (
    "builtin, builtin@/path/to/pair, open_clip:ARCH/PRETRAINED, "
    "open_clip:ARCH@/path/to/checkpoint, onnx:/path/to/exported/pair, tiny"
)

# OpenAI's CLIP, and one of the same size by open_clip's authors.
USUAL = ("open_clip:ViT-B-32/openai", "open_clip:ViT-B-32/laion2b_s34b_b79k")

SHORT = ("clip", "openclip", "vit")


def check_encoder(spec: str) -> None:
    """Refuse a specification that names nothing here, without opening what it names.

    Raises:
        BadSetting: it names no encoder; the message names those that are like it.
        EncoderUnavailable: its files are missing, and can't be had.
    """
    if spec in ("builtin", "tiny"):
        return
    if spec.startswith("builtin@"):
        from search.encoders.onnx_pair.builtin import pair_folder

        folder = pair_folder(spec)
        if not (folder / DESCRIPTION).is_file():
            raise EncoderUnavailable(
                f"there is no pair in {str(folder)!r}; name the folder `pair` of a run of "
                "limn train"
            )
    elif spec.startswith("onnx:"):
        from search.encoders.onnx_pair.exported import check_exported, onnx_folder

        check_exported(onnx_folder(spec))
    elif spec.startswith("open_clip:"):
        _check_openclip(spec)
    else:
        raise unknown(spec)


def unknown(spec: str) -> BadSetting:
    """The error for a specification of no known kind."""
    found = _near(spec)
    meant = f"; did you mean {' or '.join(found)}?" if found else ""
    return BadSetting(
        f"unknown encoder {spec!r}{meant}; choose one of: {SPECIFICATIONS}; limn encoders lists "
        "those on this machine"
    )


def _check_openclip(spec: str) -> None:
    from search.encoders.hub import check_hub
    from search.encoders.openclip.registry import published, weight_files
    from search.encoders.openclip.specification import checkpoint_at, instead, parse

    architecture, tag, path = parse(spec)
    if path is not None:
        checkpoint_at(f"{architecture}/{tag}" if tag else architecture, path)
        return
    repository, names = weight_files(published()[architecture][tag]["hf_hub"])
    check_hub(repository, names, f"open_clip:{architecture}/{tag}", instead(architecture))


def _near(spec: str) -> list[str]:
    """Names that open an encoder and are like what was written."""
    folder = Path(spec).expanduser()
    if (folder / DESCRIPTION).is_file():
        return [f"{'onnx:' if _exported(folder) else 'builtin@'}{spec}"]
    plain = "".join(letter for letter in spec.lower() if letter.isalnum())
    if plain in SHORT:
        return list(USUAL)
    close = difflib.get_close_matches(spec.lower(), ("builtin", "tiny"), n=1)
    if close or not plain:
        return close or ["builtin"]
    try:
        from search.encoders.openclip.specification import near

        return near(spec)
    except EncoderUnavailable:  # open_clip is not installed
        return []


def _exported(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / DESCRIPTION).read_bytes())["format"] != 1)
    except (OSError, ValueError, KeyError, TypeError):
        return False
