"""Small upright copies of the pictures to train on: each file is read and decoded in full once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from pathlib import Path

from PIL import Image

from indexer.captioned_pictures import CaptionedPicture
from search.errors import BadPicture, StorageFailed
from search.files.atomic_file import write_atomic
from search.pictures import Limits, content_hash, load_file, read_picture

ROOM = 1.5
"""A copy's shortest side, in sides of the tower's input: crops of 60% of the area stay sharp."""

QUALITY = 95

LONGEST_PX = 65_500
"""JPEG holds no longer side; such a strip is squeezed."""


@dataclass(frozen=True, slots=True)
class Album:
    """The readable pictures, each content once; copies by the picture's own path."""

    pairs: list[CaptionedPicture]
    copies: dict[Path, Path]
    unreadable: list[str]

    def with_copies(self, pairs: Sequence[CaptionedPicture]) -> list[CaptionedPicture]:
        """Return the same pictures with their copies' paths."""
        return [replace(pair, path=self.copies[pair.path]) for pair in pairs]


def collect(
    pairs: Sequence[CaptionedPicture], folder: Path, side_px: int, limits: Limits, workers: int
) -> Album:
    """Copy the pictures into `folder`, or find the copies there, named by content and size.

    A picture with several names counts once, with all their captions: it must be no negative of
    itself, nor be trained on and held out.

    Raises:
        StorageFailed: a copy can't be written.
    """
    by_copy: dict[Path, CaptionedPicture] = {}
    unreadable = []
    for pair, copy in _copies(pairs, folder, side_px, limits, workers):
        if isinstance(copy, BadPicture):
            unreadable.append(str(copy))
        elif copy in by_copy:
            by_copy[copy] = _merge(by_copy[copy], pair)
        else:
            by_copy[copy] = pair
    return Album(
        list(by_copy.values()), {pair.path: copy for copy, pair in by_copy.items()}, unreadable
    )


def _copies(
    pairs: Sequence[CaptionedPicture], folder: Path, side_px: int, limits: Limits, workers: int
) -> Iterator[tuple[CaptionedPicture, Path | BadPicture]]:
    def copy_pair(pair: CaptionedPicture) -> Path | BadPicture:
        try:
            return _copy(pair.path, folder, side_px, limits)
        except BadPicture as error:
            return error

    queue = iter(pairs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(workers) as pool:
            while some := list(islice(queue, 16 * workers)):  # bounds memory and delay
                yield from zip(some, pool.map(copy_pair, some), strict=True)
    except OSError as error:
        raise StorageFailed(
            "album-unwritable",
            "can't keep small copies of the pictures in {folder!r}: {error}; make room, "
            "then run the same command again",
            folder=str(folder),
            error=error,
        ) from error


def _copy(path: Path, folder: Path, side_px: int, limits: Limits) -> Path:
    data = load_file(path, limits)
    copy = folder / f"{content_hash(data).hex()[:32]}-{side_px}.jpg"
    if copy.exists():
        return copy
    picture, _ = read_picture(data, limits=limits, target_px=side_px, name=repr(str(path)))
    shrink = min(1.0, ROOM * side_px / min(picture.size))
    width, height = (min(LONGEST_PX, max(1, round(side * shrink))) for side in picture.size)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    buffer = BytesIO()  # Pillow writing to a file of its own was seen to pass over a full disk
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    write_atomic(copy, buffer.getvalue())
    return copy


def _merge(one: CaptionedPicture, other: CaptionedPicture) -> CaptionedPicture:
    captions = dict(one.captions)
    for language, texts in other.captions.items():
        captions[language] = tuple(dict.fromkeys([*captions.get(language, ()), *texts]))
    translations = tuple(dict.fromkeys([*one.translations, *other.translations]))
    return replace(one, captions=captions, translations=translations)
