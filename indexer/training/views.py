"""Augmented views of every training picture, kept as the activations of the frozen stages."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from indexer.training.towers import FROZEN_STAGES, PictureTower
from search.encoders.preparation import Preparation

PREPARATION = Preparation(224, 224, "squash", "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""The training pictures were squashed to 224x224 by their publisher, so every picture is."""

BATCH = 64

Views = Sequence["JoinedView"]
"""By view, then by picture: (14, 14, 64) float16 activations of the frozen stages."""


def view_of(path: Path, view: int, seed: int) -> NDArray[np.uint8]:
    """One view of a picture, (224, 224, 3) uint8; view 0 is the picture as it will be searched.

    The others are random resized crops (60 to 100% of the area), flips and mild colour jitter;
    the same name, view and seed always give the same pixels.
    """
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if view == 0:
        return PREPARATION.pixels(picture)
    draw = np.random.default_rng(
        [seed, view, int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4])]
    )
    area, ratio = draw.uniform(0.5, 1.0), np.exp(draw.uniform(np.log(0.8), np.log(1.25)))
    width = min(1.0, float(np.sqrt(area * ratio))) * picture.width
    height = min(1.0, float(np.sqrt(area / ratio))) * picture.height
    left, top = draw.uniform(0, picture.width - width), draw.uniform(0, picture.height - height)
    picture = picture.resize(
        (224, 224), Image.Resampling.BILINEAR, (left, top, left + width, top + height)
    )
    if draw.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = enhance(picture).enhance(float(draw.uniform(0.75, 1.25)))
    return np.asarray(picture, dtype=np.uint8)


def to_input(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """(n, h, w, 3) uint8 -> (n, 3, h, w) float32 in -1..1, channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


class JoinedView:
    """One view of several lists of pictures, numbered through."""

    def __init__(self, parts: Sequence[NDArray[np.float16]]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def __getitem__(self, place: int) -> NDArray[np.float16]:
        for part in self.parts:
            if place < len(part):
                found: NDArray[np.float16] = part[place]
                return found
            place -= len(part)
        raise IndexError(place)


def cached_views(
    pictures: Sequence[Path], tower: PictureTower, folder: Path, views: int, seed: int
) -> list[NDArray[np.float16]]:
    """Compute, or find again in `folder`, `views` views of all pictures.

    Each is a read-only (n, 14, 14, 64) float16 array mapped from a file. A view that was being
    written when the run was killed is computed again; finished ones are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = hashlib.sha256(
        repr([(path.name, path.stat().st_size, seed) for path in pictures]).encode()
    )
    for stage in tower.body[:FROZEN_STAGES]:
        for weights in stage.state_dict().values():
            names.update(weights.numpy().tobytes())
    arrays = []
    for view in range(views):
        file = folder / f"{names.hexdigest()[:12]}-{view}.npy"
        if not file.exists():
            _write_view(pictures, tower, file, view, seed)
        arrays.append(np.load(file, mmap_mode="r"))
    return arrays


def _write_view(
    pictures: Sequence[Path], tower: PictureTower, file: Path, view: int, seed: int
) -> None:
    part = file.with_suffix(".part")
    target = np.lib.format.open_memmap(
        part, mode="w+", dtype=np.float16, shape=(len(pictures), 14, 14, 64)
    )
    with ThreadPoolExecutor(2) as threads, torch.no_grad():
        for start in range(0, len(pictures), BATCH):
            paths = pictures[start : start + BATCH]
            pixels = np.stack(list(threads.map(lambda path: view_of(path, view, seed), paths)))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                activations = tower.lower(to_input(pixels))
            target[start : start + len(paths)] = activations.permute(0, 2, 3, 1).half().numpy()
    target.flush()
    os.replace(part, file)
