"""The batches of a run: pictures, a view of each, and some of their captions.

The seed and the step's number alone determine a batch, so a killed run resumes exactly as it
would have continued.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from indexer.captioned_pictures import CaptionedPicture
from indexer.training.data.augment import augment, may_mirror
from indexer.training.finetune.plan import FineTuneConfig
from indexer.training.finetune.trainable import TrainablePair
from search.records import Pixels


@dataclass(frozen=True, slots=True)
class Batch:
    """n pictures and m captions of theirs.

    `positives` (n, m) marks the captions of each picture: all of its own, and equal ones of others.
    `places` (n,) and `rows` (m,) number them in the whole run.
    """

    pixels: Tensor
    tokens: Tensor
    positives: Tensor
    places: NDArray[np.int64]
    rows: NDArray[np.int64]


class Batches:
    """The batches of a run; the next one is made during the present step."""

    def __init__(
        self,
        pair: TrainablePair,
        pictures: Sequence[CaptionedPicture],
        plan: FineTuneConfig,
        workers: int,
    ) -> None:
        self._tokens = pair.tokens
        self._preparation = pair.preparation
        self._paths = [picture.path for picture in pictures]
        texts = [picture.texts for picture in pictures]
        self.texts = list(dict.fromkeys(text for own in texts for text in own))
        row_of = {text: row for row, text in enumerate(self.texts)}
        self._rows = [np.array([row_of[text] for text in own], np.int64) for own in texts]
        self._mirror = [may_mirror(own) for own in texts]
        self._plan = plan
        self.size = min(plan.batch, len(pictures))
        self.per_epoch = len(pictures) // self.size
        self._decoders = ThreadPoolExecutor(workers)
        self._ahead = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ahead.shutdown(cancel_futures=True)
        self._decoders.shutdown(cancel_futures=True)

    def stream(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of the steps from `start` up to `stop`."""
        if start == stop:
            return
        future = self._ahead.submit(self.at, start)
        for step in range(start, stop):
            batch = future.result()
            if step + 1 < stop:
                future = self._ahead.submit(self.at, step + 1)
            yield batch

    def at(self, step: int) -> Batch:
        """Return the batch of one step."""
        epoch, within = divmod(step, self.per_epoch)
        order = np.random.default_rng([self._plan.seed, 0, epoch]).permutation(len(self._paths))
        places = order[within * self.size : (within + 1) * self.size]
        views = self._decoders.map(lambda place: self._view(int(place), step), places)
        draw = np.random.default_rng([self._plan.seed, 1, step])
        rows = np.concatenate([self._draw_rows(int(place), draw) for place in places])
        return Batch(
            pixels=torch.from_numpy(np.stack(list(views))),
            tokens=self._tokens([self.texts[row] for row in rows]),
            positives=torch.from_numpy(self._positives(places, rows)),
            places=places,
            rows=rows,
        )

    def _draw_rows(self, place: int, draw: np.random.Generator) -> NDArray[np.int64]:
        own = self._rows[place]
        return draw.choice(own, min(self._plan.captions, len(own)), replace=False)

    def _view(self, place: int, step: int) -> Pixels:
        with Image.open(self._paths[place]) as file:
            picture = file.convert("RGB")
        if not self._plan.augment:
            return self._preparation.pixels(picture)
        draw = np.random.default_rng([self._plan.seed, 2, step, place])
        return augment(picture, self._preparation, draw, self._mirror[place])

    def _positives(self, places: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        columns: dict[int, list[int]] = {}
        for column, row in enumerate(rows):
            columns.setdefault(int(row), []).append(column)
        positives = np.zeros((len(places), len(rows)), bool)
        for number, place in enumerate(places):
            for row in self._rows[place]:
                positives[number, columns.get(int(row), [])] = True
        return positives
