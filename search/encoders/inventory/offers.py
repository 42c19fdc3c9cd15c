"""The pairs that Limn offers to download, by their short names, and whether they are here."""

from collections.abc import Iterable
from dataclasses import dataclass

from search.encoders import EncoderInfo
from search.encoders.hub_pair.short_names import SHORT_NAMES, ShortName
from search.encoders.inventory.estimate import gmacs_per_s, seconds


@dataclass(frozen=True, slots=True)
class Offer:
    """A pair under a short name; `installed` has its facts once it is on this machine."""

    name: str
    row: ShortName
    installed: EncoderInfo | None

    @property
    def encoder(self) -> str:
        """Return the specification, which downloads the newest version."""
        return f"hub:{self.row.repository}"

    @property
    def size_bytes(self) -> int:
        """Return the size of the files on this machine, else that of the download."""
        size_bytes = self.installed.size_bytes if self.installed is not None else None
        return size_bytes or self.row.size_bytes

    def seconds(self, pictures: int) -> float:
        """Return the estimated time for a number of pictures on this machine."""
        return seconds(pictures, self.row.picture_gmacs, gmacs_per_s())


def offers(infos: Iterable[EncoderInfo]) -> list[Offer]:
    """Return the pairs that are offered, in the order of the table; `infos` is the inventory."""
    here = {short_name_of(info.encoder): info for info in infos if info.there}
    return [Offer(name, row, here.get(name)) for name, row in SHORT_NAMES.items()]


def short_name_of(encoder: str) -> str | None:
    """Return the short name of a pair in full precision, at any commit; None for others."""
    place = encoder.removeprefix("hub:")
    if place in SHORT_NAMES:
        return place
    if "#" in place:  # another variant
        return None
    repository = place.partition("@")[0]
    return next((name for name, row in SHORT_NAMES.items() if row.repository == repository), None)
