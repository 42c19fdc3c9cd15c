"""The backend of open_clip's pairs; torch is imported when a pair is opened."""

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from search.encoders import Encoder, EncoderBackend, EncoderInfo
from search.errors import EncoderUnavailable

# Common names of open_clip's pairs, and the pairs that they mean: OpenAI's CLIP, and one of the
# same size by open_clip's authors.
SHORT = ("clip", "openclip", "vit")
USUAL = ("open_clip:ViT-B-32/openai", "open_clip:ViT-B-32/laion2b_s34b_b79k")


class OpenClipBackend(EncoderBackend):
    """The backend of published pairs, and of checkpoints of their architectures."""

    names: ClassVar[tuple[str, ...]] = (
        "open_clip:ARCH/PRETRAINED",
        "open_clip:ARCH@/path/to/checkpoint",
    )

    def open(self, spec: str, device: str) -> Encoder:
        """Open the pair; published weights are downloaded if no cache has them."""
        from search.encoders.openclip.encoder import open_openclip

        return open_openclip(spec, device)

    def check(self, spec: str) -> None:
        """Refuse an unknown architecture, and weights that are neither here nor downloadable."""
        from search.encoders.hub import check_hub
        from search.encoders.openclip.registry import published_weights, weight_files
        from search.encoders.openclip.specification import checkpoint_at, instead, parse

        architecture, tag, path = parse(spec)
        if path is not None:
            checkpoint_at(f"{architecture}/{tag}" if tag else architecture, path)
            return
        repository, names = weight_files(published_weights()[architecture][tag]["hf_hub"])
        check_hub(repository, names, f"open_clip:{architecture}/{tag}", instead(architecture))

    def list_installed(self) -> Iterable[EncoderInfo]:
        """Yield the pairs whose weights are in the caches of the hub and of torch."""
        from search.encoders.inventory.caches import cached_weights, picture_parameters
        from search.encoders.inventory.speed import speed_class
        from search.encoders.openclip.registry import configuration, languages, picture_work

        if importlib.util.find_spec("open_clip") is None:
            return
        for weights in cached_weights():
            config = configuration(weights.architecture) or {}
            work = picture_work(config, picture_parameters(weights.file))
            size_bytes, width = weights.file.stat().st_size, config.get("embed_dim")
            speed, codes = speed_class(work), languages(config)
            yield EncoderInfo(weights.encoder, "cache", None, width, size_bytes, speed, codes)

    def describe(self, spec: str) -> EncoderInfo:
        """Return the facts in the architecture's configuration and the checkpoint's file."""
        from search.encoders.inventory.caches import picture_parameters
        from search.encoders.inventory.speed import speed_class
        from search.encoders.openclip.registry import configuration, languages, picture_work

        if importlib.util.find_spec("open_clip") is None:
            return EncoderInfo(spec, "collection", there=False)
        name, at, place = spec.removeprefix("open_clip:").partition("@")
        architecture, _, _ = name.rpartition("/") if "/" in name else (name, "", "")
        config = configuration(architecture) or {}
        file = Path(place)
        there = bool(at) and file.exists()
        parameters = picture_parameters(file) if there and file.is_file() else None
        return EncoderInfo(
            spec,
            "collection",
            width=config.get("embed_dim"),
            size_bytes=_size_bytes(file) if there else None,
            speed=speed_class(picture_work(config, parameters)) if config else None,
            languages=languages(config) if config else (),
            there=there,
        )

    def suggest(self, text: str) -> Sequence[str]:
        """Return published pairs that a text may mean; none if open_clip is not installed."""
        from search.encoders.openclip.specification import near

        if "".join(letter for letter in text.lower() if letter.isalnum()) in SHORT:
            return USUAL
        try:
            return near(text)
        except EncoderUnavailable:
            return ()


def _size_bytes(path: Path) -> int:
    files = [path] if path.is_file() else list(path.iterdir())
    return sum(file.stat().st_size for file in files if file.is_file())
