"""Pairs that `limn export` wrote: open_clip's towers as ONNX graphs, without torch or open_clip."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.encoders.onnx_pair.pair_folder import (
    DESCRIPTION,
    preparation_of,
    read_folder,
    translate_errors,
)
from search.encoders.onnx_pair.sessions import Towers, open_towers
from search.encoders.openclip.tokenizer import OpenClipTokenizer, open_words
from search.encoders.preparation import Preparation
from search.encoders.text_limits import longest
from search.errors import BadSetting, EncoderUnavailable
from search.records import Pixels, Space, Vectors

FORMAT = 2
"""The format of an exported pair's pair.json; 1 is the shipped pair's, and that of `limn train`."""

REMEDY = "export it again with limn export"


@dataclass(frozen=True, slots=True)
class OnnxEncoder:
    """An exported pair, run by onnxruntime. Safe to call from many threads."""

    space: Space
    preparation: Preparation
    languages: tuple[str, ...]
    towers: Towers
    words: OpenClipTokenizer

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed (n, height, width, 3) uint8 made by `preparation` -> (n, width); n may be 0."""
        return self.towers.encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed n texts -> (n, width); n may be 0. Text past the tower's limit is cut."""
        return self.towers.encode_ids(self.words.ids(texts))

    def characters_read(self, text: str) -> int:
        """Return the number of a text's first characters that fit in the tower's limit."""
        return longest(text, self.words.fit)


def open_onnx(spec: str, threads: int = 0, device: str = "cpu") -> OnnxEncoder:
    """Open `onnx:/path/to/folder`; `threads` bounds the CPU threads of a call, 0 sets no bound.

    Raises:
        BadSetting: `spec` names no folder.
        EncoderUnavailable: the folder has no exported pair, a file is damaged, or another
            version of Limn wrote it.
    """
    folder = onnx_folder(spec)
    check_exported(folder)
    with translate_errors(folder, REMEDY):
        facts = read_facts(folder)
        read_folder(folder)
        space = space_of(folder, facts)
        return OnnxEncoder(
            space=space,
            preparation=preparation_of(facts["preparation"]),
            languages=tuple(facts["languages"]),
            towers=open_towers(folder, space.width, threads, _device_for(device, facts)),
            words=open_words(folder / "tokenizer.json", facts["reading"]),
        )


def _device_for(device: str, facts: dict[str, Any]) -> str:
    """Return the device that runs a precision; products in integers exist on the CPU alone."""
    return "cpu" if facts["precision"] == "int8" else device


def check_exported(folder: Path) -> None:
    """Raise EncoderUnavailable for a folder without a pair."""
    if not (folder / DESCRIPTION).is_file():
        raise EncoderUnavailable(
            "exported-pair-missing",
            "there is no exported pair in {folder!r}; export one there: "
            "limn export --encoder open_clip:ARCH/PRETRAINED --out {out}",
            folder=str(folder),
            out=folder,
        )


def onnx_folder(spec: str) -> Path:
    """Return the folder of `onnx:/path/to/folder`; raise BadSetting without one."""
    place = spec.removeprefix("onnx:")
    if not place:
        raise BadSetting(
            "encoder-folder-needed",
            "{spec!r} names no folder; write onnx:/path/to/folder",
            spec=spec,
        )
    return Path(os.path.abspath(os.path.expanduser(place)))


def read_facts(folder: Path) -> dict[str, Any]:
    """Return the contents of an exported pair's pair.json, without checking its other files.

    Raises:
        RuntimeError: pair.json is damaged, or of another kind or version.
    """
    facts: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
    if facts["format"] == 1:
        raise RuntimeError(f"it is one of Limn's own towers, which builtin@{folder} opens")
    if facts["format"] != FORMAT:
        raise RuntimeError(
            f"another version of Limn wrote it (format {facts['format']}; this one reads {FORMAT})"
        )
    if facts["digest"] != digest_of(facts):
        raise RuntimeError(f"{DESCRIPTION} is damaged")
    return facts


def digest_of(facts: dict[str, Any]) -> str:
    """Return the SHA-256 over the facts other than `digest` itself, in hexadecimal digits."""
    others = {name: value for name, value in facts.items() if name != "digest"}
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()


def space_of(folder: Path, facts: dict[str, Any]) -> Space:
    """Return the space of an exported pair, as fixed by the export."""
    return Space(str(facts["space"]), f"onnx:{folder}", int(facts["width"]))
