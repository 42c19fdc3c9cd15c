"""The gate: a trained pair becomes an encoder only where its held-out recall is no worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.finetune.trainable import TrainablePair
from indexer.training.finetune.validate import Figures, figures, format_comparison
from indexer.training.gate import check_gate
from search.encoders import open_encoder
from search.errors import Message, StorageFailed
from search.files.atomic_file import atomic_folder, remove_abandoned
from search.records import Device, Space

NAME = "pair"
"""The folder of the installed pair, within a run's folder."""


@dataclass(frozen=True, slots=True)
class InstalledPair:
    """A pair that every command accepts, and its recall on `pictures` held-out pictures."""

    space: Space
    pictures: int
    before: Figures
    after: Figures


def install(
    pair: TrainablePair,
    folder: Path,
    training_pairs: Sequence[CaptionedPicture],
    holdout: Sequence[CaptionedPicture],
    before: Figures,
    device: Device,
    description: Mapping[str, object],
    anyway: bool = False,
) -> InstalledPair:
    """Write the pair's files, open them as any command would, measure, and install them.

    The description of the run is stored with the files. A pair that was installed in `folder`
    before stays until then.

    Raises:
        NotInstalled: the mean recall is lower than `before`, and it is not wanted `anyway`.
        StorageFailed: the files can't be written.
    """
    place = folder / NAME
    remove_abandoned(place, older_than_s=0)  # a run's folder has one writer
    try:
        with atomic_folder(place) as draft:
            pair.write(draft, description, training_pairs)
            after = figures(open_encoder(pair.specification(draft), device), holdout)
            check_gate(
                worse=after["mean"] < before["mean"],
                anyway=anyway,
                refusal=Message(
                    "trained-pair-worse",
                    "{comparison}\nthe trained pair finds held-out pictures worse than the one it "
                    "came from, so it is not installed. Try a lower --rate, fewer --epochs or "
                    "--method lora in another folder; or install it all the same: run this command "
                    "again with --install-anyway",
                    comparison=format_comparison(before, after, len(holdout)),
                ),
            )
    except OSError as error:
        raise StorageFailed(
            "pair-not-installed",
            "can't put the pair into {place!r}: {error}",
            place=str(place),
            error=error,
        ) from error
    space = open_encoder(pair.specification(place), device).space
    return InstalledPair(space, len(holdout), before, after)
