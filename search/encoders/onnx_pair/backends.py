"""The backends of pairs that onnxruntime runs: shipped, trained or exported ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from search.encoders import Encoder, EncoderBackend, EncoderInfo
from search.errors import EncoderUnavailable, LimnError
from search.packages.editions import BUILTIN, EARLIER, EDITION_OF
from search.packages.installing import check_one_build


class BuiltinBackend(EncoderBackend):
    """The backend of the shipped pair's editions, and of pairs that `limn train` made from them."""

    names: ClassVar[tuple[str, ...]] = (BUILTIN, *EARLIER, "builtin@/path/to/pair")

    def open(self, spec: str, device: str) -> Encoder:
        """Open the pair; "auto" is the CPU, as a GPU takes longer to start than it saves here."""
        check_one_build("onnxruntime")
        from search.encoders.onnx_pair.builtin import open_builtin, pair_folder
        from search.encoders.onnx_pair.sessions import check_device

        check_device(device)
        return open_builtin(pair_folder(spec), device="cuda" if device == "cuda" else "cpu")

    def check(self, spec: str) -> None:
        """Raise EncoderUnavailable for a folder without a pair, BadSetting for no edition."""
        from search.encoders.onnx_pair.builtin import pair_folder
        from search.encoders.onnx_pair.pair_folder import DESCRIPTION

        folder = pair_folder(spec)
        if spec not in EDITION_OF and not (folder / DESCRIPTION).is_file():
            raise EncoderUnavailable(
                "pair-missing",
                "there is no pair in {folder!r}; name the folder `pair` of a run of limn train",
                folder=str(folder),
            )

    def list_installed(self) -> Iterable[EncoderInfo]:
        """Yield the current edition; an earlier one is listed for the collections that have it."""
        yield replace(self.describe(BUILTIN), where="ships")

    def describe(self, spec: str) -> EncoderInfo:
        """Return the facts in pair.json."""
        from search.encoders.inventory.speed import BUILTIN_GMACS, speed_class
        from search.encoders.onnx_pair.builtin import builtin_space, pair_folder
        from search.encoders.onnx_pair.pair_folder import DESCRIPTION, translate_errors

        folder = pair_folder(spec)
        try:
            with translate_errors(folder, ""):
                space = builtin_space(folder)
                facts: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
                languages = tuple(facts["languages"])
        except LimnError:
            return EncoderInfo(spec, "collection", there=False)
        size_bytes, speed = _size_bytes(folder), speed_class(BUILTIN_GMACS)
        return EncoderInfo(spec, "collection", space.id, space.width, size_bytes, speed, languages)

    def suggest(self, text: str) -> Sequence[str]:
        """Return the specification of the trained pair in a folder."""
        return (f"builtin@{text}",) if _pair_in(text) and not _is_exported(text) else ()


class ExportedBackend(EncoderBackend):
    """The backend of pairs that `limn export` wrote."""

    names: ClassVar[tuple[str, ...]] = ("onnx:/path/to/exported/pair",)

    def open(self, spec: str, device: str) -> Encoder:
        """Open the pair; "auto" is a GPU where onnxruntime's build is for it, else the CPU."""
        check_one_build("onnxruntime")
        from search.encoders.onnx_pair.exported import open_onnx
        from search.encoders.onnx_pair.sessions import check_device

        check_device(device)
        return open_onnx(spec, device=device)

    def check(self, spec: str) -> None:
        """Raise EncoderUnavailable for a folder without an exported pair."""
        from search.encoders.onnx_pair.exported import check_exported, onnx_folder

        check_exported(onnx_folder(spec))

    def describe(self, spec: str) -> EncoderInfo:
        """Return the facts in pair.json."""
        from search.encoders.inventory.speed import INT8_GAIN, speed_class
        from search.encoders.onnx_pair.exported import onnx_folder, read_facts, space_of
        from search.encoders.onnx_pair.pair_folder import translate_errors

        folder = onnx_folder(spec)
        try:
            with translate_errors(folder, ""):
                facts = read_facts(folder)
                space = space_of(folder, facts)
                work, languages = facts["picture_gmacs"], tuple(facts["languages"])
                quicker = INT8_GAIN if facts["precision"] == "int8" else 1.0
        except LimnError:
            return EncoderInfo(spec, "collection", there=False)
        speed = speed_class(work / quicker if work is not None else None)
        size_bytes = _size_bytes(folder)
        return EncoderInfo(spec, "collection", space.id, space.width, size_bytes, speed, languages)

    def suggest(self, text: str) -> Sequence[str]:
        """Return the specification of the exported pair in a folder."""
        return (f"onnx:{text}",) if _pair_in(text) and _is_exported(text) else ()


def _pair_in(text: str) -> bool:
    from search.encoders.onnx_pair.pair_folder import DESCRIPTION

    return (Path(text).expanduser() / DESCRIPTION).is_file()


def _is_exported(text: str) -> bool:
    from search.encoders.onnx_pair.pair_folder import DESCRIPTION

    try:
        facts = json.loads((Path(text).expanduser() / DESCRIPTION).read_bytes())
        return bool(facts["format"] != 1)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
