"""The backend of published pairs; nothing slow is imported until one is used."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from search.encoders import Encoder, EncoderBackend, EncoderInfo
from search.encoders.hub_pair.short_names import SHORT_NAMES
from search.errors import LimnError
from search.packages.installing import check_one_build

if TYPE_CHECKING:
    from search.encoders.hub_pair.hub import Hub
    from search.encoders.hub_pair.pair import HubPair


class HubBackend(EncoderBackend):
    """The backend of pairs that others publish as ONNX graphs on the Hugging Face hub."""

    names: ClassVar[tuple[str, ...]] = (
        *SHORT_NAMES,
        "hub:OWNER/NAME[@REVISION][#VARIANT]",
        "hub:/path/to/folder",
    )

    def open(self, spec: str, device: str) -> Encoder:
        """Open the pair; its files are downloaded if no cache has them."""
        check_one_build("onnxruntime")
        from search.encoders.hub_pair.encoder import open_hub

        return open_hub(spec, device)

    def check(self, spec: str) -> None:
        """Refuse a name of another form, and a pair that is neither here nor on the hub."""
        from search.encoders.hub_pair.hub import Hub
        from search.encoders.hub_pair.pair import pair_here
        from search.encoders.hub_pair.specification import parse

        pair_spec, hub = parse(spec), Hub.from_environment()
        if pair_here(pair_spec, hub) is None:
            hub.require(pair_spec)

    def fetch(self, spec: str, report: Callable[[int, int], None]) -> None:
        """Download a pair that is not here, and make the copies of graphs that it needs."""
        from search.encoders.hub_pair.encoder import get_pair
        from search.encoders.hub_pair.hub import Hub
        from search.encoders.hub_pair.pair import pair_here
        from search.encoders.hub_pair.specification import parse

        if pair_here(parse(spec), Hub.from_environment()) is None:
            get_pair(spec, report)

    def list_installed(self) -> Iterable[EncoderInfo]:
        """Yield the pairs in the hub's cache, by their repositories."""
        from search.encoders.hub_pair.hub import Hub
        from search.encoders.hub_pair.pair import pair_here
        from search.encoders.hub_pair.specification import HubSpecification

        hub = Hub.from_environment()
        for folder in sorted(hub.cache.glob("models--*--*")):
            owner, _, name = folder.name.removeprefix("models--").partition("--")
            spec = HubSpecification(f"{owner}/{name}")
            try:
                if (pair := pair_here(spec, hub)) is not None:
                    yield _info(pair, hub, str(pair.spec), "cache")
            except LimnError:
                continue  # a repository of something else

    def describe(self, spec: str) -> EncoderInfo:
        """Return the facts in the pair's configuration."""
        from search.encoders.hub_pair.hub import Hub
        from search.encoders.hub_pair.pair import pair_here
        from search.encoders.hub_pair.specification import parse

        hub = Hub.from_environment()
        try:
            if (pair := pair_here(parse(spec), hub)) is not None:
                return _info(pair, hub, spec, "collection")
        except LimnError:
            pass
        return EncoderInfo(spec, "collection", there=False)

    def suggest(self, text: str) -> Sequence[str]:
        """Return the specification of a repository whose owner publishes such pairs."""
        publishes = text.startswith(("immich-app/", "Xenova/", "onnx-community/"))
        return (f"hub:{text}",) if publishes else ()


def _info(pair: "HubPair", hub: "Hub", spec: str, where: str) -> EncoderInfo:
    from search.encoders.inventory.speed import INT8_GAIN, speed_class

    rows = (row for row in SHORT_NAMES.values() if row.repository == pair.spec.repository)
    short_name, width = next(rows, None), pair.width
    gain = INT8_GAIN if pair.spec.variant == "int8" else 1.0
    return EncoderInfo(
        spec,
        where,
        pair.space(width, hub).id if width else None,
        width,
        pair.size_bytes,
        speed_class(short_name.picture_gmacs / gain) if short_name else None,
        short_name.languages if short_name else (),
    )
