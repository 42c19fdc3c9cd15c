"""The gate: a trained pair becomes an encoder only where it finds held-out pictures no worse."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.finetune.trainable import TrainablePair
from indexer.training.finetune.validate import Figures, compared, figures
from search.encoders import open_encoder
from search.errors import LimnError, StorageFailed
from search.records import Device, Space

NAME = "pair"
"""The folder in a run's that holds the pair that was installed."""


class NotInstalled(LimnError):
    """A trained pair finds held-out pictures worse than the one that it came from."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A pair that every command accepts, and its recall on `pictures` held-out pictures."""

    space: Space
    pictures: int
    before: Figures
    after: Figures


def install(
    pair: TrainablePair,
    folder: Path,
    taught: Sequence[CaptionedPicture],
    held: Sequence[CaptionedPicture],
    before: Figures,
    device: Device,
    told: Mapping[str, object],
    anyway: bool = False,
) -> Installed:
    """Write the pair's files, open them as any command would, measure, and put them in place.

    `told` is kept with the files. What was installed in `folder` before stays until then.

    Raises:
        NotInstalled: the mean recall is lower than `before`, and it is not wanted `anyway`.
        StorageFailed: the files can't be written.
    """
    new, place = folder / f"{NAME}.new", folder / NAME
    shutil.rmtree(new, ignore_errors=True)
    pair.write(new, told, taught)
    after = figures(open_encoder(pair.specification(new), device), held)
    if after["mean"] < before["mean"] and not anyway:
        shutil.rmtree(new, ignore_errors=True)
        raise NotInstalled(
            f"{compared(before, after, len(held))}\nthe trained pair finds held-out pictures worse "
            "than the one it came from, so it is not installed. Try a lower --rate, fewer --epochs "
            "or --method lora in another folder; or install it all the same: run this command "
            "again with --install-anyway"
        )
    _replace(new, place)
    space = open_encoder(pair.specification(place), device).space
    return Installed(space, len(held), before, after)


def _replace(new: Path, place: Path) -> None:
    old = place.with_suffix(".old")
    try:
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            os.replace(place, old)
        os.replace(new, place)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageFailed(f"can't put the pair into {str(place)!r}: {error}") from error
